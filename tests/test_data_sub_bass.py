"""Basses made by rule: low, held, repeatable, without clicks."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.data.sub_bass import sub_bass

RATES = [16000, 48000]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("seed", range(4))
def test_it_is_low_and_within_range(rate: int, seed: int) -> None:
    audio = sub_bass(3 * rate, rate, np.random.default_rng(seed))
    assert audio.shape == (3 * rate,) and audio.dtype == np.float32
    assert 0.3 < np.abs(audio).max() <= 1.0
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    hz = np.fft.rfftfreq(len(audio), 1.0 / rate)
    assert power[(hz > 25.0) & (hz < 150.0)].sum() > 0.9 * power.sum()
    # A click would be as loud at 2 kHz as at 1 kHz; overtones fade.
    assert power[hz > 1000.0].sum() < 1e-4 * power.sum()


@pytest.mark.parametrize("rate", RATES)
def test_no_step_is_larger_than_its_overtones_can_make(rate: int) -> None:
    for seed in range(6):
        audio = sub_bass(2 * rate, rate, np.random.default_rng(seed))
        assert np.abs(np.diff(audio)).max() < 2.0 * np.pi * 500.0 / rate


def test_same_seed_same_line() -> None:
    first, again, other = (sub_bass(8000, 16000, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_short_ones_sound_too() -> None:
    for seed in range(60):
        assert np.abs(sub_bass(4000, 16000, np.random.default_rng(seed))).max() > 0.1
