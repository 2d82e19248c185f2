"""What one optimiser step of a synthesiser minimises: the negative evidence lower bound."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.data.synth.batches import NoteBatch
from aeolia.models.synth.synthesiser import Reconstruction
from aeolia.nn.gaussian import free_bits
from aeolia.training.synth.config import SynthLossConfig
from aeolia.training.synth.losses import (
    MultiResolutionLoss,
    SpectrogramLoss,
    envelope_loss,
    level_loss,
    pitch_correlation,
)
from aeolia.training.synth.timbre import TimbreLoss

__all__ = ["SynthObjective", "build_reconstruction", "reconstruct"]


class SynthObjective:
    """Reconstruct crops of notes from draws of their posteriors.

        loss = E_q[-log p(crop | timbre, pitch, loudness)] + beta * KL(q || prior)
             + error of timbre and envelope + correlation with the pitch

    divided by the number of observations, so that it does not grow with it.
    """

    def __init__(self, config: SynthLossConfig, model_config: SynthConfig, seed: int) -> None:
        self.config = config
        self.seed = seed
        self.model_config = model_config
        self.reconstruction = build_reconstruction(model_config)
        self.timbre = TimbreLoss(model_config.sample_rate)

    def __call__(
        self, model: nn.Module, batch: NoteBatch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms; a pure function of the model, the batch and the step number."""
        config = self.config
        # Twenty bits for the step leave each run of a seed its own stream of noise.
        generator = torch.Generator().manual_seed((self.seed << 20) + step)
        noise = torch.randn(batch.audio.shape, generator=generator).to(batch.audio.device)
        shape = (len(batch.audio), self.model_config.latent_dim)
        latent_noise = torch.randn(shape, generator=generator).to(batch.audio.device)
        made = reconstruct(model, batch, noise, latent_noise)
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
            + config.linear * linear.mean()
            + config.timbre * timbre.mean()
            + config.spread * spread.mean()
            + config.level * level / 20.0
            + config.beta_at(step) * divergence / config.observations
            + config.envelope * envelope / 20.0
            + config.pitch * pitch
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


def reconstruct(
    model: nn.Module, batch: NoteBatch, noise: Tensor, latent_noise: Tensor
) -> Reconstruction:
    """A crop of every note of a batch, decoded from a draw of its posterior.

    Args:
        noise: [B, T] and latent_noise [B, D], unit normal.
    """
    made: Reconstruction = model(
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
    return made


def build_reconstruction(config: SynthConfig) -> MultiResolutionLoss | SpectrogramLoss:
    """The distance of a note's spectrograms, for what the config's decoder makes."""
    if config.decoder == "spectrogram":
        return SpectrogramLoss(config)
    return MultiResolutionLoss(config.sample_rate)
