"""Filters of spectra: against complex arithmetic in NumPy, in blocks, over leading axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aeolia.nn.complex_filter import ComplexFilter, OwnMagnitude

BINS = 5


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def as_complex(spectrum: torch.Tensor) -> np.ndarray:
    """[..., 2, F, Q] to complex [..., F, Q]."""
    values = spectrum.numpy().astype(np.float64)
    return values[..., 0, :, :] + 1j * values[..., 1, :, :]


@pytest.mark.parametrize("taps", [1, 2, 4])
def test_it_is_a_sum_of_complex_products(taps: int) -> None:
    layer = ComplexFilter(taps, BINS)
    values, spectrum, past = noise(2 * taps, 6, BINS), noise(2, 6, BINS, seed=1), None
    if taps > 1:
        past = noise(*layer.state_shapes()["spectrum_past"], seed=2)
    found, following = layer(values, spectrum, past)
    frames = as_complex(spectrum if past is None else torch.cat([past, spectrum], dim=1))
    gains = as_complex(values.reshape(taps, 2, 6, BINS))
    gains[0] += 1.0
    expected = sum(gains[t] * frames[taps - 1 - t : taps - 1 - t + 6] for t in range(taps))
    np.testing.assert_allclose(as_complex(found), expected, atol=1e-5)
    if following is None:
        assert taps == 1 and not layer.state_shapes()
    else:
        assert torch.equal(following, spectrum[:, -(taps - 1) :])


def test_blocks_equal_the_whole() -> None:
    layer, values, spectrum = ComplexFilter(3, BINS), noise(2, 6, 9, BINS), noise(2, 2, 9, BINS)
    start = torch.zeros(2, *layer.state_shapes()["spectrum_past"])
    whole, last = layer(values, spectrum, start)
    parts, past = [], start
    for block in (slice(0, 1), slice(1, 5), slice(5, 6), slice(6, 9)):
        part, past = layer(values[:, :, block], spectrum[:, :, block], past)
        parts.append(part)
    assert torch.allclose(torch.cat(parts, dim=2), whole, atol=1e-6)
    assert torch.equal(past, last)


@pytest.mark.parametrize("kind", ["taps", "magnitude"])
def test_leading_axes_broadcast(kind: str) -> None:
    """Three filters on two channels are six single ones."""
    taps = kind == "taps"
    layer = ComplexFilter(2, BINS) if taps else OwnMagnitude(0.3)
    values, spectrum = noise(3, 1, 4 if taps else 1, 6, BINS), noise(1, 2, 2, 6, BINS)
    past = noise(1, 2, 2, 1, BINS) if taps else None
    together, _ = layer(values, spectrum, past)
    assert together.shape == (3, 2, 2, 6, BINS)
    for i in range(3):
        for j in range(2):
            before = None if past is None else past[0, j]
            alone, _ = layer(values[i, 0], spectrum[0, j], before)
            if not taps:  # the channel's part of the mean magnitude
                size = spectrum[0].square().sum(dim=1, keepdim=True).sqrt()
                alone = alone * size[j] / size.mean(dim=0)
            torch.testing.assert_close(together[i, j], alone)


def test_own_magnitude_keeps_the_phase_of_the_input() -> None:
    values, spectrum = noise(1, 4, BINS), noise(2, 4, BINS, seed=1)
    found = as_complex(OwnMagnitude(0.3)(values, spectrum, None)[0])
    expected = np.log1p(np.exp(values[0].numpy())) ** (1 / 0.3)
    np.testing.assert_allclose(np.abs(found), expected, rtol=1e-3)
    np.testing.assert_allclose(np.angle(found * as_complex(spectrum).conj()), 0.0, atol=1e-3)


def test_silence_has_a_gradient() -> None:
    spectrum = torch.zeros(2, 4, BINS, requires_grad=True)
    OwnMagnitude(0.3)(noise(1, 4, BINS), spectrum, None)[0].sum().backward()
    assert spectrum.grad is not None and torch.isfinite(spectrum.grad).all()
