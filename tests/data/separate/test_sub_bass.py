"""Basses made by rule: low, held, repeatable, without clicks."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.data.separate.sub_bass import beats_of, sub_bass

RATES = [16000, 48000]


@pytest.mark.parametrize("rate", RATES)
def test_they_are_low_and_within_range(rate: int) -> None:
    low, high = [], []
    for seed in range(12):
        audio = sub_bass(3 * rate, rate, np.random.default_rng(seed))
        assert audio.shape == (3 * rate,) and audio.dtype == np.float32
        assert 0.3 < np.abs(audio).max() <= 1.0
        power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
        hz = np.fft.rfftfreq(len(audio), 1.0 / rate)
        low.append(power[(hz > 25.0) & (hz < 150.0)].sum() / power.sum())
        high.append(power[hz > 4000.0].sum() / power.sum())
    # Notes that fall into their pitch begin above it.
    assert np.median(low) > 0.9 and min(low) > 0.3
    # A click would reach above where their overtones do.
    assert max(high) < 1e-4


def test_half_of_them_fall_into_their_pitch() -> None:
    """Crossings of zero in 40 ms of the note that begins with a drum, beside those 170 ms later."""
    rate, falling = 16000, 0
    for seed in range(40):
        line = sub_bass(4 * rate, rate, np.random.default_rng(seed), np.array([rate]))
        begun, later = (_zero_crossings(line[rate + at :][: rate // 25]) for at in (0, rate // 6))
        falling += begun > 2 * later > 0
    assert 8 < falling < 32


def _zero_crossings(sound: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(np.signbit(sound))))


def test_same_seed_same_line() -> None:
    first, again, other = (sub_bass(8000, 16000, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_short_ones_sound_too() -> None:
    for seed in range(60):
        assert np.abs(sub_bass(4000, 16000, np.random.default_rng(seed))).max() > 0.1


def test_notes_begin_where_drums_are_struck() -> None:
    """A bass drum of 60 Hz every 0.9 s: notes' attacks fall on it, within one of its cycles."""
    rate = 16000
    time = np.arange(rate * 9 // 10) / rate
    drums = np.tile(np.sin(2 * np.pi * 60.0 * time) * np.exp(-time / 0.05), 8).astype(np.float32)
    beats = beats_of(drums, rate)
    np.testing.assert_allclose(beats / rate, 0.9 * np.arange(8), atol=0.02)

    silence = np.zeros_like(drums)
    assert beats_of(silence, rate).size == 0
    assert beats_of(silence[:10], rate).size == 0

    on_beat = total = 0
    for seed in range(30):
        line = sub_bass(len(drums), rate, np.random.default_rng(seed), beats)
        attacks = beats_of(line, rate) / rate
        attacks = attacks[(attacks > 0.9) & (attacks < 6.0)]  # the first note has no beat before it
        distance = np.abs(attacks[:, None] - beats / rate).min(axis=1)
        on_beat, total = on_beat + int((distance < 0.03).sum()), total + len(distance)
    assert total > 30
    assert on_beat > 0.6 * total  # the others are oscillators beating
