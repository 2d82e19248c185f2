"""Hash and level of outputs: read once, and what a second reading would give."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.files import AudioReader
from aeolia.bulk.measured import measured
from aeolia.errors import AudioFileError

FORMS = [("wav", form) for form in "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW".split()]
FORMS += [("WAV", "PCM_16"), ("flac", "PCM_24"), ("ogg", "VORBIS"), ("aiff", "PCM_16")]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("suffix", "subtype"), FORMS)
def test_of_all_formats(suffix: str, subtype: str, channels: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, (150_000, channels))
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise, 48000, subtype)
    with AudioReader(path) as reader:
        blocks = list(reader.blocks(1 << 16))
    peak = max(float(np.abs(block).max()) for block in blocks)
    energy = sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks)
    found = measured([path])
    assert found["sha256"] == [hashlib.sha256(path.read_bytes()).hexdigest()]
    assert found["peak_dbfs"] == 20 * np.log10(peak)
    assert found["rms_dbfs"] == 20 * np.log10((energy / noise.size) ** 0.5)


def test_several_files_have_a_hash_each_and_one_level(tmp_path: Path) -> None:
    for name, level in [("a.wav", 0.5), ("b.wav", 0.25)]:
        soundfile.write(tmp_path / name, np.full(1000, level), 16000)
    (tmp_path / "c.npz").write_bytes(b"no sound")
    paths = [tmp_path / name for name in ("a.wav", "b.wav", "c.npz")]
    found = measured(paths)
    assert found["sha256"] == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert found["peak_dbfs"] == pytest.approx(-6.0206, abs=1e-4)
    assert found["rms_dbfs"] == pytest.approx(10 * np.log10((0.25 + 0.0625) / 2))
    assert measured(paths[2:])["peak_dbfs"] is None


def test_what_lies_behind_the_samples_is_hashed_and_not_heard(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(1001, 0.5), 16000, "PCM_U8")
    before = measured([path])
    with path.open("ab") as file:
        file.write(b"LIST\x04\0\0\0\xff\xff\xff\xff")
    found = measured([path])
    assert found["sha256"] == [hashlib.sha256(path.read_bytes()).hexdigest()] != before["sha256"]
    assert (found["peak_dbfs"], found["rms_dbfs"]) == (before["peak_dbfs"], before["rms_dbfs"])


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_what_is_no_number_is_said(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.array([0.0, np.nan]), 16000, "FLOAT")
    with pytest.raises(AudioFileError, match="sample 1 of channel 0"):
        measured([path])
