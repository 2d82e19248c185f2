"""A player: reads lines of steps, and is never quite on the beat nor twice equally loud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aeolia.data.songs.composing.score import Bar, Note, Outline

__all__ = ["Player", "Step", "read_line"]

#: Loudness of the steps of a beat: the first of the bar, other beats, and what is between.
_DOWN, _BEAT, _BETWEEN = 1.0, 0.92, 0.8


class Step(NamedTuple):
    """A character of a line that plays: its place in the bar, its length in steps, itself."""

    position: int
    length: int
    symbol: str


def read_line(line: str, steps: int) -> Iterator[Step]:
    """The steps of a bar at which a line plays; `-` lengthens what is before, `.` rests."""
    whole = (line * (steps // len(line) + 1))[:steps]
    for position, symbol in enumerate(whole):
        if symbol in "-.":
            continue
        length = 1
        while position + length < steps and whole[position + length] == "-":
            length += 1
        yield Step(position, length, symbol)


class Player:
    """Turns steps into notes of one part: each player has an own lead or lag, and touch."""

    def __init__(
        self, outline: Outline, rng: np.random.Generator, velocity: float, spread: float = 5.0
    ) -> None:
        self.outline = outline
        self.rng = rng
        self.velocity = velocity
        self._spread = spread * min(1.0, 0.3 + outline.looseness_ms / 8.0)
        self._beats_per_ms = outline.bpm / 60000.0
        self._lag = float(rng.normal(0.0, outline.looseness_ms)) * self._beats_per_ms

    def when(self, bar: Bar, step: float) -> float:
        """The beat at which a step of a bar is played."""
        outline = self.outline
        beat = step / outline.steps_per_beat
        if outline.steps_per_beat == 4 and int(step) % 2 == 1:
            beat += outline.swing / outline.steps_per_beat
        jitter = float(self.rng.normal(0.0, outline.looseness_ms)) * self._beats_per_ms
        return max(0.0, bar.start + beat + self._lag + jitter)

    def note(
        self, bar: Bar, step: float, steps: float, key: int, level: float = 1.0, late: float = 0.0
    ) -> Note:
        """A note of `steps` steps; `level` scales its velocity, `late` is in beats."""
        outline = self.outline
        weight = _BETWEEN
        if int(step) % outline.steps_per_beat == 0:
            weight = _BEAT if int(step) else _DOWN
        energy = outline.energy.get(bar.section, 1.0)
        velocity = self.velocity * level * weight * energy + self.rng.normal(0.0, self._spread)
        length = max(0.06, steps / outline.steps_per_beat * float(self.rng.uniform(0.84, 0.99)))
        start = self.when(bar, step) + late
        return Note(start, max(0.05, length - late), key, min(127, max(1, round(velocity))))
