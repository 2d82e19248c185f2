"""Basses of electronic music made by rule: sines of 30 to 100 Hz with few overtones.

Recorded basses hardly reach below 40 Hz, and a model that knows low sines from bass drums alone
takes every one for a drum. What tells the two apart is how they move: a bass holds its pitch.
Such basses begin with the bass drum more often than not, so notes can be laid on its beats.
"""

from __future__ import annotations

import numpy as np

__all__ = ["beats_of", "sub_bass"]

#: Semitones over the key note; the key note itself most of all.
_STEPS = (0, 0, 0, 0, 3, 5, 7, 10, 12, -2)
#: MIDI numbers of the key note: 31 to 62 Hz.
_LOWEST, _HIGHEST = 23, 35


def sub_bass(
    length: int,
    sample_rate: int,
    rng: np.random.Generator,
    beats: np.ndarray | None = None,
) -> np.ndarray:
    """A line of `length` samples [T] float32, with a peak of at most 1.

    Notes begin on the halves of a beat and are held, or fade, to the next one or to a rest; some
    slide into their pitch. Timbre (saturation, two more partials) is drawn once, and so is how
    fast and how far two oscillators, nearly in tune, beat.

    Args:
        beats: samples at which drums are struck; notes then begin at the next of them.
    """
    half_beat = int(sample_rate * rng.uniform(0.15, 0.35))
    key = int(rng.integers(_LOWEST, _HIGHEST + 1))
    glide = int(sample_rate * rng.choice([0.003, 0.03, 0.1]))
    fading = float(rng.choice([0.25, 0.8, 4.0])) * sample_rate
    frequency, level = np.zeros(length), np.zeros(length)
    start, before = -int(rng.integers(half_beat)), 0.0
    while start < length:
        size = _until_beat(half_beat * int(rng.choice([1, 2, 3, 4, 8])), start, beats)
        own = 440.0 * 2.0 ** ((key + int(rng.choice(_STEPS)) - 69) / 12.0)
        time = np.arange(size)
        slide = np.exp(-3.0 * time / glide) * ((before or own) - own)
        held = int(size * rng.uniform(0.6, 1.0)) if rng.random() < 0.85 else 0
        envelope = np.exp(-time / fading) * (time < held)
        first, last = max(0, start), min(length, start + size)
        frequency[first:last] = (own + slide)[first - start : last - start]
        level[first:last] = envelope[first - start : last - start]
        start, before = start + size, own
    if not level.any():  # nothing but a rest, in a short one
        level[:] = 1.0
    phase = 2.0 * np.pi * np.cumsum(frequency) / sample_rate
    drive = rng.uniform(0.1, 2.5)
    wave = np.tanh(drive * np.sin(phase)) / np.tanh(drive)
    for partial in (2, 3):
        wave += rng.uniform(0.0, 0.7) * rng.random() * np.sin(partial * phase)
    depth = rng.uniform(0.0, 0.6) * rng.random()
    beating = np.cos(2.0 * np.pi * rng.uniform(0.5, 4.0) * np.arange(length) / sample_rate)
    level *= 1.0 - depth * (0.5 + 0.5 * beating)
    # Edges as soft as those of an instrument: 10 ms to rise or fall.
    sound = wave * _smooth(_smooth(level, int(0.005 * sample_rate)), int(0.005 * sample_rate))
    return (sound / max(1.0, float(np.abs(sound).max()))).astype(np.float32)


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
    return (total[width:] - total[:-width]) / width
