"""Rooms and tone colours for many crops at once, in one Fourier round trip each.

An equaliser is a smooth zero-phase response, a room an impulse response: both are products in
frequency. Making a room costs more than using it, so a bank of rooms may be drawn from a seed
once, and kept as spectra.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from aeolia.data.corruptions import fast_length
from aeolia.data.rooms import EARLY_SECONDS, simulate_room

__all__ = ["Acoustics", "Colour", "Room", "draw_curve", "early_part", "smooth_response"]

_Item = TypeVar("_Item")

#: Points of a random equaliser between 60 Hz and half the sample rate.
_EQ_POINTS = 8
#: Responses of a bank are cut here.
_BANK_SECONDS = 0.7
#: How the early part of a response ends.
_FADE_SECONDS = 0.005
#: Crops that are transformed together.
_TOGETHER = 8


@dataclass(frozen=True, eq=False)
class Room:
    """Spectra [Q] of a room's impulse response: of all of it, and of its first 50 ms."""

    whole: Tensor
    early: Tensor


@dataclass(frozen=True, eq=False)
class Colour:
    """What a crop passes through: an equaliser's gains in dB [P], and a room; or neither."""

    curve_db: np.ndarray | None = None
    room: Room | None = None


def draw_curve(rng: np.random.Generator, probability: float, reach_db: float) -> np.ndarray | None:
    """Gains in dB of an equaliser, or at times none; how far they reach is drawn too."""
    if rng.random() >= probability:
        return None
    spread = rng.uniform(0.2, 1.0) * reach_db
    return rng.uniform(-spread, spread, _EQ_POINTS)


class Acoustics:
    """Equalisers, and rooms of up to `longest_seconds`, for crops of `length` samples."""

    def __init__(self, sample_rate: int, length: int, longest_seconds: float) -> None:
        self.sample_rate = sample_rate
        self._longest = int(longest_seconds * sample_rate)
        self._size = fast_length(length + self._longest)
        #: Rooms to draw from.
        self.bank: list[Room] = []

    @classmethod
    def with_bank(
        cls,
        sample_rate: int,
        length: int,
        rooms: int,
        rt60_seconds: tuple[float, float],
        seed: int,
    ) -> Acoustics:
        """A bank of simulated rooms whose reverberation times come from a range."""
        acoustics = cls(sample_rate, length, _BANK_SECONDS)
        responses = []
        for number in range(rooms):
            rng = np.random.default_rng((seed, number))
            responses.append(simulate_room(rng, sample_rate, float(rng.uniform(*rt60_seconds))))
        acoustics.bank = acoustics.rooms(responses)
        return acoustics

    def rooms(self, responses: Sequence[np.ndarray]) -> list[Room]:
        """Rooms of impulse responses [L] that begin at their direct sound."""
        if not responses:
            return []
        padded = torch.zeros(len(responses), self._longest)
        for row, response in zip(padded, responses, strict=True):
            row[: len(response)] = torch.from_numpy(response[: len(row)])
        early = early_part(padded, self.sample_rate)
        spectra = (torch.fft.rfft(part, self._size) for part in (padded, early))
        return [Room(*pair) for pair in zip(*spectra, strict=True)]

    def draw(
        self, rng: np.random.Generator, equaliser: float, equaliser_db: float, reverb: float
    ) -> Colour:
        """A colour: an equaliser and a room of the bank, with these probabilities."""
        curve = draw_curve(rng, equaliser, equaliser_db)
        in_room = rng.random() < reverb and bool(self.bank)
        return Colour(curve, self.bank[int(rng.integers(len(self.bank)))] if in_room else None)

    def apply(self, audio: Tensor, colours: Sequence[Colour]) -> Tensor:
        """Crops [N, T] as they sound through their colours, in place."""
        return self._apply(audio, colours, None)

    def apply_with_early(self, audio: Tensor, colours: Sequence[Colour]) -> tuple[Tensor, Tensor]:
        """(as it sounds, target) [N, T] each: the target keeps the room's first 50 ms only.

        Both have their direct sound where the dry sound was; `audio` is overwritten.
        """
        target = torch.empty_like(audio)
        return self._apply(audio, colours, target), target

    def _apply(self, audio: Tensor, colours: Sequence[Colour], target: Tensor | None) -> Tensor:
        length = audio.shape[1]
        # Room for what a zero-phase equaliser adds before and after.
        dry_size = fast_length(length + self.sample_rate // 50)
        curved = [i for i, c in enumerate(colours) if c.room is None and c.curve_db is not None]
        # A few at a time: together for the FFT's sake, not all for the memory's.
        for rows in _few_at_a_time(curved):
            spectrum = self._equalised(audio, rows, colours, dry_size)
            audio[rows] = torch.fft.irfft(spectrum, dry_size)[:, :length]
        if target is not None:
            target.copy_(audio)
        wet = [(i, c.room) for i, c in enumerate(colours) if c.room is not None]
        for part in _few_at_a_time(wet):
            rows, rooms = [i for i, _ in part], [room for _, room in part]
            spectrum = self._equalised(audio, rows, colours, self._size)
            if target is not None:
                early = spectrum * torch.stack([room.early for room in rooms])
                target[rows] = torch.fft.irfft(early, self._size)[:, :length]
            spectrum *= torch.stack([room.whole for room in rooms])
            audio[rows] = torch.fft.irfft(spectrum, self._size)[:, :length]
        return audio

    def _equalised(
        self, audio: Tensor, rows: list[int], colours: Sequence[Colour], size: int
    ) -> Tensor:
        """Spectra [len(rows), size // 2 + 1] of some crops, through their equalisers."""
        spectrum: Tensor = torch.fft.rfft(audio[rows], size)
        curves = {position: colours[i].curve_db for position, i in enumerate(rows)}
        points = {position: curve for position, curve in curves.items() if curve is not None}
        if points:
            response = smooth_response(np.stack(list(points.values())), size, self.sample_rate)
            spectrum[list(points)] *= response
        return spectrum


def _few_at_a_time(items: list[_Item]) -> Iterator[list[_Item]]:
    for begin in range(0, len(items), _TOGETHER):
        yield items[begin : begin + _TOGETHER]


def smooth_response(points_db: np.ndarray, length: int, sample_rate: int) -> Tensor:
    """Gain [B, length // 2 + 1] through `points_db` [B, P], evenly spaced in log frequency.

    The points lie from 60 Hz to half the sample rate; between them the gain in dB follows a
    raised cosine, so that the response has no corners and its impulse response stays short.
    """
    points = torch.as_tensor(np.asarray(points_db, np.float32))
    index, weight = _between_points(points.shape[1], length, sample_rate)
    exponents = points * (np.log(10.0) / 20.0)
    steps = exponents.diff(dim=1)
    return torch.exp(torch.addcmul(exponents[:, index], steps[:, index], weight))


@functools.lru_cache(maxsize=8)
def _between_points(count: int, length: int, sample_rate: int) -> tuple[Tensor, Tensor]:
    """For each bin the point below it [Q], and how far it is towards the next, 0 to 1 [Q]."""
    frequencies = torch.fft.rfftfreq(length, 1.0 / sample_rate).clamp_min(60.0)
    octaves = torch.log2(frequencies / 60.0) / np.log2(sample_rate / 2.0 / 60.0)
    position = (octaves * (count - 1)).clamp(0.0, count - 1.001)
    index = position.long()
    return index, 0.5 - 0.5 * torch.cos(np.pi * (position - index))


def early_part(response: Tensor, sample_rate: int) -> Tensor:
    """Direct sound and first 50 ms of responses [B, L] that begin at the direct sound.

    A fade of 5 ms follows, for a hard cut through a dense tail would colour the target.
    """
    cut = response[:, : int((EARLY_SECONDS + _FADE_SECONDS) * sample_rate) + 1]
    seconds = torch.arange(cut.shape[1]) / sample_rate
    fade = ((seconds - EARLY_SECONDS) / _FADE_SECONDS).clamp(0.0, 1.0)
    return cut * (0.5 + 0.5 * torch.cos(np.pi * fade))
