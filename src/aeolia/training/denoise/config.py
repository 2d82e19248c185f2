"""What a step of a denoiser minimises, and what its runs are set by; without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aeolia.config import SpectralConfig
from aeolia.config.ranges import check_unread
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.errors import ConfigError
from aeolia.training.config import TaskSettings
from aeolia.training.loss_config import SpectralLossConfig, Weight

__all__ = ["LEAST_SAMPLE_RATE", "SETTINGS", "TREBLE_HZ", "DenoiseLossConfig"]

#: Where the treble begins.
TREBLE_HZ = 8000.0
#: Below these sample rates terms lack bands that they are about.
LEAST_SAMPLE_RATE = {"intelligibility": 10000, "quality": 16000}


@dataclass(frozen=True)
class DenoiseLossConfig(SpectralLossConfig):
    """What a step of a denoiser minimises."""

    #: Weight of the scale-invariant SDR, for which silence is no way out of a babble.
    si_sdr: Weight = 0.0
    #: Weight of the log-spectral distance above 8 kHz, for full-band models.
    treble: Weight = 0.0
    #: How many times more the errors of spectra count where the estimate is quieter than the
    #: reference (over-attenuation; after the DPDFNet paper): speech that is lost costs more than
    #: noise that is left.
    attenuation: Weight = 0.0
    #: Weight of one minus ESTOI, for fine-tuning a denoiser of speech.
    intelligibility: Weight = 0.0
    #: Weight of the disturbance that PESQ would find, in points of its score.
    quality: Weight = 0.0

    weights: ClassVar[tuple[str, ...]] = (
        *SpectralLossConfig.weights,
        "si_sdr",
        "treble",
        "intelligibility",
        "quality",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind == "mse" or not (self.magnitude or self.complex):
            check_unread(self, ["attenuation"], "a loss without magnitude and complex")

    def check_model(self, model: SpectralConfig) -> None:
        """Refuse what the model does not let the loss read, or what needs a higher sample rate.

        Raises:
            ConfigError: naming the key.
        """
        super().check_model(model)
        if model.sample_rate <= 2.0 * TREBLE_HZ:
            check_unread(self, ["treble"], f"a model at {model.sample_rate} Hz")
        for name, least in LEAST_SAMPLE_RATE.items():
            if getattr(self, name) and model.sample_rate < least:
                raise ConfigError(
                    f"{name} needs a sample_rate of at least {least}; it is {model.sample_rate}"
                )


SETTINGS = TaskSettings(DenoiseLossConfig, MixConfig)
