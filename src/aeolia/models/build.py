"""The model of each task, from its config."""

from __future__ import annotations

from aeolia.config import AnyConfig, ModelConfig
from aeolia.errors import ModelError
from aeolia.models.autoencoder import DenoisingAutoencoder

__all__ = ["Autoencoder", "build_model"]

#: Any task's model: a torch module with a `config`.
Autoencoder = DenoisingAutoencoder


def build_model(config: AnyConfig) -> Autoencoder:
    """A model with fresh weights.

    Raises:
        ModelError: this version has no model for the config's task.
    """
    if isinstance(config, ModelConfig) and config.task == "denoise":
        return DenoisingAutoencoder(config)
    raise ModelError(f"{config.name}: no model for the task {config.task!r} in this version")
