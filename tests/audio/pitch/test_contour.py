"""Loudness contours against levels that are known."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.audio.pitch.contour import (
    LOUDNESS_FLOOR_DB,
    LOUDNESS_WINDOW,
    loudness_contour,
    loudness_inside,
)


def test_a_sine_has_its_level_in_every_frame_inside() -> None:
    time = np.arange(48000) / 48000
    contour = loudness_contour(0.25 * np.sin(2 * np.pi * 750 * time), 480)
    assert contour.shape == (100,) and contour.dtype == np.float32
    # RMS of a sine of amplitude a is a / sqrt(2); 2048 samples hold 32 whole periods.
    np.testing.assert_allclose(contour[3:-3], 20 * np.log10(0.25 / np.sqrt(2)), atol=1e-3)


@pytest.mark.parametrize("hop", [1, 256, 480])
def test_every_frame_is_the_rms_around_its_centre(hop: int) -> None:
    audio = np.random.default_rng(0).standard_normal((2, 3001))
    contour = loudness_contour(audio, hop)
    padded = np.pad(audio, ((0, 0), (LOUDNESS_WINDOW, LOUDNESS_WINDOW)))
    for frame in (0, contour.shape[1] // 2, contour.shape[1] - 1):
        start = LOUDNESS_WINDOW + frame * hop + hop // 2 - LOUDNESS_WINDOW // 2
        power = np.mean(padded[:, start : start + LOUDNESS_WINDOW] ** 2, axis=1)
        np.testing.assert_allclose(contour[:, frame], 10 * np.log10(power), atol=1e-4)


def test_silence_and_frames_beyond_the_end_are_the_floor() -> None:
    np.testing.assert_array_equal(loudness_contour(np.zeros(1000), 100), LOUDNESS_FLOOR_DB)
    contour = loudness_contour(np.ones(1000), 100, 40)
    assert contour.shape == (40,)
    np.testing.assert_array_equal(contour[25:], LOUDNESS_FLOOR_DB)
    assert loudness_contour(np.zeros(0), 100).shape == (0,)


@pytest.mark.parametrize("hop", [256, 480])
def test_from_the_inside_it_is_the_same(hop: int) -> None:
    audio = np.random.default_rng(1).standard_normal(20 * hop + 2 * LOUDNESS_WINDOW)
    half = LOUDNESS_WINDOW // 2
    inside = loudness_inside(audio, hop, 20)
    # The first frame begins half a window into the audio; the contour of what begins there has
    # silence before it, which the first frames' windows reach into.
    whole = loudness_contour(audio[half:], hop, 20)
    np.testing.assert_allclose(inside[4:], whole[4:], atol=1e-4)
    assert (inside[:2] > whole[:2]).all()
