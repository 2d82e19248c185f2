"""What excites a voice: harmonics of an exact pitch, phase-continuous and free of aliasing.

Time runs in frames of `hop_length` samples; a sample is addressed by (frame, sample in the frame).
Phases are counted in cycles.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["PhaseAccumulator", "harmonic_sum", "harmonic_weights", "pulse_train"]

#: Harmonics fade out below this share of the Nyquist frequency.
_HIGHEST = 0.98
_TINY = 1e-5


class PhaseAccumulator(nn.Module):
    """Pitch per frame to phase per sample.

    The frequency moves in a straight line from the last frame's pitch, reached at the start of a
    frame, to the frame's own, reached at its end; the phase is its exact integral. Pitch 0 is
    unvoiced: the phase rests, and `gate` fades the harmonics over that frame. State: phase and
    last pitch, [V, 1] each, zeros for a voice that begins.
    """

    samples: Tensor

    def __init__(self, sample_rate: int, hop_length: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.hop_length = hop_length
        samples = torch.arange(hop_length, dtype=torch.float32)
        self.register_buffer("samples", samples, persistent=False)

    def forward(
        self, pitch_hz: Tensor, phase: Tensor, last_hz: Tensor, fresh: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Pitch [V, F] to the phase of every sample, and what goes with it.

        Args:
            fresh: [V, 1], 1 where the voice begins with the first frame: its harmonics sound
                at once, without the fade of a voiced part that follows an unvoiced one.

        Returns:
            cycles [V, F, hop] from -0.5 to 0.5, frequency in Hz [V, F, hop], gate [V, F, hop],
            next phase and next last pitch.
        """
        first = torch.where(fresh > 0.5, pitch_hz[:, :1], last_hz)
        before = torch.cat([first, pitch_hz[:, :-1]], dim=1)
        start_hz = torch.where(before > 0.0, before, pitch_hz).unsqueeze(2)
        end_hz = torch.where(pitch_hz > 0.0, pitch_hz, before).unsqueeze(2)
        share = self.samples / self.hop_length
        hz = start_hz + (end_hz - start_hz) * share
        inside = (start_hz + hz) * (0.5 / self.sample_rate) * self.samples
        # Whole cycles are dropped, and in double precision, so that the phase of the hundredth
        # harmonic is as good after an hour as at the start.
        # Apple's GPUs, which only train on crops, have no double precision.
        precise = torch.float32 if phase.device.type == "mps" else torch.float64
        phase = phase.to(precise)
        total = (start_hz + end_hz).squeeze(2).to(precise)
        total = total * (0.5 * self.hop_length / self.sample_rate)
        ends = phase + torch.cumsum(total, dim=1)
        starts = torch.cat([phase, ends[:, :-1]], dim=1)
        starts = (starts - torch.floor(starts)).float()
        cycles = starts.unsqueeze(2) + inside
        cycles = cycles - torch.floor(cycles + 0.5)
        voiced = (pitch_hz > 0.0).float().unsqueeze(2)
        voiced_before = (before > 0.0).float().unsqueeze(2)
        gate = voiced_before + (voiced - voiced_before) * share
        following = ends[:, -1:] - torch.floor(ends[:, -1:])
        return cycles, hz, gate, following.float(), pitch_hz[:, -1:]


def _room(hz: Tensor, sample_rate: int) -> Tensor:
    """How many harmonics of `hz` are below the limit, as a real number."""
    return 0.5 * _HIGHEST * sample_rate / hz.clamp(min=1.0)


def harmonic_weights(hz: Tensor, count: int, sample_rate: int) -> Tensor:
    """Weights [..., count] of harmonics 1 to `count` of `hz` [...]: 1 below the limit, 0 above.

    The highest one below it fades, so that none appears or disappears suddenly in a glide.
    """
    numbers = torch.arange(1, count + 1, dtype=torch.float32, device=hz.device)
    return (_room(hz, sample_rate).unsqueeze(-1) - numbers).clamp(0.0, 1.0)


def harmonic_sum(cycles: Tensor, sizes: Tensor) -> Tensor:
    """Sums of cosines of harmonics 1 to K at `cycles` [..., T], of sizes [..., G, K]: [..., G, T].

    Their phases are pi k (k - 1) / K, which spreads a sum over the period (Schroeder, 1970): were
    they all in step, its peaks would be far above those of real instruments.
    """
    numbers = torch.arange(1, sizes.shape[-1] + 1, dtype=torch.float32, device=cycles.device)
    offsets = 0.5 * numbers * (numbers - 1.0) / len(numbers)
    turns = cycles.unsqueeze(-2) * numbers.unsqueeze(-1) + offsets.unsqueeze(-1)
    return torch.matmul(sizes, torch.cos((2.0 * math.pi) * turns))


def pulse_train(cycles: Tensor, hz: Tensor, first: int, sample_rate: int) -> Tensor:
    """Sum of cos(2 pi k c) over all harmonics k > `first` below the limit, at `cycles` c [...].

    `hz` [...] is the fundamental frequency.

    The sum in closed form (Dirichlet's kernel) costs the same however many harmonics there are:

        sum_{k=m+1}^{n} cos(k p) = (sin((n + 1/2) p) - sin((m + 1/2) p)) / (2 sin(p / 2))

    The next harmonic is added with the share of it that fits, as in `harmonic_weights`.
    """
    room = _room(hz, sample_rate)
    last = torch.floor(room)
    some = (last > first).float()
    whole = torch.maximum(last - 1.0, torch.full_like(last, float(first)))
    angle = (2.0 * math.pi) * cycles
    divisor = 2.0 * torch.sin(0.5 * angle)
    at_pulse = (divisor.abs() < _TINY).float()
    kernel = torch.sin((whole + 0.5) * angle) - torch.sin((first + 0.5) * angle)
    kernel = kernel / (divisor + at_pulse)
    kernel = kernel * (1.0 - at_pulse) + (whole - first) * at_pulse
    return kernel + some * (room - last) * torch.cos(last * angle)
