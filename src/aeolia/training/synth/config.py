"""What a step of a synthesiser minimises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aeolia.config import SynthConfig
from aeolia.config.ranges import Above, Between, check_fields, check_unread
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.training.config import TaskSettings
from aeolia.training.loss_config import Weight

__all__ = ["SETTINGS", "SynthLossConfig"]


@dataclass(frozen=True)
class SynthLossConfig:
    """Weights of the terms of the evidence lower bound, and of those beside it.

    Raises:
        ConfigError: a value outside its range.
    """

    #: How many independent observations a crop's spectrograms count for: weighs the
    #: reconstruction, a mean over bins, against the divergence, a sum over the latent.
    observations: Annotated[float, Above(0.0), Between(0.0, 1e9)] = 10000.0
    #: Weight of the divergence once warmed up (1: the evidence lower bound itself).
    beta: Weight = 1.0
    #: Steps over which the divergence's weight rises, from a tenth.
    beta_warmup_steps: Annotated[int, Between(0, 10**9)] = 300
    #: Nats of every latent dimension that cost nothing.
    free_nats: Annotated[float, Between(0.0, 1000.0)] = 0.1
    #: Weight of the linear magnitude term beside the logarithmic one.
    linear: Weight = 0.3
    #: Weight of the difference in levels of bands as wide as the ear's, and of their spread.
    timbre: Weight = 1.0
    spread: Weight = 0.5
    #: Weight of a difference in level of 20 dB.
    level: Weight = 1.0
    #: Weight of an envelope error of 20 dB.
    envelope: Weight = 0.5
    #: Weight of the correlation between latent and pitch; 0 lets the latent carry the pitch.
    pitch: Weight = 0.3

    def __post_init__(self) -> None:
        check_fields(self)

    def check_model(self, model: SynthConfig) -> None:
        """Refuse what the model does not let the loss read.

        Raises:
            ConfigError: a weight of a term on audio, for a decoder that makes none in training.
        """
        if model.decoder == "spectrogram":
            check_unread(self, ["timbre", "spread", "level"], "a decoder of spectrograms")

    def beta_at(self, step: int) -> float:
        """Weight of the divergence at a step."""
        return self.beta * min(1.0, 0.1 + 0.9 * step / max(1, self.beta_warmup_steps))


#: What runs of synthesisers differ in from the defaults.
_TRAIN = {
    "steps": 4000,
    "batch_size": 8,
    "learning_rate": 1.5e-3,
    "warmup_steps": 100,
    "ema_decay": 0.998,
    "clip_norm": 2.0,
}

SETTINGS = TaskSettings(SynthLossConfig, NoteMixConfig, _TRAIN)
