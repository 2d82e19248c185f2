"""Simulated rooms decay as stated; measured ones begin at their direct sound."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.data.rooms import MAX_ROOM_SECONDS, align_direct, simulate_room

RATE = 16000


def decay_seconds(response: np.ndarray) -> float:
    """RT60 by Schroeder's backward integration, from the fall between -5 and -25 dB."""
    energy = np.cumsum(np.square(response[::-1].astype(np.float64)))[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-12)
    tail = np.flatnonzero((level < level[40] - 5) & (level > level[40] - 25))
    slope = np.polyfit(tail / RATE, level[tail], 1)[0]
    return -60.0 / slope


@pytest.mark.parametrize("rt60", [0.2, 0.5, 0.9])
def test_the_decay_time_is_about_what_was_asked(rt60: float) -> None:
    found = [
        decay_seconds(simulate_room(np.random.default_rng(i), RATE, rt60)[40:]) for i in range(20)
    ]
    assert 0.6 * rt60 < np.median(found) < 1.3 * rt60


def test_the_direct_sound_comes_first_and_the_room_is_finite() -> None:
    for seed in range(20):
        response = simulate_room(np.random.default_rng(seed), RATE, 0.9)
        assert response[0] == 1.0 and response.dtype == np.float32
        assert np.isfinite(response).all() and len(response) <= MAX_ROOM_SECONDS * RATE
        assert 0.02 < np.square(response[1:]).sum() < 20.0


def test_high_frequencies_decay_sooner() -> None:
    late = np.mean(
        [
            np.abs(np.fft.rfft(simulate_room(np.random.default_rng(i), RATE, 0.8)[6400:12800])) ** 2
            for i in range(10)
        ],
        axis=0,
    )
    quarter = len(late) // 4
    assert late[3 * quarter :].mean() < 0.1 * late[:quarter].mean()


def test_a_room_is_its_generator() -> None:
    one, other = (simulate_room(np.random.default_rng(5), RATE, 0.4) for _ in range(2))
    assert np.array_equal(one, other)


def test_a_measured_response_is_cut_to_its_direct_sound() -> None:
    response = np.zeros(3 * RATE, np.float32)
    response[500], response[900], response[20000] = -0.25, 0.2, 0.1
    cut = align_direct(response, RATE)
    assert abs(cut[0]) == 1.0 and cut[400] == pytest.approx(0.8) and len(cut) == RATE


def test_a_silent_response_becomes_no_room() -> None:
    assert np.array_equal(align_direct(np.zeros(100, np.float32), RATE), [1.0])
    assert np.array_equal(align_direct(np.zeros(0, np.float32), RATE), [1.0])
