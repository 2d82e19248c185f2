"""What a latent carries: active units, divergence per unit, distance to the prior, hidden pitch."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["LATENT_SCORES", "active_units", "aggregate_distance", "latent_report", "pitch_probe"]

#: Names of what `latent_report` may say.
LATENT_SCORES = (
    "active_units",
    "largest_unit_nats",
    "pitch_probe_semitones",
    "pitch_guess_semitones",
)

#: A unit whose posterior mean varies at least this much over notes is active (Burda et al., 2016).
_ACTIVE_VARIANCE = 0.01


def active_units(means: Tensor) -> int:
    """Dimensions of posterior means [N, D] that vary over notes."""
    return int((means.var(dim=0, unbiased=False) > _ACTIVE_VARIANCE).sum())


def aggregate_distance(whitened: Tensor) -> float:
    """KL in nats per dimension from N(0, 1) of the Gaussian with the moments of draws [N, D].

    Draws are whitened by their own priors, so that with a perfect match they are N(0, 1) however
    the prior depends on the conditions. Dimensions are taken one by one: N is too small for more.
    """
    mean, variance = whitened.mean(0), whitened.var(0, unbiased=False).clamp(min=1e-6)
    return float((0.5 * (variance + mean.square() - 1.0 - torch.log(variance))).mean())


def pitch_probe(means: Tensor, pitch_midi: Tensor, folds: int = 4, ridge: float = 1.0) -> float:
    """Mean absolute error in semitones of a linear probe for pitch, cross-validated.

    The less the latent knows of the pitch, the nearer this is to the error of guessing the mean.
    """
    order = torch.arange(len(means)) % folds
    errors = []
    inputs = torch.cat([means, torch.ones(len(means), 1, device=means.device)], dim=1).double()
    target = pitch_midi.double()
    for fold in range(folds):
        known, asked = order != fold, order == fold
        x, centre = inputs[known], target[known].mean()
        penalty = ridge * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        weights = torch.linalg.solve(x.T @ x + penalty, x.T @ (target[known] - centre))
        errors.append((inputs[asked] @ weights + centre - target[asked]).abs())
    return float(torch.cat(errors).mean())


def latent_report(means: Tensor, divergence: Tensor, pitch_midi: Tensor) -> dict[str, float]:
    """Scores of posterior means [N, D] with divergences [N, D], for notes of pitch [N]."""
    scores = {
        "active_units": float(active_units(means)),
        "largest_unit_nats": float(divergence.mean(0).max()),
    }
    if len(means) >= 8 and float(pitch_midi.std()) > 0.0:
        scores["pitch_probe_semitones"] = pitch_probe(means, pitch_midi)
        spread = (pitch_midi - pitch_midi.mean()).abs().mean()
        scores["pitch_guess_semitones"] = float(spread)
    return scores
