"""What "bright" or "noisy" mean in a synthesiser's latent: directions, measured on its own sounds.

Timbres are drawn from the prior of every instrument, decoded at one loudness, and measured. Of a
measure m, fitted as m = w z + const within instruments, the direction

    d = S w / sqrt(w' S w),     S the covariance of the drawn latents,

is the likeliest step (for normal z: the shortest in the metric of the inverse of S) that changes m
by one standard deviation of what the latent explains of it, which is sqrt(w' S w).
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from aeolia.config import SynthConfig
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.nn.pitch import midi_to_hz

__all__ = ["tag_directions", "with_tags"]

#: Timbres drawn for each instrument, and how long they sound.
_DRAWS, _SECONDS = 24, 0.4
#: Words for more and for less of each measure, in the order of `_measures`.
_WORDS = (("bright", "dark"), ("noisy", "pure"), ("long", "short"))
#: When, in seconds, the level of a long note still stands and that of a short one has gone.
_EARLY, _LATE = 0.1, 1.0


def with_tags(model: Synthesiser, seed: int = 0) -> SynthConfig:
    """The model's config with the tags that its latent knows."""
    tags = tag_directions(model, seed)
    return dataclasses.replace(model.config, tags=tuple(tags), tag_directions=tuple(tags.values()))


@torch.no_grad()
def tag_directions(model: Synthesiser, seed: int = 0) -> dict[str, tuple[float, ...]]:
    """The step in the latent [D] for every word, measured with draws of this `seed`."""
    generator = torch.Generator().manual_seed(seed)
    latents, measures = [], []
    for index in range(len(model.config.instruments)):
        latent, measured = _sampled(model, index, generator)
        # What differs between instruments is theirs; a word moves within one.
        latents.append(latent - latent.mean(0))
        measures.append(measured - measured.mean(0))
    drawn, measured = torch.cat(latents).double(), torch.cat(measures).double()
    covariance = drawn.T @ drawn / len(drawn)
    ridge = 1e-3 * covariance.diagonal().mean() * torch.eye(len(covariance)).double()
    weights = torch.linalg.solve(covariance + ridge, drawn.T @ measured / len(drawn))
    tags = {}
    for (more, less), weight in zip(_WORDS, weights.T, strict=True):
        step = covariance @ weight
        step = step / (weight @ step).clamp(min=1e-12).sqrt()
        tags[more] = tuple(round(value, 5) for value in step.tolist())
        tags[less] = tuple(-value for value in tags[more])
    return tags


def _sampled(model: Synthesiser, index: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents [N, D] of an instrument, and their measures [N, 3]."""
    config = model.config
    low, high = config.ranges[index] if config.ranges else (48.0, 72.0)
    pitched = high > low
    midi = low + (high - low) * torch.rand(_DRAWS, generator=generator)
    velocity = torch.full((_DRAWS,), 0.8)
    instrument = torch.eye(len(config.instruments))[index].expand(_DRAWS, -1)
    prior = model.prior(instrument, midi, velocity)
    latent = prior.sample(torch.randn(_DRAWS, config.latent_dim, generator=generator))
    frames = round(_SECONDS * config.frame_rate)
    hz = (midi_to_hz(midi) * float(pitched)).unsqueeze(1).expand(-1, frames)
    audio = model.decode(latent, hz, torch.full((_DRAWS, frames), -20.0), instrument)
    times = torch.tensor([[_EARLY, _LATE]]).expand(_DRAWS, -1)
    level = model.envelope.shape(latent, instrument, midi, times)
    lasting = (level[:, 1] - level[:, 0]).unsqueeze(1)
    return latent, torch.cat([_measures(audio, config.sample_rate), lasting], dim=1)


def _measures(audio: Tensor, sample_rate: int) -> Tensor:
    """Brightness and noisiness of sounds [N, T]: log centroid, log flatness; [N, 2]."""
    window = torch.hann_window(1024)
    power = torch.stft(audio, 1024, 512, window=window, return_complex=True).abs().square()
    power = power.mean(2) + 1e-12
    hz = torch.linspace(0.0, sample_rate / 2, power.shape[1])
    centroid = torch.log((power * hz).sum(1) / power.sum(1) + 1.0)
    flatness = torch.log(power).mean(1) - torch.log(power.mean(1))
    return torch.stack([centroid, flatness], dim=1)
