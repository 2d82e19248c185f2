"""The model of each task, from its config."""

from __future__ import annotations

from aeolia.config import AnyConfig, ModelConfig
from aeolia.errors import ModelError
from aeolia.models.autoencoder import DenoisingAutoencoder
from aeolia.models.separator import ConditionalAutoencoder

__all__ = ["Autoencoder", "build_model"]

#: Any task's model: a torch module with a `config`.
Autoencoder = DenoisingAutoencoder | ConditionalAutoencoder


def build_model(config: AnyConfig) -> Autoencoder:
    """A model with fresh weights.

    Raises:
        ConfigError: a structure that the task's model cannot have.
        ModelError: this version has no model for the config's task.
    """
    if isinstance(config, ModelConfig):
        if config.task == "separate":
            return ConditionalAutoencoder(config)
        return DenoisingAutoencoder(config)
    raise ModelError(f"{config.name}: no model for the task {config.task!r} in this version")
