"""What composers hand to the players: notes in beats, parts, and the outline that parts share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

__all__ = ["DRUM_CHANNEL", "Bar", "Composition", "Note", "Outline", "Part"]

#: MIDI's channel of drums, counted from 0.
DRUM_CHANNEL = 9


class Note(NamedTuple):
    """A note: its onset and length in beats, its key (MIDI number) and velocity, 1 to 127."""

    start: float
    length: float
    key: int
    velocity: int


@dataclass(frozen=True)
class Bar:
    """A bar: where it starts in beats, its section, its place there, and its chord.

    `root` is a pitch class, `tones` are semitones above it.
    """

    start: float
    section: str
    index: int
    is_last: bool
    root: int
    tones: tuple[int, ...]


@dataclass(frozen=True)
class Outline:
    """What all parts of a song share; `tempos` are beats a minute, bar by bar."""

    style: str
    beats_per_bar: int
    steps_per_beat: int
    swing: float
    key: int
    mode: str
    scale: tuple[int, ...]
    bars: tuple[Bar, ...]
    tempos: tuple[float, ...]
    #: How far players are off the beat: standard deviation.
    looseness_ms: float = 0.0
    energy: dict[str, float] = field(default_factory=dict)

    @property
    def beats(self) -> float:
        """Length in beats."""
        return float(len(self.bars) * self.beats_per_bar)

    @property
    def steps(self) -> int:
        """Steps of a bar."""
        return self.beats_per_bar * self.steps_per_beat

    @property
    def bpm(self) -> float:
        """Beats a minute, on average."""
        return float(np.mean(self.tempos))

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return float(self.seconds_at(self.beats))

    def seconds_at(self, beats: float | np.ndarray) -> float | np.ndarray:
        """Seconds from the start to a place in beats; beyond the end at the last tempo."""
        lengths = self.beats_per_bar * 60.0 / np.array(self.tempos)
        starts = np.concatenate([[0.0], np.cumsum(lengths)])
        edges = np.arange(len(self.bars) + 1.0) * self.beats_per_bar
        inside = np.interp(beats, edges, starts)
        after = np.maximum(0.0, np.asarray(beats) - self.beats) * 60.0 / self.tempos[-1]
        found = inside + after
        return float(found) if np.ndim(beats) == 0 else np.asarray(found)


@dataclass(frozen=True)
class Part:
    """What one player plays: `program` is General MIDI's, from 0; a drum kit's on its channel.

    Args:
        controls: (beat, controller, value).
        bends: (beat, semitones within -2 to 2).
        pan: from -1, left, to 1, right.
        reverb, chorus: shares, 0 to 1, that go to the synthesiser's effects.
    """

    name: str
    stem: str
    program: int
    notes: tuple[Note, ...]
    channel: int = 0
    controls: tuple[tuple[float, int, int], ...] = ()
    bends: tuple[tuple[float, float], ...] = ()
    level_db: float = 0.0
    pan: float = 0.0
    reverb: float = 0.0
    chorus: float = 0.0


@dataclass(frozen=True)
class Composition:
    """A song on paper; `melody` is what a voice would sing."""

    outline: Outline
    parts: tuple[Part, ...]
    melody: tuple[Note, ...] = ()
    drums_from: str = ""
