"""Little scores made by rule: chords, melodies, bass lines and drum grooves.

A score is a list of notes or hits in seconds. It follows a few habits of popular music (a
four-chord loop, four beats to the bar, back beat), no more: what a separator must learn from it
is how instruments sound together, not how to compose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = [
    "Hit",
    "ArrangedNote",
    "Song",
    "bass_line",
    "chords",
    "draw_song",
    "drum_pattern",
    "melody",
]

#: Semitones of the scales: major, natural minor, dorian, mixolydian.
_SCALES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 2, 4, 5, 7, 9, 10),
)
#: Four-chord loops as degrees of the scale.
_LOOPS = (
    (0, 4, 5, 3),
    (0, 5, 3, 4),
    (0, 3, 4, 3),
    (0, 3, 0, 4),
    (5, 3, 0, 4),
    (0, 2, 3, 4),
    (0, 6, 5, 4),
    (1, 4, 0, 0),
    (0, 0, 3, 4),
    (0, 1, 3, 4),
)


#: Steps of a melody along the scale, and how often they are taken.
_STEPS = (-3, -2, -1, 0, 1, 2, 3)
_STEP_SHARES = (0.05, 0.15, 0.27, 0.06, 0.27, 0.15, 0.05)


@dataclass(frozen=True)
class ArrangedNote:
    """A note of MIDI number `midi`, its onset and length in seconds, its level in dB."""

    midi: int
    onset_seconds: float
    seconds: float
    level_db: float


@dataclass(frozen=True)
class Hit:
    """A hit on a drum of `role` (kick, snare, closed, open, ride, crash, tom, hand)."""

    role: str
    onset_seconds: float
    level_db: float


@dataclass(frozen=True)
class Song:
    """What the parts of a piece share: length of a beat, scale, chord (degree) of each bar."""

    beat_seconds: float
    root: int
    scale: tuple[int, ...]
    chords: tuple[int, ...]

    @property
    def bar_seconds(self) -> float:
        """Four beats."""
        return 4.0 * self.beat_seconds

    def pitch(self, degree: int, octave_midi: int) -> int:
        """MIDI number of a degree of the scale (7 is the root an octave up)."""
        octave, step = divmod(degree, 7)
        return octave_midi + self.root + 12 * octave + self.scale[step]


def draw_song(rng: np.random.Generator, seconds: float) -> Song:
    """A song of as many bars as fit in `seconds`, at 65 to 160 beats a minute."""
    beat = 60.0 / float(np.exp(rng.uniform(np.log(65.0), np.log(160.0))))
    bars = max(1, int(seconds / (4.0 * beat)))
    loop = _LOOPS[int(rng.integers(len(_LOOPS)))]
    slow = int(rng.integers(1, 3))
    return Song(
        beat_seconds=beat,
        root=int(rng.integers(12)),
        scale=_SCALES[int(rng.integers(len(_SCALES)))],
        chords=tuple(loop[(bar // slow) % 4] for bar in range(bars)),
    )


def _triad(song: Song, degree: int, low: int, size: int) -> list[int]:
    """Notes of the chord on `degree`, the lowest of them the first at or above `low`."""
    classes = [song.pitch(degree + step, 0) % 12 for step in (0, 2, 4, 6)[:size]]
    return sorted(low + (pitch - low) % 12 for pitch in classes)


def chords(song: Song, rng: np.random.Generator, low: int = 50) -> list[ArrangedNote]:
    """Chords in one manner throughout: held, pulsed, broken, or strummed off the beat."""
    manner = str(rng.choice(("held", "pulsed", "broken", "strummed")))
    size = int(rng.integers(3, 5))
    low += int(rng.integers(-3, 4))
    eighth = song.beat_seconds / 2.0
    order = rng.permutation(4)
    strummed = sorted({0, *rng.choice(8, 4, replace=False).tolist()})
    notes = []
    for bar, degree in enumerate(song.chords):
        pitches = _triad(song, degree, low, size)
        begin = bar * song.bar_seconds
        if manner == "broken":
            for step in range(8):
                pitch = pitches[order[step % 4] % len(pitches)]
                notes.append(_played(pitch, begin + step * eighth, 2.0 * eighth, step, rng))
            continue
        steps = {"held": [0], "pulsed": [0, 2, 4, 6]}.get(manner, strummed)
        roll = float(rng.uniform(0.0, 0.02)) if manner != "strummed" else 0.018
        for step, following in zip(steps, [*steps[1:], 8], strict=True):
            for number, pitch in enumerate(pitches):
                onset = begin + step * eighth + number * roll
                notes.append(_played(pitch, onset, (following - step) * eighth, step, rng))
    return notes


def melody(song: Song, rng: np.random.Generator, low: int, high: int) -> list[ArrangedNote]:
    """A walk over the scale between MIDI `low` and `high`, in phrases with rests."""
    scale = [midi for midi in range(low, high + 1) if (midi - song.root) % 12 in song.scale]
    if not scale:
        return []
    lengths = (0.5, 1.0, 1.5, 2.0, 4.0)
    shares = rng.dirichlet((3.0, 3.0, 1.0, 1.5, 0.7))
    position = int(rng.integers(len(scale)))
    beat, notes = 0.0, []
    while beat < 4.0 * len(song.chords):
        length = float(rng.choice(lengths, p=shares))
        if rng.random() < 0.12:  # a rest
            beat += length
            continue
        step = int(rng.choice(_STEPS, p=_STEP_SHARES))
        position = int(np.clip(position + step, 0, len(scale) - 1))
        held = length * song.beat_seconds * float(rng.uniform(0.7, 1.0))
        notes.append(_played(scale[position], beat * song.beat_seconds, held, int(2 * beat), rng))
        beat += length
    return notes


def bass_line(song: Song, rng: np.random.Generator, low: int = 28) -> list[ArrangedNote]:
    """Roots, fifths and octaves of the chords, or a walk from chord to chord."""
    manner = str(rng.choice(("eighths", "sparse", "octaves", "walking")))
    sparse = sorted({0, *rng.choice(8, 2, replace=False).tolist()})
    eighth = song.beat_seconds / 2.0
    notes = []
    for bar, degree in enumerate(song.chords):
        root = low + (song.pitch(degree, 0) - low) % 12
        begin = bar * song.bar_seconds
        if manner == "walking":
            toward = [0, *rng.choice((2, 3, 4, 5, 7), 3).tolist()]
            steps, pitches = [0, 2, 4, 6], [root + int(interval) for interval in toward]
        elif manner == "octaves":
            steps, pitches = list(range(8)), [root + 12 * (step % 2) for step in range(8)]
        else:
            steps = sparse if manner == "sparse" else list(range(8))
            pitches = [root + (7 if rng.random() < 0.12 else 0) for _ in steps]
        for step, following, pitch in zip(steps, [*steps[1:], 8], pitches, strict=True):
            held = (following - step) * eighth * float(rng.uniform(0.6, 1.0))
            notes.append(_played(pitch, begin + step * eighth, held, step, rng))
    return notes


def _played(
    midi: int, onset_seconds: float, seconds: float, step: int, rng: np.random.Generator
) -> ArrangedNote:
    """A note as a hand plays it: accents on the beat, a few ms early or late."""
    accent = 1.5 if step % 4 == 0 else (0.0 if step % 2 == 0 else -2.0)
    late = float(rng.normal(0.0, 0.006))
    return ArrangedNote(
        midi, max(0.0, onset_seconds + late), seconds, accent + float(rng.normal(0.0, 1.5))
    )


def drum_pattern(song: Song, rng: np.random.Generator) -> list[Hit]:
    """A groove of sixteenths, with a crash and a fill at the ends of fours, or hands alone."""
    if rng.random() < 0.2:
        return _hands(song, rng)
    kick = {0, *np.flatnonzero(rng.random(16) < 0.16).tolist()}
    kick |= {8} if rng.random() < 0.6 else set()
    snare = {4, 12} if rng.random() < 0.85 else {8}
    ghosts = set(np.flatnonzero(rng.random(16) < rng.uniform(0.0, 0.12)).tolist())
    every = int(rng.choice((1, 2, 2, 2, 4)))
    cymbal = "ride" if rng.random() < 0.25 else "closed"
    opened = set(np.flatnonzero(rng.random(16) < 0.06).tolist())
    swing = float(rng.choice((0.0, 0.0, 0.0, 0.33)))
    with_hands = rng.random() < 0.25
    hits: list[Hit] = []
    for bar in range(len(song.chords)):
        play = _player(song, rng, bar, swing, hits)
        fill = bar % 4 == 3 and rng.random() < 0.5
        for step in range(16):
            if fill and step >= 10:
                if rng.random() < 0.8:
                    play("tom" if rng.random() < 0.6 else "snare", step, 0.0)
                continue
            if step in kick:
                play("kick", step, 0.0)
            if step in snare:
                play("snare", step, 0.0)
            elif step in ghosts:
                play("snare", step, -14.0)
            if step % every == 0:
                play("open" if step in opened else cymbal, step, -6.0 if step % 4 else -4.0)
            if with_hands and rng.random() < 0.15:
                play("hand", step, -6.0)
        if bar % 4 == 0 and rng.random() < 0.4:
            play("crash", 0, -3.0)
    return hits


def _hands(song: Song, rng: np.random.Generator) -> list[Hit]:
    """A loop of hand drums, shakers or claps over one or two bars."""
    loop = rng.random(32) < rng.uniform(0.3, 0.7)
    loop[0] = True
    accents = rng.normal(-3.0, 3.0, 32)
    hits: list[Hit] = []
    for bar in range(len(song.chords)):
        play = _player(song, rng, bar, 0.0, hits)
        for step in range(16):
            position = 16 * (bar % 2) + step
            if loop[position]:
                play("hand", step, float(accents[position]))
    return hits


def _player(
    song: Song, rng: np.random.Generator, bar: int, swing: float, hits: list[Hit]
) -> Callable[[str, int, float], None]:
    """A function (role, sixteenth, level_db) that adds a hit of this bar, humanly imprecise."""

    def play(role: str, step: int, level_db: float) -> None:
        delayed = step + (swing if step % 4 == 2 else 0.0)
        onset = bar * song.bar_seconds + delayed * song.beat_seconds / 4.0
        onset = max(0.0, onset + float(rng.normal(0.0, 0.004)))
        hits.append(Hit(role, onset, level_db + float(rng.normal(0.0, 1.5))))

    return play
