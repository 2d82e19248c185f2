"""Validation of synthesisers on notes that were held out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from aeolia.config import SynthConfig
from aeolia.data.synth.batches import NoteBatch, NoteBatches
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.data.synth.notes import NotePool
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.training.run_folder import SHOWN, Sound
from aeolia.training.synth.latent_report import LATENT_SCORES, latent_report
from aeolia.training.synth.losses import envelope_loss
from aeolia.training.synth.objective import build_reconstruction, reconstruct

__all__ = ["SynthValidation", "score_names"]

_MEANS = ("logarithmic", "linear", "envelope_db")
_DIVERGENCE = "divergence"


def score_names(model: Any) -> list[str]:
    """What `SynthValidation` gives; with a few notes only, nothing is said of the pitch."""
    return [*_MEANS, _DIVERGENCE, *LATENT_SCORES]


class SynthValidation:
    """Held-out notes of known instruments, reconstructed from their posterior means."""

    def __init__(self, pool: NotePool, config: SynthConfig, mix: NoteMixConfig, count: int) -> None:
        known = [n for n in pool.of("choose") if n.file.instrument in config.instruments]
        order = np.random.default_rng(mix.seed).permutation(len(known))[:count]
        self.notes = [known[i] for i in order]
        self.batches = NoteBatches(self.notes, config, mix)
        self.distance = build_reconstruction(config)
        self.sounds: list[Sound] = []

    @torch.no_grad()
    def __call__(self, model: Synthesiser) -> dict[str, float]:
        """Mean spectral distances, divergence and envelope error, and the latent's report."""
        sums = dict.fromkeys(_MEANS, 0.0)
        posteriors, pitches, divergences = [], [], []
        for first in range(0, len(self.notes), 8):
            chosen = range(first, min(first + 8, len(self.notes)))
            batch = self.batches.gather(chosen, [0] * len(chosen))
            generator = torch.Generator().manual_seed(first)
            noise = torch.randn(batch.audio.shape, generator=generator)
            latent_noise = torch.zeros(len(chosen), model.config.latent_dim)
            made = reconstruct(model, batch, noise, latent_noise)
            if first == 0:
                self.sounds = _sounds(model, batch, made.posterior.mean)
            terms = self.distance(batch.audio, made.decoded, batch.bandwidth_hz, batch.compared)
            for name, values in zip(("logarithmic", "linear"), terms, strict=True):
                sums[name] += float(values.sum())
            error = envelope_loss(made.shape_db, batch.shape_db, batch.held)
            sums["envelope_db"] += float(error) * len(chosen)
            posteriors.append(made.posterior)
            divergences.append(made.divergence)
            pitches.append(batch.pitch_midi)
        scores = {name: total / len(self.notes) for name, total in sums.items()}
        mean = torch.cat([posterior.mean for posterior in posteriors])
        scores[_DIVERGENCE] = float(torch.cat(divergences).sum(1).mean())
        scores.update(latent_report(mean, torch.cat(divergences), torch.cat(pitches)))
        return scores


def _sounds(model: Synthesiser, batch: NoteBatch, latent: Tensor) -> list[Sound]:
    """The first notes of a batch as recorded, and decoded from their timbres [B, D]."""
    few = slice(0, SHOWN)
    decoded = model.decode(
        latent[few], batch.crop_hz[few], batch.loudness_db[few], batch.instrument[few]
    )
    return [
        Sound(f"note {index}/{name}", audio.numpy(), batch.sample_rate)
        for index, pair in enumerate(zip(batch.audio[few], decoded, strict=True))
        for name, audio in zip(("recorded", "decoded"), pair, strict=True)
    ]
