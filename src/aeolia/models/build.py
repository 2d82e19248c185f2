"""The model of each task, from its config."""

from __future__ import annotations

from aeolia.config import AnyConfig, ModelConfig
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.synth.synthesiser import Synthesiser

__all__ = ["Autoencoder", "build_model"]

#: Any task's model: a torch module with a `config`.
Autoencoder = DenoisingAutoencoder | ConditionalAutoencoder | Synthesiser


def build_model(config: AnyConfig) -> Autoencoder:
    """A model with fresh weights.

    Raises:
        ConfigError: a structure that the task's model cannot have.
    """
    if isinstance(config, ModelConfig):
        if config.task == "separate":
            return ConditionalAutoencoder(config)
        return DenoisingAutoencoder(config)
    return Synthesiser(config)
