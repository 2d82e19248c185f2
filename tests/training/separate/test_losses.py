"""Losses of separation: bounded, fair to silence, blind above the bandwidth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aeolia.training.separate.config import SeparateLossConfig
from aeolia.training.separate.losses import (
    SeparationLoss,
    speaker_loss,
    thresholded_snr,
)
from made.tiny_models import noise

CONFIG = SeparateLossConfig()
RATE, WINDOW, LENGTH = 16000, 512, 8192


def loss_of(
    references: torch.Tensor,
    estimates: torch.Tensor,
    mixture: torch.Tensor,
    bandwidth_hz: float = 8000.0,
    config: SeparateLossConfig = CONFIG,
) -> tuple[float, dict[str, float]]:
    bandwidth = torch.full(references.shape[:2], bandwidth_hz)
    total, terms = SeparationLoss(config, RATE, WINDOW)(references, estimates, mixture, bandwidth)
    return float(total), {name: float(value) for name, value in terms.items()}


def test_snr_in_bels_up_to_the_ceiling() -> None:
    reference = noise(4, 1000)
    error = noise(4, 1000, seed=1)
    error *= reference.norm(dim=1, keepdim=True) / error.norm(dim=1, keepdim=True)
    gains = 10.0 ** (-torch.tensor([0.0, 10.0, 20.0, 60.0]) / 20.0)
    found = thresholded_snr(reference, reference + gains[:, None] * error, torch.full((4,), 1e3))
    expected = np.log10(10.0 ** -np.array([0.0, 1.0, 2.0, 6.0]) + 1e-3)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_an_absent_source_is_compared_with_the_mixture() -> None:
    mixture = noise(1, 1000)
    power = mixture.square().sum(1)
    silence = torch.zeros_like(mixture)
    levels = [float(thresholded_snr(silence, gain * mixture, power)) for gain in (1.0, 0.1, 0.0)]
    np.testing.assert_allclose(levels, [0.0, np.log10(0.011), -3.0], atol=1e-3)


def test_silence_has_a_gradient_and_is_learned() -> None:
    mixture = noise(1, LENGTH)
    gain = torch.tensor(0.5, requires_grad=True)
    loss = SeparationLoss(CONFIG, RATE, WINDOW)
    for _ in range(60):
        total, _ = loss(
            torch.zeros(1, 1, LENGTH), gain * mixture[:, None], mixture, torch.full((1, 1), 8000.0)
        )
        (slope,) = torch.autograd.grad(total, gain)
        assert torch.isfinite(slope)
        gain = (gain - 0.02 * slope.sign()).detach().abs().requires_grad_()
    assert float(gain.detach()) < 0.05


def test_a_perfect_estimate_is_best_and_level_does_not_matter() -> None:
    references = noise(2, 3, LENGTH)
    mixture, worse = references.sum(1), references + 0.3 * noise(2, 3, LENGTH, seed=2)
    best, _ = loss_of(references, references, mixture)
    total, terms = loss_of(references, worse, mixture)
    assert best < total
    for gain in (0.01, 3.0):
        again, others = loss_of(gain * references, gain * worse, gain * mixture)
        assert again == pytest.approx(total, rel=1e-3)
        assert others == pytest.approx(terms, rel=1e-3)


def test_the_total_is_the_weighted_sum() -> None:
    references = noise(2, 2, LENGTH)
    total, terms = loss_of(references, 0.5 * references, references.sum(1))
    weights = CONFIG.magnitude, CONFIG.complex, CONFIG.snr
    assert list(terms) == ["magnitude", "complex", "snr"]
    assert total == pytest.approx(np.dot(weights, list(terms.values())), rel=1e-5)


def test_above_the_bandwidth_nothing_counts() -> None:
    time = torch.arange(LENGTH) / RATE
    low, high = (torch.sin(2 * torch.pi * hz * time)[None, None] for hz in (1000.0, 6000.0))
    limited = loss_of(low, low + high, low[0], bandwidth_hz=4000.0)[0]
    assert limited == pytest.approx(loss_of(low, low, low[0], bandwidth_hz=4000.0)[0], abs=0.1)
    assert loss_of(low, low + high, low[0])[0] > limited + 1.0


def test_a_batch_is_the_mean_of_its_parts() -> None:
    references, estimates = noise(4, 2, LENGTH), noise(4, 2, LENGTH, seed=1)
    mixture = references.sum(1)
    whole = loss_of(references, estimates, mixture)[0]
    halves = [
        loss_of(references[part], estimates[part], mixture[part])[0]
        for part in (slice(0, 2), slice(2, 4))
    ]
    assert whole == pytest.approx(np.mean(halves), rel=1e-5)


def test_the_textbook_objective() -> None:
    config = SeparateLossConfig(kind="mse")
    references, estimates = noise(2, 2, 4000), noise(2, 2, 4000, seed=1)
    mixture = references.sum(1)
    total, terms = loss_of(references, estimates, mixture, config=config)
    power = mixture.square().mean(1)[:, None, None]
    expected = float(((references - estimates).square() / power).mean())
    assert total == pytest.approx(expected, rel=1e-4) and terms == {"mse": total}


def unit(*rows: tuple[float, ...]) -> torch.Tensor:
    values = torch.tensor(rows)
    return values / values.norm(dim=1, keepdim=True)


def test_voices_are_told_apart_by_cross_entropy() -> None:
    first = unit((1.0, 0.2), (0.3, 1.0), (-1.0, 0.1))
    second = unit((0.9, 0.1), (-0.1, 0.7), (-0.2, -1.0))
    logits = 12.0 * (first @ second.T - 0.2 * torch.eye(3))
    ways = [-torch.log_softmax(way, 1).diagonal().mean() for way in (logits, logits.T)]
    assert float(speaker_loss(first, second)) == pytest.approx(float(sum(ways) / 2), rel=1e-5)
    assert float(speaker_loss(first, first)) < 0.02 < 1.0 < float(speaker_loss(first, -first))
    assert float(speaker_loss(first[:1], second[:1])) == 0.0
