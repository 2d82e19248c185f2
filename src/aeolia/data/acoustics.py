"""Rooms and tone colours for many crops at once, in one Fourier round trip each.

Making a room costs more than using it, so a bank of rooms is drawn from the seed once, and kept
as spectra. An equaliser is a smooth zero-phase response; both are products in frequency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from aeolia.data.corruptions import early_part, fast_length, smooth_response
from aeolia.data.rooms import simulate_room

__all__ = ["Acoustics", "Colour"]

#: Points of a random equaliser between 60 Hz and half the sample rate.
_EQ_POINTS = 8
#: Responses are cut here.
_LONGEST_SECONDS = 0.7
#: Crops that are transformed together.
_TOGETHER = 8


@dataclass(frozen=True)
class Colour:
    """What a crop passes through: gains in dB of an equaliser, number of a room; or neither."""

    curve_db: np.ndarray | None = None
    room: int | None = None


class Acoustics:
    """A bank of simulated rooms, and equalisers, for crops of `length` samples.

    Args:
        rt60_seconds: range of the rooms' reverberation times.
    """

    def __init__(
        self,
        sample_rate: int,
        length: int,
        rooms: int,
        rt60_seconds: tuple[float, float],
        seed: int,
    ) -> None:
        self.sample_rate = sample_rate
        self.length = length
        longest = int(_LONGEST_SECONDS * sample_rate)
        self._size = fast_length(length + longest)
        responses = torch.zeros(rooms, longest)
        for number, response in enumerate(responses):
            rng = np.random.default_rng((seed, number))
            room = simulate_room(rng, sample_rate, float(rng.uniform(*rt60_seconds)))[:longest]
            response[: len(room)] = torch.from_numpy(room)
        self._whole = torch.fft.rfft(responses, self._size)
        self._early = torch.fft.rfft(early_part(responses, sample_rate), self._size)

    @property
    def rooms(self) -> int:
        """Number of rooms."""
        return len(self._whole)

    def draw(
        self, rng: np.random.Generator, equaliser: float, equaliser_db: float, reverb: float
    ) -> Colour:
        """A colour: an equaliser and a room with these probabilities."""
        curve = None
        if rng.random() < equaliser:
            spread = rng.uniform(0.2, 1.0) * equaliser_db
            curve = rng.uniform(-spread, spread, _EQ_POINTS)
        in_room = rng.random() < reverb and self.rooms > 0
        return Colour(curve, int(rng.integers(self.rooms)) if in_room else None)

    def apply(self, audio: torch.Tensor, colours: Sequence[Colour]) -> torch.Tensor:
        """Crops [N, T] as they sound through their colours, in place."""
        return self.apply_with_early(audio, colours, with_early=False)[0]

    def apply_with_early(
        self, audio: torch.Tensor, colours: Sequence[Colour], with_early: bool = True
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(as it sounds, target) [N, T] each: the target keeps the room's first 50 ms only."""
        length = audio.shape[1]
        dry_size = fast_length(length + self.sample_rate // 50)
        dry = [i for i, c in enumerate(colours) if c.room is None and c.curve_db is not None]
        wet = [i for i, c in enumerate(colours) if c.room is not None]
        # A few at a time: together for the FFT's sake, not all for the memory's.
        for rows in _split(dry):
            spectrum = self._coloured(audio, rows, colours, dry_size)
            audio[rows] = torch.fft.irfft(spectrum, dry_size)[:, :length]
        target = audio.clone() if with_early else audio
        for rows in _split(wet):
            spectrum = self._coloured(audio, rows, colours, self._size)
            rooms = [colours[i].room for i in rows]
            if with_early:
                early = torch.fft.irfft(spectrum * self._early[rooms], self._size)
                target[rows] = early[:, :length]
            whole = torch.fft.irfft(spectrum.mul_(self._whole[rooms]), self._size)
            audio[rows] = whole[:, :length]
        return audio, target

    def _coloured(
        self, audio: torch.Tensor, rows: list[int], colours: Sequence[Colour], size: int
    ) -> torch.Tensor:
        """Spectra [len(rows), size // 2 + 1] of some crops, through their equalisers."""
        spectrum = torch.fft.rfft(audio[rows], size)
        curved = [place for place, i in enumerate(rows) if colours[i].curve_db is not None]
        if curved:
            curves = [colours[rows[place]].curve_db for place in curved]
            points = np.stack([curve for curve in curves if curve is not None])
            spectrum[curved] *= smooth_response(points, size, self.sample_rate)
        return spectrum


def _split(rows: list[int]) -> list[list[int]]:
    """The rows, a few at a time."""
    return [rows[begin : begin + _TOGETHER] for begin in range(0, len(rows), _TOGETHER)]
