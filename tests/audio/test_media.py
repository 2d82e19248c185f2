"""Sound of phones, cameras and films: exact length, no delay, tracks, gaps, memory."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.files import AudioInfo, AudioReader, output_writer, read_audio
from aeolia.audio.formats import output_info
from aeolia.audio.ogg import holds_another_codec
from aeolia.cli import run
from aeolia.errors import AudioFileError, MissingExtraError
from made.media import bursts, make_media

pytest.importorskip("av")

RATE = 48000
SOUND = bursts(2.02, RATE)


def lag(audio: np.ndarray, reference: np.ndarray) -> int:
    """By how many samples `audio` is late."""
    n = 2 * max(len(audio), len(reference))
    spectra = np.fft.rfft(audio, n) * np.conj(np.fft.rfft(reference, n))
    best = int(np.argmax(np.fft.irfft(spectra, n)))
    return best - n if best > n // 2 else best


@pytest.mark.parametrize(
    ("name", "codec", "subtype"),
    [
        ("a.m4a", "aac", "AAC"),
        ("a.mp4", "aac", "AAC"),
        ("a.m4a", "alac", "PCM_24"),
        ("a.mov", "pcm_s16le", "PCM_16"),
        ("a.mka", "flac", "PCM_16"),
        ("a.webm", "libopus", "OPUS"),
    ],
)
@pytest.mark.parametrize("block", [777, 100_000])
def test_length_and_place_are_exact(
    tmp_path: Path, name: str, codec: str, subtype: str, block: int
) -> None:
    path = make_media(tmp_path / name, [SOUND], RATE, codec)
    with AudioReader(path) as reader:
        audio = np.concatenate(list(reader.blocks(block)))
    assert (audio.shape, audio.dtype) == ((len(SOUND), 1), np.float32)
    assert lag(audio[:, 0], SOUND) == 0
    assert (reader.info.subtype, reader.info.sample_rate, reader.remarks) == (subtype, RATE, ())
    error = np.sqrt(np.mean((audio[:, 0] - SOUND) ** 2) / np.mean(SOUND**2))
    assert error < (1e-3 if subtype.startswith("PCM") else 0.15)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.ac3", "ac3"), ("a.wma", "wmav2"), ("a.aac", "aac")]
)
def test_formats_that_state_no_length(tmp_path: Path, name: str, codec: str) -> None:
    audio, info = read_audio(make_media(tmp_path / name, [SOUND], RATE, codec))
    assert abs(len(audio) - len(SOUND)) < 5000 and abs(lag(audio[:, 0], SOUND)) <= 2048
    assert info.sample_rate == RATE


def test_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_media(tmp_path / "a.m4a", [SOUND], RATE, "aac")
    with path.open("rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        assert len(read_audio("-")[0]) == len(SOUND)


def test_a_name_does_not_say_what_it_is(tmp_path: Path) -> None:
    path = make_media(tmp_path / "a.m4a", [SOUND], RATE, "aac").rename(tmp_path / "a.wav")
    audio, info = read_audio(path)
    assert len(audio) == len(SOUND) and info.subtype == "AAC"
    assert output_info(info, "out.wav").subtype == "PCM_16"


def test_tracks(tmp_path: Path) -> None:
    path = make_media(tmp_path / "a.mkv", [SOUND, 0.5 * SOUND], RATE, "flac", pictures=50)
    levels = []
    for track in (1, 2):
        with AudioReader(path, track=track) as reader:
            levels.append(np.abs(reader.read(RATE)).max())
            assert reader.remarks == ()
    assert levels[1] == pytest.approx(levels[0] / 2, rel=1e-3)
    with pytest.raises(AudioFileError, match="has 2 audio tracks, and no number 3"):
        AudioReader(path, track=3)
    with AudioReader(path) as reader:
        assert "has 2 audio tracks, of which the first was taken" in reader.remarks[0]
    soundfile.write(tmp_path / "a.wav", SOUND, RATE)
    with pytest.raises(AudioFileError, match="has 1 audio track, and no number 2"):
        AudioReader(tmp_path / "a.wav", track=2)


def test_a_gap_in_the_timestamps_is_silence(tmp_path: Path) -> None:
    path = make_media(tmp_path / "a.mka", [SOUND], RATE, "flac", gap_seconds=0.5)
    audio, _ = read_audio(path)
    half = len(SOUND) // 2048 * 1024
    assert abs(len(audio) - len(SOUND) - RATE // 2) <= RATE // 1000
    assert not audio[half + 100 : half + RATE // 2 - 100].any()
    assert lag(audio[half + RATE // 2 :, 0], SOUND[half:]) in range(-48, 49)


def test_no_audio_track_and_no_media(tmp_path: Path) -> None:
    path = make_media(tmp_path / "a.mp4", [], RATE, "aac", pictures=5)
    with pytest.raises(AudioFileError, match="has no audio track"):
        AudioReader(path)
    (tmp_path / "b.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    with pytest.raises(AudioFileError, match="not a readable audio or video file"):
        AudioReader(tmp_path / "b.mp4")


def test_the_extra_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_media(tmp_path / "a.m4a", [SOUND], RATE, "aac")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"needs PyAV; pip install 'aeolia\[media\]'"):
        AudioReader(path)


def test_denoise_reads_them(
    tmp_path: Path, gain_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_media(tmp_path / "a.m4a", [SOUND], RATE, "aac")
    target = tmp_path / "out.wav"
    assert run(["denoise", str(path), "-o", str(target), "--model", str(gain_model)]) == 0
    assert soundfile.info(str(target)).frames == len(SOUND)
    assert run(["denoise", str(path), "--model", str(gain_model)]) == 0
    audio, info = read_audio(tmp_path / "a.denoised.m4a")
    assert len(audio) == len(SOUND) and info.subtype == "AAC"
    assert lag(audio[:, 0], SOUND) == 0
    capsys.readouterr()


# Films


def packets(path: Path, kind: str, number: int = 0) -> list[tuple[float, bytes]]:
    """When each packet of a track is shown, in seconds from the first picture's, and its bytes."""
    import av

    with av.open(str(path)) as film:
        first = min(
            float(packet.pts * packet.time_base)
            for packet in film.demux(film.streams.video[0])
            if packet.pts is not None
        )
    with av.open(str(path)) as film:
        stream = getattr(film.streams, kind)[number]
        return [
            (round(float(packet.pts * packet.time_base) - first, 3), bytes(packet))
            for packet in film.demux(stream)
            if packet.pts is not None
        ]


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.mkv"])
@pytest.mark.parametrize("track", [1, 2])
def test_a_film_keeps_all_but_one_track(
    tmp_path: Path, gain_model: Path, name: str, track: int, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds = [SOUND, SOUND[::-1].copy()]
    film = make_media(tmp_path / name, sounds, RATE, "aac", pictures=50)
    clean = tmp_path / f"clean-{name}"
    arguments = ["--track", str(track), "--model", str(gain_model)]
    assert run(["denoise", str(film), "-o", str(clean), *arguments]) == 0
    assert capsys.readouterr().err == ""
    assert packets(clean, "video") == packets(film, "video")
    other = 2 - track  # from 0
    before, after = packets(film, "audio", other), packets(clean, "audio", other)
    assert [data for _, data in after] == [data for _, data in before]
    assert max(abs(a - b) for (a, _), (b, _) in zip(after, before, strict=True)) <= 0.001
    read = []
    for path in (film, clean):
        with AudioReader(path, track=track) as reader:
            audio = np.concatenate(list(reader.blocks(4000)))[:, 0]
        read.append((audio, reader.info.start_seconds - first_picture(path)))
    (noisy, start), (quiet, start_now) = read
    off = lag(quiet, noisy) / RATE + start_now - start
    assert abs(off) <= 0.001
    assert abs(len(quiet) - len(noisy)) < 1024
    level = np.sqrt(np.mean(quiet**2) / np.mean(noisy**2))
    assert level == pytest.approx(0.5, abs=0.02)


def first_picture(path: Path) -> float:
    import av

    with av.open(str(path)) as film:
        picture = next(film.decode(film.streams.video[0]))
        return float(picture.pts * picture.time_base)


def test_dialogue_out_of_a_film(tmp_path: Path, separators: Path) -> None:
    film = make_media(tmp_path / "film.mkv", [SOUND], RATE, "aac", pictures=50)
    model = str(separators / "classes.onnx")
    arguments = ["--source", "speech", "--rest", "--model", model, "-o", str(tmp_path / "parts")]
    assert run(["separate", str(film), *arguments]) == 0
    for name in ("speech", "rest"):
        part = tmp_path / "parts" / f"film.{name}.mkv"
        assert packets(part, "video") == packets(film, "video")
        assert abs(len(read_audio(part)[0]) - len(read_audio(film)[0])) < 1024


def test_what_a_container_does_not_hold(
    tmp_path: Path, gain_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = make_media(tmp_path / "film.mp4", [SOUND], RATE, "aac", pictures=5)
    model = ["--model", str(gain_model)]
    assert run(["denoise", str(film), "-o", str(tmp_path / "clean.webm"), *model]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "name the output .mkv" in error
    assert run(["denoise", str(film), "-o", str(tmp_path / "talk.m4a"), *model]) == 0
    assert len(read_audio(tmp_path / "talk.m4a")[0]) == len(SOUND)
    soundfile.write(tmp_path / "a.wav", SOUND, RATE)
    assert run(["denoise", str(tmp_path / "a.wav"), "-o", str(tmp_path / "b.m4a"), *model]) == 0
    assert len(read_audio(tmp_path / "b.m4a")[0]) == len(SOUND)
    assert not [path for path in tmp_path.iterdir() if ".partial-" in path.name]


FOLDER = {
    "a.m4a": "aac",
    "b.mp4": "aac",
    "c.mov": "aac",
    "d.mkv": "flac",
    "e.webm": "libopus",
    "f.wma": "wmav2",
    "g.3gp": "aac",
    "h.m4b": "alac",
    "i.aac": "aac",
    "j.ac3": "ac3",
    "k.avi": "libmp3lame",
}


def test_a_folder_from_a_phone(
    tmp_path: Path, gain_model: Path, separators: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, clean, parts = tmp_path / "in", tmp_path / "clean", tmp_path / "parts"
    given.mkdir()
    for name, codec in FOLDER.items():
        films = 50 if name in ("b.mp4", "c.mov", "k.avi") else 0
        make_media(given / name, [SOUND], RATE, codec, pictures=films)
    soundfile.write(given / "l.wav", SOUND, RATE)
    done = run(["denoise", str(given), "-o", str(clean), "--model", str(gain_model), "-j", "1"])
    assert (done, capsys.readouterr().err) == (0, "")
    assert sorted(path.name for path in clean.iterdir()) == [
        *"a.m4a b.mp4 c.mov d.mkv e.webm f.wav g.3gp h.m4b i.m4a j.wav k.mkv l.wav".split()
    ]
    for path in clean.iterdir():
        (source,) = given.glob(f"{path.stem}.*")
        before, after = read_audio(source)[0], read_audio(path)[0]
        assert abs(len(after) - len(before)) < 1024, path.name
        assert np.abs(after).max() == pytest.approx(0.5 * np.abs(before).max(), rel=0.15)
    for name in ("b.mp4", "c.mov", "k.mkv"):
        (source,) = given.glob(f"{name[0]}.*")
        assert [data for _, data in packets(clean / name, "video")] == [
            data for _, data in packets(source, "video")
        ]
    model = ["--model", str(separators / "classes.onnx"), "--source", "speech"]
    assert run(["separate", str(given), *model, "-o", str(parts), "-j", "1"]) == 0
    assert sorted(path.name for path in parts.iterdir())[5] == "f.speech.wav"
    assert len(list(parts.iterdir())) == len(FOLDER) + 1
    capsys.readouterr()


def test_the_name_chooses_the_writer(tmp_path: Path) -> None:
    sounds = np.stack([SOUND, SOUND], 1)
    with output_writer(tmp_path / "a.m4a", AudioInfo("array", RATE, 2, len(SOUND))) as writer:
        writer.write(sounds)
    audio, found = read_audio(tmp_path / "a.m4a")
    assert audio.shape == sounds.shape and found.subtype == "AAC"


def test_all_tracks_of_a_film(
    tmp_path: Path, gain_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds = [SOUND, 0.5 * SOUND[::-1].copy(), 0.25 * SOUND]
    film = make_media(tmp_path / "film.mkv", sounds, RATE, "flac", pictures=50)
    clean = tmp_path / "clean.mkv"
    arguments = ["--track", "all", "--model", str(gain_model)]
    assert run(["denoise", str(film), "-o", str(clean), *arguments]) == 0
    assert "all its 3 audio tracks were done" in capsys.readouterr().out
    assert [data for _, data in packets(clean, "video")] == [
        data for _, data in packets(film, "video")
    ]
    for track, sound in enumerate(sounds, start=1):
        with AudioReader(clean, track=track) as reader:
            audio = np.concatenate(list(reader.blocks(4000)))[:, 0]
        assert abs(len(audio) - len(SOUND)) <= RATE // 1000 and lag(audio, sound) in range(-48, 49)
        assert np.abs(audio).max() == pytest.approx(0.5 * np.abs(sound).max(), rel=0.02)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["clean.mkv", "film.mkv"]


def test_all_tracks_need_a_film(
    tmp_path: Path, gain_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = str(make_media(tmp_path / "film.mkv", [SOUND, SOUND], RATE, "flac", pictures=5))
    arguments = ["--track", "all", "--model", str(gain_model)]
    out = str(tmp_path / "x.wav")
    assert run(["denoise", film, "-o", out, *arguments]) == 2
    assert "has room for one of the 2 tracks" in capsys.readouterr().err
    assert run(["denoise", film, "-o", str(tmp_path / "x.mkv"), "--track", "both"]) == 2
    assert "neither the number of a track, from 1, nor all" in capsys.readouterr().err
    assert run(["denoise", "-", "-o", out, *arguments]) == 2
    assert "is a pipe" in capsys.readouterr().err
    assert run(["separate", film, "--source", "speech", "--track", "all"]) == 2
    assert "sources are taken out of one track" in capsys.readouterr().err
    soundfile.write(tmp_path / "a.wav", SOUND, RATE)
    assert run(["denoise", str(tmp_path / "a.wav"), "-o", out, *arguments]) == 0
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.wav", "film.mkv", "x.wav"]


@pytest.mark.parametrize("codec", ["flac", "libopus"])
def test_an_ogg_of_another_codec(tmp_path: Path, codec: str) -> None:
    """libsndfile reads Vorbis and Opus in Ogg; what it makes of others depends on its version."""
    path = make_media(tmp_path / "a.ogg", [SOUND], RATE, codec)
    assert holds_another_codec(path) == (codec == "flac")
    audio, _ = read_audio(path)
    assert abs(len(audio) - len(SOUND)) <= 48 and abs(lag(audio[:, 0], SOUND)) <= 48


def test_an_avi_has_no_tags_of_a_wav(
    tmp_path: Path, gain_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_media(tmp_path / "a.avi", [SOUND], RATE, "pcm_s16le")
    arguments = ["-o", str(tmp_path / "a.wav"), "--model", str(gain_model)]
    assert run(["denoise", str(path), *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1 and captured.err == ""
