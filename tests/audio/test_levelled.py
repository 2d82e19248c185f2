"""Writing what may clip: lowered as a whole, never in part, and only when needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.files import AudioInfo
from aeolia.audio.levelled import CEILING_DB, write_levelled
from aeolia.errors import AudioFileError

INFO = AudioInfo("x", 48000, 1, None, "WAV", "PCM_24")


def blocks(gain: float) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    made = [rng.uniform(-1, 1, n).astype(np.float32) for n in (1, 1000, 100_000, 7)]
    made[1][5] = 1.0
    return [np.float32(gain) * block for block in made]


def test_loud_sound_is_lowered_as_a_whole(tmp_path: Path) -> None:
    seen: list[int] = []
    report = write_levelled(blocks(3.0), tmp_path / "a.wav", INFO, done=seen.append)
    written, rate = soundfile.read(tmp_path / "a.wav")
    original = np.concatenate(blocks(3.0))
    assert rate == 48000 and report.frames == len(written) == len(original) == seen[-1]
    assert report.peak_db == pytest.approx(20 * np.log10(3))
    assert report.gain_db == pytest.approx(CEILING_DB - 20 * np.log10(3))
    np.testing.assert_allclose(written, original * 10 ** (report.gain_db / 20), atol=1e-6)
    assert np.abs(written).max() == pytest.approx(10 ** (CEILING_DB / 20), abs=1e-5)


def test_soft_sound_is_left_alone(tmp_path: Path) -> None:
    report = write_levelled(blocks(0.5), tmp_path / "a.wav", INFO)
    assert report.gain_db == 0.0
    written, _ = soundfile.read(tmp_path / "a.wav")
    np.testing.assert_allclose(written, np.concatenate(blocks(0.5)), atol=1e-6)


def test_errors_leave_nothing(tmp_path: Path) -> None:
    def failing():
        yield np.zeros(100, np.float32)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        write_levelled(failing(), tmp_path / "a.wav", INFO)
    assert not list(tmp_path.iterdir())
    (tmp_path / "b.wav").write_text("kept")
    with pytest.raises(AudioFileError, match="already exists"):
        write_levelled(blocks(1.0), tmp_path / "b.wav", INFO)
    assert (tmp_path / "b.wav").read_text() == "kept"
