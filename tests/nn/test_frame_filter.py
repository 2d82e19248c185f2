"""Minimum-phase filters in bands, the frames' transform, and overlap-add."""

from __future__ import annotations

import numpy as np
import torch
from scipy import signal

from aeolia.nn.frame_filter import (
    FrameTransform,
    MinimumPhaseBands,
    band_centres_hz,
    multiply,
    overlap_add,
)

RATE, HOP = 48000, 480


def test_bands_cover_the_spectrum_and_widen() -> None:
    centres = np.array(band_centres_hz(RATE))
    steps = np.diff(centres)
    assert centres[0] == 0.0 and centres[-1] == RATE / 2
    assert steps[:-1].min() >= 199.9
    assert np.all(np.diff(steps[:-1]) > -1e-6)


def test_equal_levels_are_a_plain_gain() -> None:
    bands = MinimumPhaseBands(RATE, HOP + 1)
    response = bands(torch.full((1, 1, bands.n_bands), np.log(2.0)))[0, :, 0]
    torch.testing.assert_close(response[0], torch.full((HOP + 1,), 2.0))
    assert response[1].abs().max() < 1e-5


def test_phase_is_that_of_the_minimum_phase_filter() -> None:
    """Against the response of a stable filter whose zeros and poles lie inside the circle."""
    bands = MinimumPhaseBands(RATE, HOP + 1)
    b, a = signal.butter(2, 6000.0, fs=RATE)
    b = np.poly([0.3, -0.5]) * b[0]  # zeros moved off the circle
    centres = np.array(band_centres_hz(RATE))
    _, at_bands = signal.freqz(b, a, worN=centres, fs=RATE)
    hz = np.arange(HOP + 1) * RATE / (2 * HOP)
    _, expected = signal.freqz(b, a, worN=hz, fs=RATE)
    levels = torch.from_numpy(np.log(np.abs(at_bands))).float()[None, None]
    real, imaginary = bands(levels)[0, :, 0].numpy()
    found = real + 1j * imaginary
    # Straight lines between the bands' centres are not quite the curve.
    assert np.abs(found - expected).max() < 0.03 * np.abs(expected).max()


def test_responses_are_causal() -> None:
    """Nearly all of the impulse response lies in its first hop, and it starts at once."""
    bands = MinimumPhaseBands(RATE, HOP + 1)
    generator = torch.Generator().manual_seed(0)
    # Neighbouring bands differ by 6 dB: far more than in a sound.
    levels = 0.5 * torch.randn(20, 1, bands.n_bands, generator=generator)
    response = FrameTransform(HOP).inverse(bands(levels))[:, 0]
    energy = response.square()
    assert float((energy[:, HOP:].sum(1) / energy.sum(1)).max()) < 1e-2
    assert float((energy[:, :96].sum(1) / energy.sum(1)).min()) > 0.9


def test_products_and_fft_are_one_transform() -> None:
    transform = FrameTransform(HOP)
    frames = torch.randn(2, 3, HOP, generator=torch.Generator().manual_seed(1))
    padded = torch.nn.functional.pad(frames, (0, HOP))
    spectrum = transform(frames)
    torch.testing.assert_close(transform.products(padded), spectrum, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(transform.inverse(spectrum), padded, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(transform.products.inverse(spectrum), padded, rtol=1e-4, atol=1e-5)


def test_filtered_frames_are_a_convolution() -> None:
    """A fixed filter over frames equals scipy's linear convolution with its response."""
    bands, transform = MinimumPhaseBands(RATE, HOP + 1), FrameTransform(HOP)
    generator = torch.Generator().manual_seed(2)
    levels = 0.3 * torch.randn(1, 1, bands.n_bands, generator=generator)
    sound = torch.randn(1, 5 * HOP, generator=generator)
    response = bands(levels).expand(-1, -1, 5, -1)
    frames = transform.inverse(multiply(transform(sound.reshape(1, 5, HOP)), response))
    audio, tail = overlap_add(frames, torch.zeros(1, HOP))
    impulse = transform.inverse(bands(levels))[0, 0].numpy()
    expected = np.convolve(sound[0].numpy(), impulse)[: 6 * HOP]
    found = torch.cat([audio, tail], dim=1)[0].numpy()
    # What is left of the response after a hop wraps around.
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


def test_overlap_add_in_blocks() -> None:
    frames = torch.randn(2, 6, 2 * HOP, generator=torch.Generator().manual_seed(3))
    whole, end = overlap_add(frames, torch.zeros(2, HOP))
    first, tail = overlap_add(frames[:, :1], torch.zeros(2, HOP))
    second, tail = overlap_add(frames[:, 1:], tail)
    assert torch.equal(torch.cat([first, second], 1), whole) and torch.equal(tail, end)
