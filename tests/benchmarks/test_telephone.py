"""The regression of a voice's upper band finds what a sound was made by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from aeolia.data.corpus.manifest import Row, write_manifest
from benchmarks.__main__ import app
from benchmarks.separate.telephone import coefficients


def band(noise: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / 16000)
    spectrum[(hz < low_hz) | (hz >= high_hz)] = 0.0
    return np.fft.irfft(spectrum, len(noise))


def clip(seed: int = 0) -> np.ndarray:
    """Noise whose upper band follows its middle, 20 dB below; the low band goes its own way."""
    rng = np.random.default_rng(seed)
    time = np.arange(6 * 16000) / 16000
    middle, low = (10 ** (np.sin(2 * np.pi * hz * time + rng.uniform(0, 6))) for hz in (0.7, 1.1))
    noises = [rng.standard_normal(len(time)) for _ in range(3)]
    parts = band(noises[0], 0, 1200) * low, band(noises[1], 1200, 3300) * middle
    return 0.01 * (sum(parts) + 0.1 * band(noises[2], 3300, 8000) * middle)


def test_it_finds_what_a_sound_was_made_by() -> None:
    found = coefficients([clip(0), clip(1)])
    assert found.shape == (9, 3)
    np.testing.assert_allclose(found[2:-1, 0], 1.0, atol=0.1)
    np.testing.assert_allclose(found[2:-1, 1], 0.0, atol=0.1)
    np.testing.assert_allclose(found[2:-1, 2], np.log(0.01), atol=0.3)


def test_the_command_prints_a_table(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", clip(), 16000)
    row = Row(str(tmp_path / "a.wav"), "speech", "made", "a", 6.0, 16000, bandwidth_hz=8000.0)
    write_manifest(tmp_path / "manifest.csv", [row])
    done = CliRunner().invoke(app, ["telephone", "--data", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.output.splitlines()] == [
        *("Hz", "3400", "3800", "4200", "4700", "5200", "5800", "6400", "7100", "8000")
    ]


def test_narrow_voices_are_no_examples() -> None:
    from aeolia.errors import DataError

    with pytest.raises(DataError, match="no voice reaches 7.5 kHz"):
        coefficients([])
