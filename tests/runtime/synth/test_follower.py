"""Holding a sound at the loudness that is the target."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.audio.pitch.contour import loudness_contour
from aeolia.runtime.synth.follower import LoudnessFollower

HOP = 480


def sound(frames: int, level_db: np.ndarray) -> np.ndarray:
    """A tone of 500 Hz whose level is off the target."""
    time = np.arange(frames * HOP)
    gain = np.interp(time / HOP, np.arange(frames) + 0.5, 10 ** (level_db / 20))
    return (np.sqrt(2) * gain * np.sin(2 * np.pi * 500 / 48000 * time)).astype(np.float32)


def test_the_target_is_met() -> None:
    target = -25 + 6 * np.sin(np.arange(200) / 15)
    given = target + np.repeat([5.0, -8.0], 100)
    output = LoudnessFollower(HOP).whole(sound(200, given), target.astype(np.float32))
    assert len(output) == 200 * HOP
    measured = loudness_contour(output, HOP)
    settled = np.r_[15:95, 115:195]
    assert np.abs(measured[settled] - target[settled]).max() < 1.0


def test_what_is_right_is_left_alone() -> None:
    level = np.full(100, -20.0, np.float32)
    audio = sound(100, level)
    output = LoudnessFollower(HOP).whole(audio, level)
    inside = slice(10 * HOP, 90 * HOP)
    np.testing.assert_allclose(output[inside], audio[inside], atol=2e-3)


def test_silence_stays_silent_and_the_gain_has_a_limit() -> None:
    follower = LoudnessFollower(HOP)
    target = np.full(50, -20.0, np.float32)
    assert not follower.whole(np.zeros(50 * HOP, np.float32), target).any()
    quiet = follower.whole(sound(50, np.full(50, -60.0)), target)
    assert loudness_contour(quiet, HOP)[30] == pytest.approx(-45.0, abs=0.2)


@pytest.mark.parametrize("hop", [256, 480, 512])
def test_any_partition_equals_the_whole(hop: int) -> None:
    rng = np.random.default_rng(0)
    follower = LoudnessFollower(hop)
    audio = (0.1 * rng.standard_normal(60 * hop)).astype(np.float32)
    target = rng.uniform(-40, -10, 60).astype(np.float32)
    whole, _ = follower.step(audio, target, follower.initial_state())
    state, pieces = {"other": np.ones(3), **follower.initial_state()}, []
    for part in np.split(np.arange(60), [1, 2, 9, 10, 41]):
        block = audio[part[0] * hop : (part[-1] + 1) * hop]
        piece, state = follower.step(block, target[part], state)
        pieces.append(piece)
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
    assert state["other"].sum() == 3
    np.testing.assert_allclose(
        follower.whole(audio, target)[: -follower.delay], whole[follower.delay :], atol=1e-6
    )
