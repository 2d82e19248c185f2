"""separate, separate_file, enrol and Stream: arrays, files, streams, and what cannot be."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import aeolia
from aeolia.config.classes import CLASSES
from aeolia.errors import AudioFileError, InputError, ModelError
from made.music import song_rows
from made.tiny_separators import tone, write_separator, write_voice_encoder

THREE = ["speech", "music", "noise"]


@pytest.fixture(scope="module")
def classes(separators: Path) -> Path:
    return separators / "classes.onnx"


@pytest.fixture(scope="module")
def speaker(separators: Path) -> Path:
    return separators / "speaker.onnx"


def noise(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


def level_db(audio: np.ndarray, reference: np.ndarray) -> float:
    return 20 * np.log10(np.std(audio) / np.std(reference) + 1e-12)


@settings(max_examples=15, deadline=None)
@given(
    length=st.integers(0, 3000),
    channels=st.sampled_from([None, 1, 2, 5]),
    rate=st.sampled_from([8000, 16000, 44100, 48000]),
    kind=st.sampled_from(["float32", "float64"]),
)
def test_arrays_keep_shape_and_rate_and_sum(
    classes: Path, length: int, channels: int | None, rate: int, kind: str
) -> None:
    audio = noise(length) if channels is None else noise(length, channels)
    for options in ({"sources": THREE}, {"sources": ["drums"], "rest": True}):
        output = aeolia.separate(audio.astype(kind), rate, model=classes, **options)
        for part in output.values():
            assert part.shape == audio.shape and part.dtype == np.float32
        np.testing.assert_allclose(sum(output.values()), audio, atol=1e-6)


def test_what_is_whole_is_heard_ahead_unless_a_model_is_named(tmp_path: Path) -> None:
    audio, asked = noise(36_000), ["speech", "noise"]
    soundfile.write(tmp_path / "mix.wav", audio, 48000, "FLOAT")
    ahead, causal = (
        aeolia.separate(audio, 48000, sources=asked, model=model)
        for model in ("separate-studio", "separate")
    )
    found = aeolia.separate(audio, 48000, sources=asked)
    live = aeolia.Stream(None, 48000, sources=asked).process(audio)
    aeolia.separate_file(tmp_path / "mix.wav", tmp_path, sources=asked)
    for source in asked:
        assert not np.array_equal(ahead[source], causal[source])
        np.testing.assert_array_equal(found[source], ahead[source])
        np.testing.assert_array_equal(live[source], causal[source])
        written = soundfile.read(tmp_path / f"mix.{source}.wav", dtype="float32")[0]
        np.testing.assert_array_equal(written, ahead[source])


def test_a_pipe_does_not_wait_for_what_is_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = noise(36_000)
    soundfile.write(tmp_path / "mix.wav", audio, 48000, "FLOAT")
    causal = aeolia.separate(audio, 48000, sources=["speech"], model="separate")["speech"]
    operation = aeolia.Separate(sources=("speech",))
    for separate in (
        lambda: aeolia.separate_file("-", tmp_path, sources=["speech"], overwrite=True),
        lambda: operation.run("-", str(tmp_path), overwrite=True),
    ):
        with (tmp_path / "mix.wav").open("rb") as piped:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(piped))
            separate()
        written = soundfile.read(tmp_path / "stdin.speech.wav", dtype="float32")[0]
        np.testing.assert_allclose(written, causal, atol=4e-5)


def test_file_equals_array_equals_stream(tmp_path: Path, classes: Path) -> None:
    audio = noise(30_001, 2)
    soundfile.write(tmp_path / "mix.wav", audio, 44100, "FLOAT")
    seen: list[tuple[int, int | None]] = []
    report = aeolia.separate_file(
        tmp_path / "mix.wav",
        tmp_path / "parts",
        sources=["speech", "vocals+drums"],
        rest=True,
        model=classes,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (30_001, 30_001)
    assert (report.frames, report.channels, report.sample_rate) == (30_001, 2, 44100)
    assert sorted(os.listdir(tmp_path / "parts")) == [
        "mix.rest.wav",
        "mix.speech.wav",
        "mix.vocals+drums.wav",
    ]
    options = {"sources": ["speech", "vocals+drums"], "rest": True}
    whole = aeolia.separate(audio, 44100, model=classes, **options)
    stream = aeolia.Stream(classes, 44100, 2, **options)
    pieces = [stream.push(audio[start : start + 313]) for start in range(0, len(audio), 313)]
    pieces.append(stream.flush())
    for output in report.outputs:
        from_file, rate = soundfile.read(output.path, dtype="float32")
        streamed = np.concatenate([piece[output.name] for piece in pieces])
        np.testing.assert_allclose(from_file, whole[output.name], atol=1e-5)
        np.testing.assert_allclose(streamed, whole[output.name], atol=1e-5)
        assert rate == 44100
        assert output.level_db == pytest.approx(level_db(from_file, audio), abs=0.1)
        assert output.clipped_samples == 0


@pytest.mark.parametrize(
    ("name", "rate", "subtype"),
    [
        ("mix.wav", 16000, "PCM_16"),
        ("mix.wav", 48000, "PCM_24"),
        ("mix.flac", 44100, "PCM_16"),
        ("mix.aiff", 22050, "PCM_16"),
        ("mix.w64", 96000, "FLOAT"),
    ],
)
def test_files_keep_their_form_and_sum(
    tmp_path: Path, classes: Path, name: str, rate: int, subtype: str
) -> None:
    audio = noise(20_011, 2)
    soundfile.write(tmp_path / name, audio, rate, subtype)
    before, form = soundfile.read(tmp_path / name)[0], soundfile.info(str(tmp_path / name))
    for options in ({"sources": list(CLASSES)}, {"sources": ["bass"], "rest": True}):
        report = aeolia.separate_file(
            tmp_path / name, tmp_path / "out", model=classes, overwrite=True, **options
        )
        total = np.zeros_like(before)
        for output in report.outputs:
            after = soundfile.info(output.path)
            assert (
                after.frames,
                after.samplerate,
                after.channels,
                after.format,
                after.subtype,
            ) == (20_011, rate, 2, form.format, subtype)
            total += soundfile.read(output.path)[0]
        assert level_db(total - before, before) < -100


def test_an_error_half_way_leaves_nothing(tmp_path: Path, classes: Path) -> None:
    audio = noise(90_000)
    audio[80_000] = np.nan
    soundfile.write(tmp_path / "mix.wav", audio, 16000, "FLOAT")
    with pytest.raises(AudioFileError, match="sample 80000"):
        aeolia.separate_file(tmp_path / "mix.wav", tmp_path, sources=THREE, model=classes)
    (tmp_path / "mix.music.wav").write_text("mine")
    soundfile.write(tmp_path / "mix.wav", noise(9000), 16000)
    with pytest.raises(AudioFileError, match="mix.music.wav: already exists"):
        aeolia.separate_file(tmp_path / "mix.wav", tmp_path, sources=THREE, model=classes)
    assert sorted(os.listdir(tmp_path)) == ["mix.music.wav", "mix.wav"]


def test_speakers(tmp_path: Path, speaker: Path) -> None:
    soundfile.write(tmp_path / "alice.flac", tone("alice", 3, 44100), 44100)
    mixture = noise(20_000, 2)
    voice = aeolia.enrol(tmp_path / "alice.flac", model=speaker)
    voice.save(tmp_path / "alice.voice")
    from_voice, from_clip, from_file = (
        aeolia.separate(mixture, 16000, speaker=given, rest=True, model=speaker)
        for given in (voice, tmp_path / "alice.flac", str(tmp_path / "alice.voice"))
    )
    assert list(from_voice) == ["speaker", "background"]
    for name, part in from_voice.items():
        np.testing.assert_array_equal(part, from_clip[name])
        np.testing.assert_array_equal(part, from_file[name])
    np.testing.assert_allclose(sum(from_voice.values()), mixture, atol=1e-6)
    assert list(aeolia.separate(mixture, 16000, speaker=voice, model=speaker)) == ["speaker"]


def test_an_absent_speaker_is_reported(tmp_path: Path, speaker: Path) -> None:
    soundfile.write(tmp_path / "meeting.wav", tone("alice", 2)[:20_000], 16000)
    for name, absent in (("alice", False), ("bob", True)):
        report = aeolia.separate_file(
            tmp_path / "meeting.wav",
            tmp_path / name,
            speaker=aeolia.enrol(tone(name, 3), 16000, model=speaker),
            rest=True,
            model=speaker,
        )
        voice, background = report.outputs
        assert voice.absent is absent and background.absent is not absent


def test_silence_in_silence_out(tmp_path: Path, classes: Path) -> None:
    soundfile.write(tmp_path / "mix.wav", np.zeros(5000), 16000)
    report = aeolia.separate_file(tmp_path / "mix.wav", tmp_path, sources=THREE, model=classes)
    assert {output.level_db for output in report.outputs} == {-200.0}
    assert not np.any(soundfile.read(tmp_path / "mix.speech.wav")[0])


def test_streams_of_both_tasks(classes: Path, gain_model: Path) -> None:
    audio = noise(2000)
    denoiser = aeolia.Stream(gain_model)
    separator = aeolia.Stream(aeolia.load(classes), sources=["speech"])
    np.testing.assert_allclose(denoiser.process(audio), 0.5 * audio, atol=1e-7)
    np.testing.assert_allclose(separator.process(audio)["speech"], 0.4 * audio, atol=1e-7)
    assert separator.latency == 512 + 255
    with pytest.raises(InputError, match="attenuation_limit_db is for denoising"):
        aeolia.Stream(classes, sources=["speech"], attenuation_limit_db=3)  # type: ignore
    with pytest.raises(InputError, match="dual_mono is for denoising"):
        aeolia.Stream(classes, sources=["speech"], dual_mono=True)  # type: ignore


def test_bad_requests(tmp_path: Path, classes: Path, speaker: Path, gain_model: Path) -> None:
    audio, voice = noise(100), aeolia.enrol(tone("alice", 3), 16000, model=speaker)
    cases = [
        ({"model": classes}, InputError, "nothing is requested"),
        ({"model": classes, "rest": True}, InputError, "nothing is requested"),
        ({"sources": [], "model": classes}, InputError, "no source is requested"),
        ({"sources": ["speach"], "model": classes}, InputError, "did you mean 'speech'"),
        (
            {"sources": ["speech"], "speaker": voice},
            InputError,
            "sources and a speaker are requested",
        ),
        ({"sources": ["speech"], "model": speaker}, ModelError, "takes a speaker's voice"),
        ({"speaker": voice, "model": classes}, ModelError, "takes sources by name"),
        ({"sources": ["speech"], "model": gain_model}, ModelError, "task 'denoise'; 'separate'"),
        ({"speaker": "none.wav", "model": speaker}, AudioFileError, "none.wav: no such file"),
        ({"speaker": "none.voice", "model": speaker}, InputError, "no such voice file"),
    ]
    for options, error, match in cases:
        with pytest.raises(error, match=match):
            aeolia.separate(audio, 16000, **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"separate\(audio, sample_rate\) for an array"):
        aeolia.separate(audio, sources=["speech"], model=classes)
    with pytest.raises(ModelError, match="task 'separate'; 'denoise' needs"):
        aeolia.denoise(audio, 16000, model=classes)


def test_a_voice_of_another_model(tmp_path: Path, speaker: Path) -> None:
    other = write_separator(tmp_path / "other.onnx", "speaker")
    write_voice_encoder(other, version="2")
    voice = aeolia.enrol(tone("alice", 3), 16000, model=other)
    with pytest.raises(ModelError, match="made for the model 'other'"):
        aeolia.separate(noise(100), 16000, speaker=voice, model=speaker)


@pytest.mark.parametrize("subtype", ["FLOAT", "PCM_24", "PCM_16"])
def test_a_songs_stems_sum_to_it(subtype: str, tmp_path: Path) -> None:
    """The released model's four, in the song's own format: to 1e-4, three steps of 16 bits."""
    rows = song_rows(tmp_path, songs=1, seconds=2.0, sample_rate=44100)
    stems = {row.label: soundfile.read(row.path, dtype="float32")[0] for row in rows}
    song = 0.7 * np.stack([sum(stems.values()), stems["vocals"] - 0.5 * stems["bass"]], axis=1)
    path = tmp_path / "song.wav"
    soundfile.write(path, song, 44100, subtype)
    report = aeolia.Separate(stems=True).run(path, tmp_path / "stems")
    outputs = sorted(output.path for output in report.outputs)
    assert [Path(name).name for name in outputs] == [
        f"song.{stem}.wav" for stem in ("bass", "drums", "other", "vocals")
    ]
    total = sum(soundfile.read(name)[0] for name in outputs)
    expected, _ = soundfile.read(path)
    assert np.abs(expected).max() > 0.1
    assert np.abs(total - expected).max() < 1e-4
    assert all(soundfile.info(name).subtype == subtype for name in outputs)
