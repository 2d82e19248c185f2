"""Separators small enough for tests, with all their weights random."""

from __future__ import annotations

from dataclasses import replace

import torch

from aeolia.config import SeparateConfig
from aeolia.models.spectral.separator import ConditionalAutoencoder
from made.tiny_models import TINY

__all__ = ["BY_CLASS", "BY_SPEAKER", "random_separator", "some_conditions"]

BY_CLASS = SeparateConfig(
    name="tiny-separate",
    n_linear_bins=TINY.n_linear_bins,
    band_groups=TINY.band_groups,
    channels=TINY.channels,
    hidden_dim=TINY.hidden_dim,
    latent_dim=TINY.latent_dim,
    condition_dim=8,
)
BY_SPEAKER = replace(
    BY_CLASS,
    name="tiny-speaker",
    condition="speaker",
    classes=(),
    band_memory=4,
    band_memories=2,
)


def random_separator(config: SeparateConfig, seed: int = 0) -> ConditionalAutoencoder:
    """Random biases, gates and fusions too: fusions start as the identity and hide mistakes."""
    torch.manual_seed(seed)
    model = ConditionalAutoencoder(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_((0.2 if parameter.dim() == 1 else 0.05) * torch.randn(parameter.shape))
    return model


def some_conditions(model: ConditionalAutoencoder, batch: int, sources: int) -> torch.Tensor:
    """Conditions [B, S, K], all different."""
    shape = (batch, sources, model.condition_width)
    values = torch.randn(shape, generator=torch.Generator().manual_seed(7))
    return values / values.norm(dim=2, keepdim=True)
