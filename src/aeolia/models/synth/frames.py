"""What the decoders of a synthesiser share: their input, and a network over its frames.

    timbre, instrument -> condition --+
    pitch, loudness, age -> features -+-> network over frames -> hidden values of each frame

Axes: V voices, F frames, D timbre latent, I instruments, C channels of the network.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.nn.frame_network import FrameNetwork
from aeolia.nn.pitch import N_PITCH_FEATURES, hz_to_midi, pitch_features
from aeolia.nn.state import Shapes, State, zero_state

__all__ = ["DecoderInput", "FrameDecoder", "amplitude", "frame_features", "soft_ceiling"]

#: Time constants, in frames, through which the network sees how long a voice has sounded.
_AGES = (2.0, 8.0, 30.0, 100.0, 400.0)
#: Notes are learned from for so many frames (three seconds); a voice that has sounded for longer
#: keeps the timbre that it had by then.
_LONGEST_AGE = 300.0
_N_FEATURES = N_PITCH_FEATURES + 2 + len(_AGES)


def frame_features(pitch_hz: Tensor, loudness_db: Tensor, age: Tensor) -> Tensor:
    """What the network sees of each frame: pitch, voicing, loudness, age; [V, F] to [V, F, N]."""
    voiced = (pitch_hz > 0.0).float()
    # An unvoiced frame has no pitch to show: the middle of the keyboard stands for it.
    midi = hz_to_midi(pitch_hz) * voiced + 60.0 * (1.0 - voiced)
    ages = age.clamp(max=_LONGEST_AGE).unsqueeze(-1)
    ages = torch.exp(-ages / torch.tensor(_AGES, device=age.device))
    level = (loudness_db.clamp(min=-90.0) + 40.0) / 20.0
    return torch.cat(
        [pitch_features(midi), voiced.unsqueeze(-1), level.unsqueeze(-1), ages], dim=-1
    )


def amplitude(loudness_db: Tensor) -> Tensor:
    """dBFS to amplitude; exactly zero at -90 and below, the floor of the loudness scale."""
    size = torch.pow(10.0, loudness_db / 20.0)
    return size * (loudness_db > -90.0).float()


def soft_ceiling(levels: Tensor, ceiling: float) -> Tensor:
    """Levels bounded above, smoothly, so that no filter explodes; unbounded below."""
    return ceiling - nn.functional.softplus(ceiling - levels)


class DecoderInput(NamedTuple):
    """Frames of some voices: what a decoder turns into audio."""

    #: Timbre [V, D].
    latent: Tensor
    #: One-hot, or a mix [V, I].
    instrument: Tensor
    #: [V, F] in Hz, 0 where unvoiced.
    pitch_hz: Tensor
    #: [V, F] in dBFS.
    loudness_db: Tensor
    #: Unit normal [V, F * hop].
    noise: Tensor


class FrameDecoder(nn.Module):
    """Condition and network over frames; a subclass makes sound of the hidden values."""

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(len(config.instruments), config.condition_dim, bias=False)
        self.condition = nn.Sequential(
            nn.Linear(config.latent_dim + config.condition_dim, 2 * config.condition_dim),
            nn.SiLU(),
            nn.Linear(2 * config.condition_dim, config.condition_dim),
        )
        self.network = FrameNetwork(
            _N_FEATURES, config.channels, config.condition_dim, config.layers, config.kernel_frames
        )

    def state_shapes(self) -> Shapes:
        """Name and shape (without the voices' axis) of every state tensor."""
        return {"age": (1,), **self.network.state_shapes()}

    def initial_state(self, voices: int) -> State:
        """Zero state: voices that begin with the first frame."""
        return zero_state(self.state_shapes(), voices, self.embed.weight.device)

    def hidden(self, frames: DecoderInput, state: State) -> tuple[Tensor, State]:
        """Hidden values [V, F, C] of each frame, and the next ages and state of the network."""
        pitch_hz = frames.pitch_hz
        age = state["age"] + torch.arange(pitch_hz.shape[1], device=pitch_hz.device).float()
        condition = self.condition(torch.cat([frames.latent, self.embed(frames.instrument)], dim=1))
        features = frame_features(pitch_hz, frames.loudness_db, age)
        hidden, following = self.network(features, condition, state)
        following["age"] = age[:, -1:] + 1.0
        return hidden, following
