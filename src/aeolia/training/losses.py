"""What the losses of all models that filter a mixture share: their settings, their spectra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor

from aeolia.config import SpectralConfig
from aeolia.config.ranges import Between, OneOf, check_fields, check_unread
from aeolia.errors import ConfigError
from aeolia.nn.spectral import compress

__all__ = ["SpectralLossConfig", "Weight", "compressed_errors", "unit_spectrum"]

#: Weight of a term in a sum.
Weight = Annotated[float, Between(0.0, 1e6)]
#: Of the spectra that are compared.
_EXPONENT = 0.3


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


def unit_spectrum(audio: Tensor, window: Tensor) -> Tensor:
    """Audio [N, T] to spectrum [N, 2, F, Q] in frames half a window apart.

    Noise of unit level gives bins of unit power.
    """
    length = len(window)
    spectrum = torch.stft(
        audio,
        length,
        length // 2,
        window=window.to(audio.device),
        center=False,
        return_complex=True,
    )
    scale = float(window.square().sum().sqrt())
    return torch.view_as_real(spectrum.transpose(1, 2)).permute(0, 3, 1, 2) / scale


def compressed_errors(
    reference: Tensor, estimate: Tensor, inside: Tensor, attenuation: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Mean square errors of power-compressed spectra: of the magnitude, and of the complex bins.

    Args:
        reference, estimate: spectra [N, 2, F, Q].
        inside: [N, Q], 1 for the bins that count.
        attenuation: bins where the estimate is quieter than the reference count 1 + attenuation
            times: what is lost of the reference weighs more than what is left of other sounds.
    """
    target, target_magnitude = compress(reference, _EXPONENT)
    found, found_magnitude = compress(estimate, _EXPONENT)
    # A mean per clip first: the loss of a batch is then the mean over its parts, however many
    # processes share it.
    share = (inside / inside.sum(1, keepdim=True) / reference.shape[2])[:, None, None]
    if attenuation:
        quieter = (found_magnitude < target_magnitude).to(share.dtype)
        share = share * (1.0 + attenuation * quieter)
    magnitude = ((found_magnitude - target_magnitude).square() * share).sum((1, 2, 3)).mean()
    return magnitude, ((found - target).square() * share).sum((1, 2, 3)).mean()
