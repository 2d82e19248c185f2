"""Standard MIDI Files as scores.

    parse_smf (bytes -> events at ticks) -> tempo map -> per channel: note on and off, sustain
      pedal, bend, volume, expression, position -> Score

Every note ends where its key goes up, or later where the pedal does. Bend, level, position,
modulation and what the room gets are curves of the channel, so that a held note follows them.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aeolia.audio.smf import Event, SmfFile, parse_smf
from aeolia.errors import InputError
from aeolia.files import in_words
from aeolia.runtime.synth.score import DRUM_CHANNEL, Curve, Note, Score

__all__ = ["event_seconds", "read_score"]

#: A score that lasts longer is a mistake in its delta times.
_MAX_HOURS = 6.0

_DEFAULT_TEMPO = 500_000  # microseconds per quarter note: 120 per minute
_MODULATION, _VOLUME, _PAN, _EXPRESSION, _SUSTAIN, _REVERB = 1, 7, 10, 11, 64, 91
_DATA_COARSE, _DATA_FINE, _RPN_FINE, _RPN_COARSE = 6, 38, 100, 101
_NRPN_FINE, _NRPN_COARSE = 98, 99
#: Registered parameters that are heeded.
_PARAMETERS = _BEND_RANGE, _FINE_TUNING, _COARSE_TUNING = 0, 1, 2
_SOUND_OFF, _RESET, _NOTES_OFF = 120, 121, 123
#: General MIDI's volume after power-up: what counts as 0 dB.
_USUAL_VOLUME = 100


def read_score(path: str | Path) -> Score:
    """Read a Standard MIDI File.

    Raises:
        InputError: the file is missing, damaged, of several independent patterns (type 2),
            without notes, or longer than six hours.
    """
    name = str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: {in_words(error, 'MIDI file')}") from error
    smf = parse_smf(data, name)
    seconds = event_seconds(smf)
    if len(seconds) and seconds[-1] > _MAX_HOURS * 3600:
        raise InputError(
            f"{name}: lasts longer than {_MAX_HOURS:g} hours; its delta times or tempo must be "
            f"damaged: export the score again"
        )
    reader = _Reader(smf.remarks)
    for event, now in zip(smf.events, seconds.tolist(), strict=True):
        reader.take(event, now)
    score = reader.finish()
    if not score.notes:
        raise InputError(f"{name}: holds no notes; export the score again with its notes")
    return score


def event_seconds(smf: SmfFile) -> np.ndarray:
    """When each event happens, through all changes of tempo, [events]."""
    ticks = np.array([event.tick for event in smf.events], float)
    if smf.ticks_per_second:
        return ticks / smf.ticks_per_second
    changes = {0: _DEFAULT_TEMPO}
    for event in smf.events:
        if event.kind == "tempo":
            changes[event.tick] = int.from_bytes(event.data, "big")
    starts = np.array(list(changes), float)
    rates = np.array(list(changes.values())) * 1e-6 / smf.ticks_per_quarter
    start_seconds = np.concatenate([[0.0], np.cumsum(np.diff(starts) * rates[:-1])])
    part = np.searchsorted(starts, ticks, side="right") - 1
    return np.asarray(start_seconds[part] + (ticks - starts[part]) * rates[part])


class _Strike(NamedTuple):
    """A key that went down."""

    seconds: float
    velocity: int
    program: int


class _Key(NamedTuple):
    """A key that is down: every time it was struck and lifted since it was last wholly up."""

    strikes: list[_Strike]
    lifted: list[float]


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
    #: Channel tuning: 14 bits over a semitone to either side, and semitones; 8192 and 64 are none.
    fine_tuning: int = 8192
    coarse_tuning: int = 64
    #: Registered parameter that data entry changes; 0x3FFF is none.
    parameter: int = 0x3FFF
    down: dict[int, _Key] = field(default_factory=dict)
    #: Keys that are up and sound on because of the pedal.
    held: dict[int, _Strike] = field(default_factory=dict)
    bends: list[tuple[float, float]] = field(default_factory=list)
    levels: list[tuple[float, float]] = field(default_factory=list)
    pans: list[tuple[float, float]] = field(default_factory=list)
    modulations: list[tuple[float, float]] = field(default_factory=list)
    sends: list[tuple[float, float]] = field(default_factory=list)

    def bend(self) -> float:
        """Semitones of the wheel's present position, and of the channel's tuning."""
        reach = self.bend_semitones + self.bend_cents / 100
        tuning = self.coarse_tuning - 64 + (self.fine_tuning - 8192) / 8192
        return (self.wheel - 8192) / 8192 * reach + tuning

    def enter(self, controller: int, value: int) -> None:
        """Data entry, coarse or fine, for the registered parameter that was chosen."""
        coarse = controller == _DATA_COARSE
        if self.parameter == _BEND_RANGE and coarse:
            self.bend_semitones = value
        elif self.parameter == _BEND_RANGE:
            self.bend_cents = value
        elif self.parameter == _FINE_TUNING:
            kept = self.fine_tuning & (0x7F if coarse else 0x3F80)
            self.fine_tuning = kept | (value << 7 if coarse else value)
        elif self.parameter == _COARSE_TUNING and coarse:
            self.coarse_tuning = value

    def level_db(self) -> float:
        """Level of volume and expression, 40 log10 of each as General MIDI has it."""
        product = self.volume / _USUAL_VOLUME * self.expression / 127
        return float(40 * np.log10(product)) if product > 0 else -120.0


class _Reader:
    """Takes events in the order of time and collects notes and curves."""

    def __init__(self, remarks: tuple[str, ...]) -> None:
        self._channels = {number: _Channel() for number in range(1, 17)}
        self._notes: list[Note] = []
        self._remarks = list(remarks)
        self._now = 0.0

    def take(self, event: Event, now: float) -> None:
        """Let one event happen, `now` in seconds."""
        self._now = now
        if event.kind != "channel":
            return
        status, *values = event.data
        number = (status & 0x0F) + 1
        channel = self._channels[number]
        kind = status & 0xF0
        if kind == 0x90 and values[1]:
            self._release(number, values[0])  # what the pedal held of this key ends
            strike = _Strike(now, values[1], channel.program)
            channel.down.setdefault(values[0], _Key([], [])).strikes.append(strike)
        elif kind in (0x80, 0x90):
            self._lift(number, values[0])
        elif kind == 0xB0:
            self._control(number, *values)
        elif kind == 0xC0:
            channel.program = values[0]
        elif kind == 0xE0:
            channel.wheel = values[0] | values[1] << 7
            channel.bends.append((now, channel.bend()))

    def _lift(self, number: int, key: int) -> None:
        """A key goes up. Struck several times before, it goes up for the first of them.

        Some notation programs write a repeated note's second strike before the first one's end.
        """
        channel = self._channels[number]
        if key not in channel.down:
            return
        strikes, lifted = channel.down[key]
        lifted.append(self._now)
        if len(lifted) < len(strikes):
            return
        del channel.down[key]
        for strike, end in zip(strikes[:-1], lifted, strict=False):
            self._add(number, key, strike, end)
        channel.held[key] = strikes[-1]
        if not channel.pedal or number == DRUM_CHANNEL:
            self._release(number, key)

    def _release(self, number: int, key: int) -> None:
        """End the note that a key left sounding, if it did."""
        strike = self._channels[number].held.pop(key, None)
        if strike:
            self._add(number, key, strike, self._now)

    def _cut(self, number: int) -> int:
        """End every note of a channel; returns how many of them end only because of that.

        A key that was struck more often than lifted lost an end somewhere: each of its notes ends
        where the key was next lifted or struck.
        """
        channel, n_open = self._channels[number], 0
        for key, (strikes, lifted) in channel.down.items():
            ends = sorted([*lifted, *(strike.seconds for strike in strikes)])
            for strike in strikes:
                index = bisect.bisect_right(ends, strike.seconds)
                n_open += index == len(ends)
                end = ends[index] if index < len(ends) else self._now
                self._add(number, key, strike, end)
        channel.down.clear()
        self._release_held(number)
        return n_open

    def _release_held(self, number: int) -> None:
        for key in list(self._channels[number].held):
            self._release(number, key)

    def _add(self, number: int, key: int, strike: _Strike, end: float) -> None:
        self._notes.append(Note(strike.seconds, end, key, strike.velocity, number, strike.program))

    def _control(self, number: int, controller: int, value: int) -> None:
        channel = self._channels[number]
        if controller == _SUSTAIN:
            channel.pedal = value >= 64
            if not channel.pedal:
                self._release_held(number)
        elif controller in (_VOLUME, _EXPRESSION):
            if controller == _EXPRESSION:
                channel.expression = value
            else:
                channel.volume = value
            channel.levels.append((self._now, channel.level_db()))
        elif controller == _PAN:
            # 64 is the middle, and 0 is as far left as 1 (MIDI recommended practice RP-036).
            channel.pans.append((self._now, max(value, 1) / 63 - 64 / 63))
        elif controller == _MODULATION:
            channel.modulations.append((self._now, value / 127))
        elif controller == _REVERB:
            channel.sends.append((self._now, value / 127))
        elif controller in (_RPN_FINE, _RPN_COARSE):
            shift = 0 if controller == _RPN_FINE else 7
            channel.parameter = channel.parameter & ~(0x7F << shift) | value << shift
        elif controller in (_NRPN_FINE, _NRPN_COARSE):
            channel.parameter = 0x3FFF
        elif controller in (_DATA_COARSE, _DATA_FINE) and channel.parameter in _PARAMETERS:
            channel.enter(controller, value)
            channel.bends.append((self._now, channel.bend()))
        elif controller == _RESET:
            channel.pedal, channel.expression, channel.wheel = False, 127, 8192
            channel.parameter = 0x3FFF
            self._release_held(number)
            # Registered parameters stay as they are (MIDI recommended practice RP-015).
            channel.bends.append((self._now, channel.bend()))
            channel.levels.append((self._now, channel.level_db()))
            channel.modulations.append((self._now, 0.0))
        elif controller == _SOUND_OFF or controller >= _NOTES_OFF:
            self._cut(number)

    def finish(self) -> Score:
        """The score, with notes that were never released ending where the file does."""
        stuck = sum(self._cut(number) for number in self._channels)
        if stuck:
            self._remarks.append(
                f"{stuck} note{'s are' if stuck > 1 else ' is'} never released and "
                f"end{'' if stuck > 1 else 's'} with the file"
            )
        self._notes.sort(key=lambda note: (note.onset_seconds, note.channel, note.pitch))
        channels = self._channels.items()
        played = {note.channel for note in self._notes}
        return Score(
            tuple(self._notes),
            {n: _curve(c.bends, 0.0) for n, c in channels if _moves(c.bends)},
            {n: _curve(c.levels, 0.0) for n, c in channels if _moves(c.levels)},
            {n: _curve(c.pans, 0.0) for n, c in channels if n in played and _moves(c.pans)},
            {n: _curve(c.modulations, 0.0) for n, c in channels if _moves(c.modulations)},
            {n: _curve(c.sends, c.sends[0][1]) for n, c in channels if n in played and c.sends},
            tuple(self._remarks),
        )


def _moves(points: list[tuple[float, float]]) -> bool:
    return any(value for _, value in points)


def _curve(points: list[tuple[float, float]], before: float) -> Curve:
    seconds, values = zip((-np.inf, before), *points, strict=True)
    return Curve(np.array(seconds), np.array(values))
