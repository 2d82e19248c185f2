"""The perceptual loss: in step with PESQ, and what it forgives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from pesq import pesq

from aeolia.training.denoise.perception import PerceptualLoss

EXAMPLES = Path(__file__).parents[3] / "examples"
RATE = 16000


@pytest.fixture(scope="module")
def clip() -> tuple[np.ndarray, np.ndarray]:
    """Clean speech [T] and the noise on it, at 16 kHz."""
    clean, noisy = (
        soundfile.read(EXAMPLES / f"cafe.{k}.wav", dtype="float32")[0] for k in ("clean", "noisy")
    )
    return clean, noisy - clean


def loss_of(clean: np.ndarray, estimate: np.ndarray) -> float:
    level = float(np.sqrt(np.mean(clean**2)))
    both = (torch.from_numpy(np.float32(x / level))[None] for x in (clean, estimate))
    return float(PerceptualLoss(RATE)(*both))


def test_it_falls_as_pesq_rises(clip: tuple[np.ndarray, np.ndarray]) -> None:
    clean, noise = clip
    smooth = np.convolve(clean, np.ones(6) / 6, mode="same")  # a dull recording
    estimates = [clean + share * noise for share in (2.0, 1.0, 0.5, 0.2, 0.05)]
    estimates += [smooth + share * noise for share in (1.0, 0.2)]
    scores = [pesq(RATE, clean, estimate, "wb") for estimate in estimates]
    losses = [loss_of(clean, estimate) for estimate in estimates]
    assert np.corrcoef(scores, losses)[0, 1] < -0.8
    assert losses[:5] == sorted(losses[:5], reverse=True)
    assert loss_of(clean, clean) < 0.03


def test_a_change_of_level_is_forgiven(clip: tuple[np.ndarray, np.ndarray]) -> None:
    clean, noise = clip
    quieter = loss_of(clean, 0.7 * clean)
    assert quieter < 0.3 * loss_of(clean, clean + 0.2 * noise)


def test_silence_counts_nothing_and_gradients_stay_finite() -> None:
    loss = PerceptualLoss(RATE)
    for reference in (torch.zeros(2, RATE), torch.randn(2, RATE)):
        for estimate in (torch.zeros(2, RATE), torch.randn(2, RATE)):
            estimate.requires_grad_()
            value = loss(reference, estimate)
            value.backward()
            assert torch.isfinite(value.detach()) and torch.isfinite(estimate.grad).all()
            assert reference.any() or float(value.detach()) == 0.0
