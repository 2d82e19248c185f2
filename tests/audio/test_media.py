"""Sound of phones, cameras and films: exact length, no delay, tracks, gaps, memory."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.files import AudioReader, read_audio
from aeolia.audio.formats import output_info
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
    capsys.readouterr()
    assert run(["denoise", str(path), "--model", str(gain_model)]) == 2
    assert "'.m4a' tells no audio format; use one of" in capsys.readouterr().err
