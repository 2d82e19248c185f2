"""Scores: notes with times in seconds, and how their channels bend, fade, move and resound."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["DRUM_CHANNEL", "Curve", "Note", "Score"]

#: Channels are counted from 1 to 16, as keyboards and General MIDI do; drums are on the tenth.
DRUM_CHANNEL = 10


@dataclass(frozen=True)
class Note:
    """One note to play. Times in seconds from the start of the score."""

    onset_seconds: float
    #: When the key goes up, or the pedal that held it; the sound's release follows.
    release_seconds: float
    #: MIDI number: 60 is the middle C, 69 is A4 at 440 Hz.
    pitch: int
    #: 1 to 127.
    velocity: int
    #: 1 to 16; drums are on 10.
    channel: int = 1
    #: General MIDI program, 0 to 127, that the channel had when the note began.
    program: int = 0


@dataclass(frozen=True)
class Curve:
    """A value that changes in steps: `values[i]` holds from `seconds[i]` on, the first always."""

    seconds: np.ndarray
    values: np.ndarray

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """The values at these times."""
        index = np.searchsorted(self.seconds, seconds, side="right") - 1
        return self.values[np.maximum(index, 0)]


@dataclass(frozen=True)
class Score:
    """Notes in the order of their onsets, and how channels bend, fade and move."""

    notes: tuple[Note, ...]
    #: Channel -> bend in semitones; absent where a channel never bends.
    bends: dict[int, Curve] = field(default_factory=dict)
    #: Channel -> level in dB relative to the usual volume; absent where it never changes.
    levels_db: dict[int, Curve] = field(default_factory=dict)
    #: Channel -> position from -1, left, to 1, right; absent where it stays in the middle.
    pans: dict[int, Curve] = field(default_factory=dict)
    #: Channel -> the modulation wheel from 0 to 1; absent where it stays down.
    modulations: dict[int, Curve] = field(default_factory=dict)
    #: Channel -> what goes into the room, from 0 to 1; absent where the score does not say.
    sends: dict[int, Curve] = field(default_factory=dict)
    #: What was odd in the file but could be read, a sentence each.
    remarks: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """When the last note is released."""
        return max((note.release_seconds for note in self.notes), default=0.0)

    def channels(self) -> dict[int, tuple[int, ...]]:
        """Channel -> the programs of its notes as they first come, in rising order of channels."""
        programs: dict[int, dict[int, None]] = {}
        for note in self.notes:
            programs.setdefault(note.channel, {})[note.program] = None
        return {channel: tuple(programs[channel]) for channel in sorted(programs)}
