"""How loud a played note is over time: an instrument's envelope, from score to loudness."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.nn.pitch import N_PITCH_FEATURES, pitch_features

__all__ = ["EnvelopeNetwork"]

#: Time constants in seconds through which the network sees the time since the onset.
_TIMES = (0.005, 0.02, 0.06, 0.2, 0.6, 2.0)
#: The slope at the end of the longest known note is taken over this long.
_SLOPE_SECONDS = 0.4
#: A note that was not falling at least this fast, in dB per second, is held as it is.
_SUSTAINED_DB = 3.0
_FLOOR_DB = -90.0


class EnvelopeNetwork(nn.Module):
    """Loudness contour of a note.

        loudness = full_loudness - velocity_range * (1 - velocity) + shape(time) - release

    Velocity enters alone and linearly, so a harder stroke is louder by a known amount, always. The
    shape depends on timbre, instrument, pitch and time. After the longest note that the instrument
    was learned from, its last slope goes on.
    """

    held_seconds: Tensor

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.config = config
        n_inputs = config.latent_dim + len(config.instruments) + N_PITCH_FEATURES
        self.condition = nn.Linear(n_inputs, 96)
        self.time = nn.Linear(len(_TIMES) + 1, 96, bias=False)
        self.network = nn.Sequential(nn.SiLU(), nn.Linear(96, 96), nn.SiLU(), nn.Linear(96, 1))
        held = torch.tensor(config.held_seconds or (3.0,) * len(config.instruments))
        self.register_buffer("held_seconds", held, persistent=False)

    def shape(
        self, latent: Tensor, instrument: Tensor, pitch_midi: Tensor, seconds: Tensor
    ) -> Tensor:
        """Level in dB relative to a note of this velocity [V, F] at times [V, F] in seconds."""
        inputs = torch.cat([latent, instrument, pitch_features(pitch_midi)], dim=1)
        constants = torch.tensor(_TIMES, device=seconds.device)
        times = torch.cat(
            [torch.exp(-seconds.unsqueeze(2) / constants), seconds.unsqueeze(2)], dim=2
        )
        hidden = self.condition(inputs).unsqueeze(1) + self.time(times)
        level: Tensor = 20.0 * self.network(hidden).squeeze(2)
        return level

    def forward(
        self,
        latent: Tensor,
        instrument: Tensor,
        pitch_midi: Tensor,
        velocity: Tensor,
        since_onset: Tensor,
        since_release: Tensor,
    ) -> Tensor:
        """Loudness [V, F] in dBFS.

        Args:
            latent: [V, D]; instrument: [V, I]; pitch_midi and velocity (0 to 1): [V].
            since_onset: [V, F] seconds since the note began.
            since_release: [V, F] seconds since it was let go; negative while it is held.
        """
        share = instrument / instrument.sum(dim=1, keepdim=True).clamp(min=1e-6)
        held = torch.matmul(share, self.held_seconds.unsqueeze(1)).clamp(min=_SLOPE_SECONDS)
        known = torch.minimum(since_onset.clamp(min=0.0), held)
        ends = torch.cat([held - _SLOPE_SECONDS, held], dim=1)
        levels = self.shape(latent, instrument, pitch_midi, torch.cat([known, ends], dim=1))
        slope = (levels[:, -1:] - levels[:, -2:-1]) / _SLOPE_SECONDS
        slope = slope * (slope < -_SUSTAINED_DB).float()
        level = levels[:, :-2] + slope * (since_onset - known).clamp(min=0.0)
        level = level + self.config.full_loudness_db
        level = level - self.config.velocity_range_db * (1.0 - velocity.unsqueeze(1))
        level = level - 60.0 / self.config.release_seconds * since_release.clamp(min=0.0)
        return level.clamp(min=_FLOOR_DB)
