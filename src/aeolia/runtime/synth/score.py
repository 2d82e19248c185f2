"""Scores: Standard MIDI Files as notes with times in seconds.

    read_events (bytes -> events at ticks, runtime.smf) -> tempo map -> per channel: note on and
      off, sustain pedal, bend, volume, expression -> Score

Every note ends where its key goes up, or later where the pedal does. Bend and level are curves of
the channel, so that a held note follows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aeolia.errors import InputError
from aeolia.runtime.synth.smf import Event, SmfFile, parse_smf

__all__ = ["DRUM_CHANNEL", "Curve", "Note", "Score", "read_score"]

#: General MIDI's tenth channel, counted from 0.
DRUM_CHANNEL = 9

#: A score that lasts longer is a mistake in its delta times.
_MAX_HOURS = 6.0

_DEFAULT_TEMPO = 500_000  # microseconds per quarter note: 120 per minute
_BANK_VOLUME, _EXPRESSION, _SUSTAIN = 7, 11, 64
_DATA_COARSE, _DATA_FINE, _RPN_FINE, _RPN_COARSE = 6, 38, 100, 101
_NRPN_FINE, _NRPN_COARSE = 98, 99
_SOUND_OFF, _RESET, _NOTES_OFF = 120, 121, 123
#: General MIDI's volume after power-up: what counts as 0 dB.
_USUAL_VOLUME = 100


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
    #: 0 to 15; drums are on 9.
    channel: int = 0
    #: General MIDI program, 0 to 127, that the channel had.
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
    """Notes in the order of their onsets, and how channels bend and fade."""

    notes: tuple[Note, ...]
    #: Channel -> bend in semitones; absent where a channel never bends.
    bends: dict[int, Curve] = field(default_factory=dict)
    #: Channel -> level in dB relative to the usual volume; absent where it never changes.
    levels_db: dict[int, Curve] = field(default_factory=dict)
    #: What was odd in the file but could be read, a sentence each.
    remarks: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """When the last note is released."""
        return max((note.release_seconds for note in self.notes), default=0.0)

    def channels(self) -> dict[int, int]:
        """Channel -> the program of its first note, in rising order of channels."""
        programs: dict[int, int] = {}
        for note in self.notes:
            programs.setdefault(note.channel, note.program)
        return dict(sorted(programs.items()))


def read_score(path: str | Path) -> Score:
    """Read a Standard MIDI File of type 0 or 1.

    Raises:
        InputError: the file is missing, damaged, of type 2, without notes, or of absurd length.
    """
    name, path = str(path), Path(path)
    if path.is_dir():
        raise InputError(f"{name}: a folder; name a MIDI file (.mid)")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); name a MIDI file") from error
    smf = parse_smf(data, name)
    clock = _Clock(smf)
    if clock.seconds(max((event.tick for event in smf.events), default=0)) > _MAX_HOURS * 3600:
        raise InputError(
            f"{name}: lasts longer than {_MAX_HOURS:g} hours; its delta times or tempo must be "
            f"damaged: export the score again"
        )
    reader = _Reader(clock)
    for event in smf.events:
        reader.take(event)
    score = reader.finish()
    if not score.notes:
        raise InputError(f"{name}: holds no notes; export the score again with its notes")
    return score


class _Clock:
    """Ticks to seconds, through all changes of tempo."""

    def __init__(self, smf: SmfFile) -> None:
        if smf.ticks_per_second:
            self._ticks, self._start = np.zeros(1), np.zeros(1)
            self._rate = np.array([1.0 / smf.ticks_per_second])
            return
        changes: dict[int, int] = {0: _DEFAULT_TEMPO}
        changes.update(
            (event.tick, int.from_bytes(event.data, "big"))
            for event in smf.events
            if event.kind == "tempo"
        )
        ticks = sorted(changes)
        self._ticks = np.array(ticks, float)
        self._rate = np.array([changes[t] for t in ticks]) * 1e-6 / smf.ticks_per_quarter
        self._start = np.concatenate([[0.0], np.cumsum(np.diff(self._ticks) * self._rate[:-1])])

    def seconds(self, tick: int) -> float:
        """When a tick comes."""
        part = int(np.searchsorted(self._ticks, tick, side="right")) - 1
        return float(self._start[part] + (tick - self._ticks[part]) * self._rate[part])


@dataclass
class _Channel:
    """What a channel's controllers stand at, and the keys that sound on it."""

    program: int = 0
    volume: int = _USUAL_VOLUME
    expression: int = 127
    pedal: bool = False
    #: 14 bits, 8192 in the middle.
    wheel: int = 8192
    bend_semitones: float = 2.0
    bend_cents: int = 0
    #: Registered parameter that data entry changes; 0x3FFF is none.
    parameter: int = 0x3FFF
    #: Key -> (onset, velocity, program) of what is down.
    down: dict[int, tuple[float, int, int]] = field(default_factory=dict)
    #: The same for keys that are up and held by the pedal.
    held: dict[int, tuple[float, int, int]] = field(default_factory=dict)
    bends: list[tuple[float, float]] = field(default_factory=list)
    levels: list[tuple[float, float]] = field(default_factory=list)

    def bend(self) -> float:
        """Semitones that the wheel asks for now."""
        return (self.wheel - 8192) / 8192 * (self.bend_semitones + self.bend_cents / 100)

    def level_db(self) -> float:
        """Level that volume and expression ask for, 40 log10 of each as General MIDI has it."""
        product = self.volume / _USUAL_VOLUME * self.expression / 127
        return float(40 * np.log10(product)) if product > 0 else -120.0


class _Reader:
    """Takes events in the order of time and collects notes and curves."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._channels = [_Channel() for _ in range(16)]
        self._notes: list[Note] = []
        self._remarks: list[str] = []
        self._now = 0.0

    def take(self, event: Event) -> None:
        """Let one event happen."""
        self._now = self._clock.seconds(event.tick)
        if event.kind != "channel":
            return
        status, *values = event.data
        number, channel = status & 0x0F, self._channels[status & 0x0F]
        kind = status & 0xF0
        if kind == 0x90 and values[1]:
            self._release(number, values[0])  # a key that is struck again ends its old note
            channel.down[values[0]] = (self._now, values[1], channel.program)
        elif kind in (0x80, 0x90):
            if values[0] in channel.down:
                if channel.pedal and number != DRUM_CHANNEL:
                    channel.held[values[0]] = channel.down.pop(values[0])
                else:
                    self._release(number, values[0])
        elif kind == 0xB0:
            self._control(number, *values)
        elif kind == 0xC0:
            channel.program = values[0]
        elif kind == 0xE0:
            channel.wheel = values[0] | values[1] << 7
            channel.bends.append((self._now, channel.bend()))

    def _release(self, number: int, key: int) -> None:
        """End the note of a key, down or held by the pedal, if there is one."""
        channel = self._channels[number]
        sounding = channel.down.pop(key, None) or channel.held.pop(key, None)
        if sounding:
            onset, velocity, program = sounding
            self._notes.append(Note(onset, self._now, key, velocity, number, program))

    def _control(self, number: int, controller: int, value: int) -> None:
        channel = self._channels[number]
        if controller == _SUSTAIN:
            channel.pedal = value >= 64
            if not channel.pedal:
                self._release_all(number, channel.held)
        elif controller in (_BANK_VOLUME, _EXPRESSION):
            if controller == _EXPRESSION:
                channel.expression = value
            else:
                channel.volume = value
            channel.levels.append((self._now, channel.level_db()))
        elif controller in (_RPN_FINE, _RPN_COARSE):
            shift = 0 if controller == _RPN_FINE else 7
            channel.parameter = channel.parameter & ~(0x7F << shift) | value << shift
        elif controller in (_NRPN_FINE, _NRPN_COARSE):
            channel.parameter = 0x3FFF
        elif controller in (_DATA_COARSE, _DATA_FINE) and channel.parameter == 0:
            if controller == _DATA_COARSE:
                channel.bend_semitones = value
            else:
                channel.bend_cents = value
            channel.bends.append((self._now, channel.bend()))
        elif controller == _RESET:
            channel.pedal, channel.expression, channel.wheel = False, 127, 8192
            channel.parameter = 0x3FFF
            self._release_all(number, channel.held)
            channel.bends.append((self._now, 0.0))
            channel.levels.append((self._now, channel.level_db()))
        elif controller == _SOUND_OFF or controller >= _NOTES_OFF:
            self._release_all(number, channel.down | channel.held)

    def _release_all(self, number: int, keys: dict[int, tuple[float, int, int]]) -> None:
        for key in list(keys):
            self._release(number, key)

    def finish(self) -> Score:
        """The score, with notes that were never released ending where the file does."""
        stuck = sum(len(channel.down) for channel in self._channels)
        if stuck:
            self._remarks.append(
                f"{stuck} note{'s are' if stuck > 1 else ' is'} never released and "
                f"end{'' if stuck > 1 else 's'} with the file"
            )
        for number, channel in enumerate(self._channels):
            self._release_all(number, channel.down | channel.held)
        self._notes.sort(key=lambda note: (note.onset_seconds, note.channel, note.pitch))
        return Score(
            tuple(self._notes),
            {n: _curve(c.bends, 0.0) for n, c in enumerate(self._channels) if _moves(c.bends)},
            {n: _curve(c.levels, 0.0) for n, c in enumerate(self._channels) if _moves(c.levels)},
            tuple(self._remarks),
        )


def _moves(points: list[tuple[float, float]]) -> bool:
    return any(value for _, value in points)


def _curve(points: list[tuple[float, float]], before: float) -> Curve:
    seconds, values = zip((-np.inf, before), *points, strict=True)
    return Curve(np.array(seconds), np.array(values))
