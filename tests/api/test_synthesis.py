"""Making sound from Python: notes, scores, transfer, shift, morph, encode and decode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.errors import AudioFileError, InputError, ModelError
from made.midi_bytes import midi_file, track

EXAMPLES = Path(__file__).parents[2] / "examples"

needs_tracker = pytest.mark.usefixtures("tracker")


@pytest.fixture
def tracker() -> None:
    pytest.importorskip("swift_f0")


@pytest.fixture(scope="module")
def notes(synth_folder: Path) -> Path:
    return synth_folder / "notes.onnx"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A chord of three in one second, then a note, with a drum on each; 480 ticks are 0.5 s."""
    path = tmp_path / "song.mid"
    on = [(0, bytes([0x90, key, 110])) for key in (60, 64, 67)]
    off = [(960, bytes([0x80, key, 0])) for key in (60, 64, 67)]
    path.write_bytes(
        midi_file(
            track(*on, *off, (960, bytes([0x90, 72, 110])), (1920, bytes([0x80, 72, 0]))),
            track((0, bytes([0x99, 36, 100])), (960, bytes([0x99, 38, 100])), end=100),
        )
    )
    return path


def tone(hz: float, seconds: float, rate: int) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return 0.1 * sum(np.sin(2 * np.pi * k * hz * time) / k for k in range(1, 7))


def test_a_note(notes: Path) -> None:
    audio, rate = aeolia.synthesise("alto_sax", "A4", seconds=0.5, model=notes)
    assert (rate, audio.shape, audio.dtype) == (48000, (24000,), np.float32)
    again, _ = aeolia.synthesise("alto_sax", "A4", seconds=0.5, model=notes)
    np.testing.assert_array_equal(audio, again)
    drawn, _ = aeolia.synthesise("alto_sax", "A4", seconds=0.5, seed=1, model=notes)
    assert not np.array_equal(audio, drawn)
    worded, _ = aeolia.synthesise(text="bright reed", seconds=0.5, model=notes)
    assert worded.shape == (24000,)


def test_an_open_model_serves_again(notes: Path) -> None:
    model = aeolia.load(notes)
    audio, _ = aeolia.synthesise("piano", 60, seconds=0.2, model=model)
    np.testing.assert_array_equal(
        audio, aeolia.synthesise("piano", 60, seconds=0.2, model=notes)[0]
    )


def test_a_score(song: Path, synth_folder: Path, tmp_path: Path) -> None:
    models = {"model": synth_folder / "notes.onnx", "drums": synth_folder / "drums.onnx"}
    audio, rate = aeolia.play_score(song, **models)
    # The last drum rings on, for six seconds in this model, and then the room.
    assert rate == 48000 and 8.0 < len(audio) / rate < 9.0
    assert np.abs(audio).max() <= 10 ** (-1 / 20) + 1e-6
    seen: list[tuple[int, int | None]] = []
    report = aeolia.play_score_file(
        song, tmp_path / "song.wav", progress=lambda *at: seen.append(at), **models
    )
    written, _ = soundfile.read(tmp_path / "song.wav")
    np.testing.assert_allclose(written, audio, atol=1e-6)
    assert (report.notes, report.players) == (6, {1: "piano", 10: "drums"})
    assert report.seconds == len(audio) / rate
    assert seen[-1][0] == seen[-1][1] == 2 * 48000


def test_a_score_with_positions_is_stereo(notes: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.mid"
    played = [(0, bytes([0xB0, 10, 0])), (0, bytes([0x90, 60, 110])), (960, bytes([0x80, 60, 0]))]
    path.write_bytes(midi_file(track(*played), track((0, bytes([0x91, 64, 110])), end=960)))
    audio, rate = aeolia.play_score(path, model=notes)
    assert audio.shape[1] == 2 and np.std(audio[:, 0]) > 1.2 * np.std(audio[:, 1])
    report = aeolia.PlayScore(model=str(notes)).run(path, tmp_path / "wide.wav")
    written, _ = soundfile.read(tmp_path / "wide.wav")
    assert report.channels == 2 and report.frames == len(written) == len(audio)
    np.testing.assert_allclose(written, audio, atol=1e-6)


def test_a_score_without_drums(song: Path, notes: Path) -> None:
    audio, _ = aeolia.play_score(song, model=notes, drums=None, players={1: "double_bass"})
    assert len(audio) > 96000
    with pytest.raises(ModelError, match="no such model file"):
        aeolia.play_score(song, model=notes, drums="no/drums.onnx")


@needs_tracker
def test_transfer_of_arrays_and_files(notes: Path, tmp_path: Path) -> None:
    audio = np.stack([tone(220, 1.0, 44100)] * 2, axis=1).astype(np.float32)
    played = aeolia.transfer(audio, 44100, to="piano", model=notes)
    assert played.shape == audio.shape and played.dtype == np.float32
    soundfile.write(tmp_path / "in.wav", audio, 44100, "FLOAT")
    report = aeolia.transfer_file(
        tmp_path / "in.wav", tmp_path / "out.flac", to="piano", model=notes
    )
    info = soundfile.info(str(tmp_path / "out.flac"))
    assert (info.frames, info.samplerate, info.channels, info.format) == (44100, 44100, 2, "FLAC")
    assert report.warnings == () and report.frames == 44100
    written, _ = soundfile.read(tmp_path / "out.flac")
    np.testing.assert_allclose(written, played, atol=1e-5)


@needs_tracker
def test_a_stream_is_the_same(notes: Path) -> None:
    audio = tone(220, 1.0, 48000).astype(np.float32)
    stream = aeolia.Stream(notes, to="piano", transpose=3)
    pieces = [stream.push(block) for block in np.array_split(audio, 11)]
    streamed = np.concatenate([*pieces, stream.flush()])
    whole = aeolia.transfer(audio, 48000, to="piano", transpose=3, model=notes)
    np.testing.assert_allclose(streamed, whole, atol=1e-4)
    with pytest.raises(InputError, match='Stream."transfer", to="tuba"'):
        aeolia.Stream("transfer")


@needs_tracker
def test_pitches_far_from_the_instrument_are_warned_about(notes: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", tone(880, 1.0, 48000), 48000)
    report = aeolia.transfer_file(
        tmp_path / "in.wav", tmp_path / "out.wav", to="double_bass", model=notes
    )
    assert "around A5, outside what double_bass was learned from (E1 to C4)" in report.warnings[0]
    assert "--transpose -36" in report.warnings[0]
    octaves = aeolia.transfer_file(
        tmp_path / "in.wav", tmp_path / "low.wav", to="double_bass", transpose=-36, model=notes
    )
    assert octaves.warnings == ()


@needs_tracker
def test_bad_recordings_leave_nothing(notes: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    chord = tone(262, 1, 48000) + tone(330, 1, 48000) + tone(415, 1, 48000)
    soundfile.write(tmp_path / "noise.wav", 0.1 * rng.standard_normal(48000), 48000)
    soundfile.write(tmp_path / "chord.wav", chord, 48000)
    for name, match in (("noise", "no pitch was found"), ("chord", "several pitches|no pitch")):
        source, target = tmp_path / f"{name}.wav", tmp_path / "out.wav"
        with pytest.raises(InputError, match=f"{name}.wav: ({match})"):
            aeolia.transfer_file(source, target, to="piano", model=notes)
        with pytest.raises(InputError, match=match):
            aeolia.shift_file(source, target, semitones=1, model=notes)
        with pytest.raises(InputError, match=match):
            aeolia.encode(source, model=notes)
    with pytest.raises(InputError, match="did you mean 'piano'"):
        aeolia.transfer(tone(220, 1, 48000), 48000, to="pianoo", model=notes)
    with pytest.raises(InputError, match="sample_rate is missing: transfer"):
        aeolia.transfer(tone(220, 1, 48000), to="piano", model=notes)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chord.wav", "noise.wav"]


@needs_tracker
def test_shift(notes: Path, tmp_path: Path) -> None:
    audio = np.stack([tone(220, 0.8, 44100)[:35001]] * 2, axis=1)
    output = aeolia.shift(audio, 44100, semitones=7, model=notes)
    assert output.shape == audio.shape
    soundfile.write(tmp_path / "in.wav", audio, 44100)
    with pytest.raises(AudioFileError, match="is the input itself"):
        aeolia.shift_file(tmp_path / "in.wav", tmp_path / "in.wav", semitones=7, model=notes)
    report = aeolia.shift_file(tmp_path / "in.wav", tmp_path / "out.wav", semitones=7, model=notes)
    assert (report.clipped_samples, report.frames, report.channels) == (0, 35001, 2)
    assert soundfile.info(str(tmp_path / "out.wav")).frames == 35001


def test_a_voice_is_shifted_without_the_model(notes: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyworld")
    audio = np.stack([tone(220, 0.8, 44100)[:35001]] * 2, axis=1)
    output = aeolia.shift(audio, 44100, semitones=7, voice=True, model="no model is opened")
    assert output.shape == audio.shape and output.dtype == np.float32
    soundfile.write(tmp_path / "in.wav", audio, 44100, "FLOAT")
    report = aeolia.Shift(7, voice=True).run(tmp_path / "in.wav", tmp_path / "out.wav")
    assert report.line().endswith(
        "+7 semitones, formants keep, by the vocoder WORLD, which keeps the words"
    )
    assert not report.warnings
    written, _ = soundfile.read(tmp_path / "out.wav")
    np.testing.assert_allclose(written, output, atol=1e-4)
    talk = aeolia.Shift(2, voice=True).run(EXAMPLES / "fan.clean.wav", tmp_path / "talk.wav")
    assert not talk.warnings
    with pytest.raises(InputError, match="semitones is 99"):
        aeolia.shift(audio, 44100, semitones=99, voice=True)


@needs_tracker
def test_morph_and_encode(notes: Path, tmp_path: Path) -> None:
    a, b = tone(220, 0.6, 44100), tone(330, 0.9, 44100)
    sounds, rate = aeolia.morph(a, b, 44100, steps=3, model=notes)
    assert rate == 48000 and [len(s) for s in sounds] == [28800, 36000, 43200]
    (glided,), _ = aeolia.morph(a, b, 44100, steps=None, model=notes)
    assert len(glided) == 43200
    encoding = aeolia.encode(a, 44100, model=notes)
    encoding.save(tmp_path / "a.npz")
    audio, rate = aeolia.decode(tmp_path / "a.npz", model=notes)
    assert rate == 44100 and audio.shape == a.shape
    np.testing.assert_array_equal(audio, aeolia.decode(encoding, model=notes)[0])


@needs_tracker
def test_speech_is_warned_of(notes: Path, tmp_path: Path) -> None:
    """Where a model would lose its words, and not of instruments."""
    talk = str(EXAMPLES / "fan.clean.wav")
    shifted = aeolia.shift_file(talk, tmp_path / "a.wav", semitones=2, model=notes)
    assert "words are lost" in shifted.warnings[0] and "--voice" in shifted.warnings[0]
    note = tmp_path / "note.wav"
    soundfile.write(note, tone(220, 2.0, 44100), 44100)
    steps = aeolia.Morph(str(note), 2, model=str(notes)).run(talk, tmp_path / "steps")
    assert len(steps.warnings) == 1 and steps.warnings[0].startswith("sounds like speech")
    glide = aeolia.Morph(talk, model=str(notes)).run(note, tmp_path / "glide.wav")
    assert len(glide.warnings) == 1 and f"{talk} sounds like speech" in glide.warnings[0]
    assert not aeolia.shift_file(note, tmp_path / "c.wav", semitones=2, model=notes).warnings
    encoded = aeolia.Encode(model=str(notes)).run(talk, tmp_path / "talk.npz")
    assert "sounds like speech" in encoded.warnings[0]


def test_models_of_other_tasks(gain_model: Path) -> None:
    with pytest.raises(ModelError, match="'synth' needs another one"):
        aeolia.synthesise("piano", model=gain_model)
