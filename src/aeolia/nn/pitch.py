"""Pitch as numbers that a network can read."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["N_PITCH_FEATURES", "hz_to_midi", "midi_to_hz", "pitch_features"]

#: Values that `pitch_features` makes of one pitch.
N_PITCH_FEATURES = 7


def hz_to_midi(pitch_hz: Tensor) -> Tensor:
    """Pitch [...] in Hz to MIDI note numbers (69 is 440 Hz, 12 an octave).

    Below 1 Hz, which means unvoiced, the result is that of 1 Hz.
    """
    return 69.0 + 12.0 * torch.log2(pitch_hz.clamp(min=1.0) / 440.0)


def midi_to_hz(pitch_midi: Tensor) -> Tensor:
    """MIDI note numbers [...] to Hz in equal temperament, A4 (69) at 440 Hz."""
    return 440.0 * 2.0 ** ((pitch_midi - 69.0) / 12.0)


def pitch_features(pitch_midi: Tensor) -> Tensor:
    """Pitch [...] as MIDI note number to smooth features [..., 7] of the order of one.

    With p = (pitch - 60) / 48, which is -1 to 1 over eight octaves around middle C: p itself,
    and the sine and cosine of pi * p times 1/2, 1 and 2.
    """
    position = (pitch_midi - 60.0) / 48.0
    angles = position.unsqueeze(-1) * (
        math.pi * torch.tensor([0.5, 1.0, 2.0], device=pitch_midi.device)
    )
    return torch.cat([position.unsqueeze(-1), torch.sin(angles), torch.cos(angles)], dim=-1)
