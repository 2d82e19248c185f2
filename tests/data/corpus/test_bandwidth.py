"""How high a recording reaches: walls of resamplers and microphones are found."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from aeolia.data.corpus.bandwidth import SpectrumSum, reach_hz
from made.recordings import noise_like


def reach(audio: np.ndarray, sample_rate: int) -> float:
    total = SpectrumSum(sample_rate)
    total.add(audio.astype(np.float32))
    return total.reach_hz()


@pytest.mark.parametrize("original", [8000, 16000, 22050, 32000])
def test_an_upsampled_recording_reaches_its_old_limit(original: int) -> None:
    audio = soxr.resample(noise_like(3.0, original), original, 48000)
    assert 0.85 * original / 2 < reach(audio, 48000) < 1.03 * original / 2


def test_dither_above_the_wall_does_not_count() -> None:
    audio = soxr.resample(noise_like(3.0, 16000), 16000, 48000)
    audio = audio + np.random.default_rng(1).uniform(-1, 1, len(audio)) / 32768
    assert 6800.0 < reach(audio, 48000) < 8200.0


@pytest.mark.parametrize("sample_rate", [8000, 16000, 48000])
def test_a_full_recording_reaches_half_its_rate(sample_rate: int) -> None:
    assert reach(noise_like(2.0, sample_rate), sample_rate) == sample_rate / 2


def test_a_gentle_slope_is_no_wall() -> None:
    frequencies = np.linspace(0.0, 24000.0, 1025)
    assert reach_hz(10.0 ** (-60.0 * frequencies / 24000.0 / 10.0), 48000) == 24000.0


def test_nothing_and_silence_reach_nowhere() -> None:
    assert SpectrumSum(16000).reach_hz() == 0.0
    assert reach(np.zeros(16000), 16000) == 0.0


def test_short_recordings_count_too() -> None:
    assert reach(noise_like(0.05, 16000), 16000) > 6000.0


def test_sums_of_blocks_merge() -> None:
    one, other, whole = (SpectrumSum(16000) for _ in range(3))
    audio = noise_like(1.0, 16000)[: 4 * 2048]
    one.add(audio[:4096])
    other.add(audio[4096:])
    whole.add(audio)
    one.merge(other)
    assert np.allclose(one._power, whole._power)
