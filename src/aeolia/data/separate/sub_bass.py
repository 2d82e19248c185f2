"""Basses of electronic music made by rule: notes of 30 to 120 Hz with overtones that fade.

Recorded basses hardly reach below 40 Hz, and a model that knows low sounds from bass drums alone
takes every one for a drum. What distinguishes the two is how they go on: a bass holds its pitch.
How they begin does not: many such basses are drum machines' bass drums (the TR-808's) played as
notes, which fall into their pitch from octaves above, and they begin with the bass drum more often
than not, so notes can be laid on its beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aeolia.audio.pitch.names import midi_to_hz

__all__ = ["beats_of", "sub_bass"]

#: Semitones over the key note; the key note itself most of all, then its octave.
_STEPS = (0, 0, 0, 0, 3, 5, 7, 10, 12, 12, -2)
#: MIDI numbers of the key note: 31 to 62 Hz.
_LOWEST, _HIGHEST = 23, 35
#: Samples and partials of one cycle of a timbre.
_CYCLE, _PARTIALS = 4096, 16


@dataclass(frozen=True)
class _Touch:
    """How the notes of a line begin and end. Times in samples."""

    #: Notes slide from the one before, over about this long.
    glide: float
    #: Octaves that notes fall into their pitch, and the time constant of the fall.
    drop: float
    drop_time: float
    #: How much louder than held they begin, and the time constant of that.
    punch: float
    punch_time: float
    #: The time constant of their fading, and of what follows their end.
    fading: float
    release: float
    #: What a level takes to rise or fall.
    edge: int

    @classmethod
    def draw(cls, rng: np.random.Generator, sample_rate: int) -> _Touch:
        drops, punches = rng.random(2) < 0.7
        milliseconds = sample_rate / 1000.0
        return cls(
            glide=float(rng.choice([3.0, 30.0, 100.0])) * milliseconds,
            drop=float(rng.uniform(0.3, 3.5)) if drops else 0.0,
            drop_time=float(rng.uniform(8.0, 100.0)) * milliseconds,
            punch=float(rng.uniform(0.0, 1.5)) if punches else 0.0,
            punch_time=float(rng.uniform(10.0, 80.0)) * milliseconds,
            fading=float(rng.choice([0.25, 0.8, 4.0, 60.0])) * sample_rate,
            release=float(rng.choice([1.0, 30.0, 100.0])) * milliseconds,
            edge=int(rng.choice([1.0, 5.0, 5.0]) * milliseconds),
        )

    def octaves(self, time: np.ndarray, from_before: float) -> np.ndarray:
        """Octaves [T] over a note's pitch, `from_before` being those of the note before."""
        slide = from_before * np.exp(-3.0 * time / self.glide)
        return slide + self.drop * np.exp(-time / self.drop_time)

    def envelope(self, time: np.ndarray, held: int) -> np.ndarray:
        """The level [T] of a note held for so many samples."""
        begun = 1.0 + self.punch * np.exp(-time / self.punch_time)
        ending = np.exp(-np.maximum(time - held, 0) / self.release)
        return np.asarray(begun * np.exp(-time / self.fading) * ending * (held > 0))


def sub_bass(
    length: int,
    sample_rate: int,
    rng: np.random.Generator,
    beats: np.ndarray | None = None,
) -> np.ndarray:
    """A line of `length` samples [T] float32, with a peak of at most 1.

    Notes begin on the halves of a beat and are held, or fade, to the next one or to a rest. How
    they begin and end, their timbre, and how two oscillators nearly in tune beat, is drawn once.

    Args:
        beats: samples at which drums are struck; notes then begin at the next of them.
    """
    half_beat = int(sample_rate * rng.uniform(0.15, 0.35))
    key = int(rng.integers(_LOWEST, _HIGHEST + 1))
    touch = _Touch.draw(rng, sample_rate)
    busy = rng.uniform(0.4, 1.0)
    frequency, level = np.zeros(length), np.zeros(length)
    start, before = -int(rng.integers(half_beat)), 0.0
    while start < length:
        size = _until_beat(half_beat * int(rng.choice([1, 2, 3, 4, 8])), start, beats)
        own = float(midi_to_hz(key + int(rng.choice(_STEPS))))
        time = np.arange(size)
        pitch = own * 2.0 ** touch.octaves(time, np.log2(before / own) if before else 0.0)
        held = int(size * rng.uniform(0.6, 1.0)) if rng.random() < busy else 0
        first, last = max(0, start), min(length, start + size)
        frequency[first:last] = pitch[first - start : last - start]
        level[first:last] = touch.envelope(time, held)[first - start : last - start]
        start, before = start + size, own
    if level.max() < 0.2:  # nothing but a rest, in a short one
        level[:] = 1.0
    turns = np.cumsum(frequency) / sample_rate % 1.0
    wave = np.interp(turns * _CYCLE, np.arange(_CYCLE + 1), _cycle(rng))
    depth = rng.uniform(0.0, 0.6) * rng.random()
    beating = np.cos(2.0 * np.pi * rng.uniform(0.5, 4.0) * np.arange(length) / sample_rate)
    level *= 1.0 - depth * (0.5 + 0.5 * beating)
    # Edges as those of an instrument: 2 to 10 ms to rise or fall.
    sound = wave * _smooth(_smooth(level, touch.edge), touch.edge)
    return np.asarray(sound / max(1.0, float(np.abs(sound).max())), np.float32)


def _cycle(rng: np.random.Generator) -> np.ndarray:
    """One cycle [_CYCLE + 1] of a timbre, its end its beginning: a sine, saturated, and partials.

    Those fall by 9 to 24 dB an octave, the even ones at times more.
    """
    number = np.arange(2, _PARTIALS + 1)
    amplitude = rng.uniform(0.0, 1.0) * rng.uniform(0.3, 1.0, len(number))
    amplitude *= number ** -rng.uniform(1.5, 4.0)
    amplitude[::2] *= rng.choice([0.1, 1.0])
    turns = 2.0 * np.pi * np.arange(_CYCLE) / _CYCLE
    drive = rng.uniform(0.1, 2.5)
    cycle = np.tanh(drive * np.sin(turns)) / np.tanh(drive)
    cycle += amplitude @ np.sin(number[:, None] * turns + rng.uniform(-0.5, 0.5, (len(number), 1)))
    cycle -= cycle.mean()
    return np.asarray(np.append(cycle, cycle[0]) / np.abs(cycle).max())


def beats_of(drums: np.ndarray, sample_rate: int) -> np.ndarray:
    """Samples [N] at which the low drums of [T] are struck: their level rises by 6 dB in 20 ms."""
    hop = sample_rate // 100
    frames = len(drums) // hop
    # A mean over 5 ms leaves what is below some 100 Hz.
    low = _smooth(drums.astype(np.float64), sample_rate // 200)[: frames * hop]
    level = np.sqrt(np.mean(low.reshape(frames, hop) ** 2, axis=1))
    before = np.pad(level, (2, 0))[:frames]
    struck = (level > 2.0 * before) & (level > 0.2 * level.max(initial=0.0))
    first = struck & ~np.pad(struck, (1, 0))[:frames]
    return np.flatnonzero(first) * hop


def _until_beat(size: int, start: int, beats: np.ndarray | None) -> int:
    """`size`, or what reaches to the next beat from there on."""
    if beats is None:
        return size
    later = beats[beats >= start + size]
    return int(later[0]) - start if later.size else size


def _smooth(values: np.ndarray, count: int) -> np.ndarray:
    """Means over about `count` values around each."""
    padded = np.pad(values, (count // 2 + 1, count // 2), mode="edge")
    total = np.cumsum(padded)
    width = 2 * (count // 2) + 1
    return np.asarray((total[width:] - total[:-width]) / width)
