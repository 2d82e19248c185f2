"""What one optimiser step of a synthesiser minimises: the negative evidence lower bound."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.data.synth.batches import NoteBatch
from aeolia.errors import ConfigError
from aeolia.nn.gaussian import free_bits
from aeolia.training.config import TrainConfig
from aeolia.training.synth.losses import (
    MultiResolutionLoss,
    SpectrogramLoss,
    envelope_loss,
    level_loss,
    pitch_correlation,
)
from aeolia.training.synth.timbre import TimbreLoss

__all__ = ["SynthObjective", "SynthTrainConfig"]


@dataclass(frozen=True)
class SynthTrainConfig(TrainConfig):
    """A training run of a synthesiser."""

    batch_size: int = 8
    learning_rate: float = 1.5e-3
    warmup_steps: int = 100
    ema_decay: float = 0.998
    clip_norm: float = 2.0
    #: How many independent observations a crop's spectrograms count for: weighs the
    #: reconstruction, a mean over bins, against the divergence, a sum over the latent.
    observations: float = 10000.0
    #: Weight of the divergence once warmed up (1: the evidence lower bound itself).
    beta: float = 1.0
    #: Steps over which the divergence's weight rises, from a tenth.
    beta_warmup_steps: int = 300
    #: Nats of every latent dimension that cost nothing.
    free_nats: float = 0.1
    #: Weight of the linear magnitude term beside the logarithmic one.
    linear_weight: float = 0.3
    #: Weight of the difference in levels of bands as wide as the ear's, and of their spread.
    timbre_weight: float = 1.0
    spread_weight: float = 0.5
    #: Weight of a difference in level of 20 dB.
    level_weight: float = 1.0
    #: Weight of an envelope error of 20 dB.
    envelope_weight: float = 0.5
    #: Weight of the correlation between latent and pitch; 0 lets the latent carry the pitch.
    pitch_weight: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.observations > 0.0:
            raise ConfigError(f"observations is {self.observations}; it must be above 0")
        for field in (
            "beta",
            "beta_warmup_steps",
            "free_nats",
            "linear_weight",
            "timbre_weight",
            "spread_weight",
            "level_weight",
            "envelope_weight",
            "pitch_weight",
        ):
            if getattr(self, field) < 0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must not be negative")

    def beta_at(self, step: int) -> float:
        """Weight of the divergence at a step."""
        return self.beta * min(1.0, 0.1 + 0.9 * step / max(1, self.beta_warmup_steps))


class SynthObjective:
    """Reconstruct crops of notes from draws of their posteriors.

        loss = E_q[-log p(crop | timbre, pitch, loudness)] + beta * KL(q || prior)
             + error of timbre and envelope + correlation with the pitch

    divided by the number of observations, so that it does not grow with it.
    """

    def __init__(self, config: SynthTrainConfig, model_config: SynthConfig) -> None:
        self.config = config
        self.model_config = model_config
        self.reconstruction: MultiResolutionLoss | SpectrogramLoss = (
            SpectrogramLoss(model_config)
            if model_config.decoder == "spectrogram"
            else MultiResolutionLoss(model_config.sample_rate)
        )
        self.timbre = TimbreLoss(model_config.sample_rate)

    def __call__(
        self, model: nn.Module, batch: NoteBatch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms; a pure function of the model, the batch and the step number."""
        config = self.config
        # Twenty bits for the step leave each run of a seed its own stream of noise.
        generator = torch.Generator().manual_seed((config.seed << 20) + step)
        noise = torch.randn(batch.audio.shape, generator=generator).to(batch.audio.device)
        shape = (len(batch.audio), self.model_config.latent_dim)
        latent_noise = torch.randn(shape, generator=generator).to(batch.audio.device)
        made = model(
            batch.log_power,
            batch.note_hz,
            batch.inside,
            batch.instrument,
            batch.pitch_midi,
            batch.velocity,
            batch.times,
            batch.crop_hz,
            batch.loudness_db,
            batch.age,
            noise,
            latent_noise,
        )
        logarithmic, linear = self.reconstruction(
            batch.audio, made.decoded, batch.bandwidth_hz, batch.compared
        )
        level = timbre = spread = torch.zeros(())
        if made.decoded.dim() == 2:  # not of the textbook decoder, which makes no audio here
            level = level_loss(batch.audio, made.decoded, batch.compared)
            timbre, spread = self.timbre(
                batch.audio, made.decoded, batch.bandwidth_hz, batch.compared
            )
        divergence = free_bits(made.divergence, config.free_nats)
        envelope = envelope_loss(made.shape_db, batch.shape_db, batch.held)
        pitch = pitch_correlation(made.posterior.mean, batch.pitch_midi)
        loss = (
            logarithmic.mean()
            + config.linear_weight * linear.mean()
            + config.timbre_weight * timbre.mean()
            + config.spread_weight * spread.mean()
            + config.level_weight * level / 20.0
            + config.beta_at(step) * divergence / config.observations
            + config.envelope_weight * envelope / 20.0
            + config.pitch_weight * pitch
        )
        terms = {
            "logarithmic": logarithmic.mean(),
            "linear": linear.mean(),
            "timbre": timbre.mean(),
            "spread": spread.mean(),
            "level_db": level,
            "divergence": made.divergence.sum(1).mean(),
            "envelope_db": envelope,
            "pitch_correlation": pitch,
        }
        return loss, {name: term.detach() for name, term in terms.items()}
