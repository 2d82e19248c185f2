"""The model of each task, from its config."""

from __future__ import annotations

from aeolia.config import AnyConfig, DenoiseConfig, SeparateConfig
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.synth.synthesiser import Synthesiser

__all__ = ["Autoencoder", "build_model"]

#: Any task's model: a torch module with a `config`.
Autoencoder = DenoisingAutoencoder | ConditionalAutoencoder | Synthesiser


def build_model(config: AnyConfig) -> Autoencoder:
    """A model with fresh weights.

    Raises:
        ConfigError: a synthesiser without instruments.
    """
    if isinstance(config, DenoiseConfig):
        return DenoisingAutoencoder(config)
    if isinstance(config, SeparateConfig):
        return ConditionalAutoencoder(config)
    return Synthesiser(config)
