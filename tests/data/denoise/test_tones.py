"""Tones: harmonic, below half the sample rate, of one level, and drawn from their generators."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from aeolia.data.denoise.tones import tones  # noqa: E402

RATE = 16000


def rngs(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, i)) for i in range(count)]


def test_level_shape_and_edges() -> None:
    sounds = tones((20, RATE), RATE, rngs(20))
    assert sounds.shape == (20, RATE) and sounds.dtype == torch.float32
    assert torch.allclose(sounds.square().mean(1), torch.ones(20), rtol=1e-3)


def test_an_item_depends_on_its_own_generator_only() -> None:
    together = tones((3, RATE), RATE, rngs(3))
    alone = tones((1, RATE), RATE, rngs(3)[1:2])
    assert torch.equal(together[1], alone[0])
    assert not torch.equal(together[0], together[2])


def test_power_lies_in_few_narrow_bands() -> None:
    """White noise needs about four fifths of its bins for 90 % of its power; tones need few."""
    sounds = tones((20, 2 * RATE), RATE, rngs(20, seed=1))
    power = (
        torch.stft(sounds, 512, window=torch.hann_window(512), return_complex=True).abs().square()
    )  # [20, Q, F]
    shares = power.sort(dim=1, descending=True).values.cumsum(1) / power.sum(1, keepdim=True)
    needed = (shares < 0.9).float().mean(1)
    loud = power.sum(1) > 0.01 * power.sum(1).amax(1, keepdim=True)
    assert float(needed[loud].median()) < 0.1


def test_nothing_folds_back_at_half_the_sample_rate() -> None:
    sounds = tones((30, RATE), RATE, rngs(30, seed=2))
    power = torch.fft.rfft(sounds * torch.hann_window(RATE)).abs().square()
    top = power[:, int(0.47 * RATE) :].sum(1) / power.sum(1)
    assert float(top.max()) < 1e-3
