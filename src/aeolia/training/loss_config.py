"""The settings that the losses of all models that filter a mixture share; without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from aeolia.config import SpectralConfig
from aeolia.config.ranges import Between, OneOf, check_fields, check_unread
from aeolia.errors import ConfigError

__all__ = ["SpectralLossConfig", "Weight"]

#: Weight of a term in a sum.
Weight = Annotated[float, Between(0.0, 1e6)]


@dataclass(frozen=True)
class SpectralLossConfig:
    """What a step minimises: the weights of the loss's terms, and how often skips are left out.

    Raises:
        ConfigError: a value outside its range, or one that this kind of loss does not read.
    """

    #: "spectral": compressed spectra and signal-to-noise ratio. "mse": squared error of the
    #: waveform, the textbook objective.
    kind: Annotated[str, OneOf("spectral", "mse")] = "spectral"
    #: Probability that a step trains without skip connections, so that the latent carries the
    #: signal by itself.
    skip_dropout: Annotated[float, Between(0.0, 1.0)] = 0.05
    #: Weight of the error of compressed magnitudes.
    magnitude: Weight = 30.0
    #: Weight of the error of compressed complex spectra.
    complex: Weight = 5.0
    #: Weight of the signal-to-noise ratio.
    snr: Weight = 0.5

    #: Keys that weigh terms of the spectral loss.
    weights: ClassVar[tuple[str, ...]] = ("magnitude", "complex", "snr")

    def __post_init__(self) -> None:
        check_fields(self)
        if self.kind == "mse":
            check_unread(self, self.weights, "the loss mse")
        elif not any(getattr(self, name) for name in self.weights):
            raise ConfigError(f"{', '.join(self.weights)} are all 0; give one term a weight")

    def check_model(self, model: SpectralConfig) -> None:
        """Refuse what the model does not let the loss read.

        Raises:
            ConfigError: skip_dropout is set for a model without skips.
        """
        if not model.skips:
            check_unread(self, ["skip_dropout"], "a model without skips")

    def skip_scale(self, seed: int, step: int) -> float:
        """What a step multiplies its skip connections by: 0 where it does without, else 1."""
        return float(np.random.default_rng((seed, step)).random() >= self.skip_dropout)
