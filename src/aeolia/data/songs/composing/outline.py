"""What is settled before anyone plays: style, tempo, key, form, harmony, and who is how loud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from aeolia.data.songs.composing.score import Bar, Outline
from aeolia.data.songs.composing.styles import STYLES, Style

__all__ = ["MODES", "draw_outline", "pick"]

Item = TypeVar("Item")

#: Semitones of each scale over its root.
MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
_MAJOR_MODES = ("major", "major", "major", "mixolydian", "lydian")
_MINOR_MODES = ("minor", "minor", "minor", "dorian", "harmonic minor", "phrygian")

#: Degrees of the scale, counted from 0, one a bar.
_MAJOR_LOOPS = (
    (0, 4, 5, 3),
    (0, 5, 3, 4),
    (0, 3, 4, 4),
    (0, 3, 0, 4),
    (5, 3, 0, 4),
    (1, 4, 0, 0),
    (0, 2, 3, 4),
    (0, 0, 3, 4),
    (3, 4, 2, 5),
    (0, 1, 3, 0),
    (2, 5, 1, 4),
    (0, 3, 5, 4),
    (0, 6, 3, 0),
    (0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4),
)
_MINOR_LOOPS = (
    (0, 5, 2, 6),
    (0, 6, 5, 6),
    (0, 3, 4, 0),
    (0, 3, 6, 2),
    (0, 5, 3, 4),
    (0, 0, 5, 6),
    (0, 2, 6, 3),
    (0, 6, 5, 4),
    (0, 3, 0, 4),
    (5, 6, 0, 0),
    (0, 1, 4, 0),
    (0, 0, 3, 0),
)
_FORMS = (
    ("intro", "verse", "chorus", "verse", "chorus", "outro"),
    ("verse", "chorus", "bridge", "chorus"),
    ("chorus", "verse", "chorus", "break", "chorus"),
    ("verse", "verse", "bridge", "verse"),
    ("intro", "chorus", "verse", "break", "chorus"),
    ("verse", "break", "chorus", "chorus"),
)
#: How hard everyone plays, section by section.
_ENERGY = {
    "intro": 0.75,
    "verse": 0.85,
    "chorus": 1.0,
    "bridge": 0.88,
    "break": 0.65,
    "outro": 0.75,
}
_LEAST_ENERGY = 0.4
#: Players' deviations from the beat and how many play so.
_LOOSENESS_MS, _LOOSENESS_SHARES = (2.0, 5.0, 9.0, 14.0), (0.25, 0.35, 0.3, 0.1)
#: Tempo wanders from bar to bar by so much (standard deviation, as a share) without a click.
_WANDER = 0.006


def pick(rng: np.random.Generator, options: Sequence[Item]) -> Item:
    """One of the options, all alike."""
    return options[int(rng.integers(len(options)))]


def draw_outline(rng: np.random.Generator, style_name: str, seconds: float) -> Outline:
    """The outline of a song in a style that lasts at least `seconds`."""
    style = STYLES[style_name]
    bpm = float(np.exp(rng.uniform(*np.log(style.bpm))))
    is_minor = rng.random() < style.minor
    mode = pick(rng, _MINOR_MODES if is_minor else _MAJOR_MODES)
    key = int(rng.integers(12))
    count = max(2, int(np.ceil(seconds * bpm / 60.0 / style.beats_per_bar)) + 1)
    bars = _bars(rng, style, key, mode, is_minor, count)
    wander = 0.0 if style.machine else float(rng.uniform(0.0, 2.0 * _WANDER))
    looseness = 0.5 if style.machine else float(rng.choice(_LOOSENESS_MS, p=_LOOSENESS_SHARES))
    reach = float(rng.uniform(0.4, 2.4))  # some songs have hardly any dynamics, others many
    return Outline(
        style=style_name,
        beats_per_bar=style.beats_per_bar,
        steps_per_beat=style.steps_per_beat,
        swing=style.swing * float(rng.uniform(0.0, 1.5)),
        key=key,
        mode=mode,
        scale=MODES[mode],
        bars=tuple(bars),
        tempos=tuple(bpm * (1.0 + wander * rng.standard_normal(len(bars))).clip(0.9, 1.1)),
        looseness_ms=looseness,
        energy={n: max(_LEAST_ENERGY, 1.0 - reach * (1.0 - e)) for n, e in _ENERGY.items()},
    )


def _bars(
    rng: np.random.Generator, style: Style, key: int, mode: str, is_minor: bool, count: int
) -> list[Bar]:
    """`count` bars from anywhere in a form: what is cut from a song starts in its middle."""
    loops = _MINOR_LOOPS if is_minor else _MAJOR_LOOPS
    progressions = {name: pick(rng, loops) for name in ("verse", "chorus", "bridge")}
    kind = pick(rng, style.chords)
    bars_a_chord = 2 if rng.random() < 0.2 else 1
    form = pick(rng, _FORMS)
    number = int(rng.integers(len(form)))
    lift = 0
    bars: list[Bar] = []
    while len(bars) < count:
        section = form[number % len(form)]
        if number % len(form) == len(form) - 1 and rng.random() < 0.25:
            lift += int(rng.integers(1, 3))  # some songs go up for their last part
        degrees = progressions.get(section, progressions["verse"])
        degrees = tuple(d for d in degrees for _ in range(bars_a_chord))
        doubled = section in progressions and len(degrees) <= 4 and rng.random() < 0.4
        length = len(degrees) * (2 if doubled else 1)
        for index in range(length):
            degree = degrees[index % len(degrees)]
            root = (key + MODES[mode][degree] + lift) % 12
            tones = _tones(rng, MODES[mode], degree, kind)
            start = float(len(bars) * style.beats_per_bar)
            bars.append(Bar(start, section, index, index == length - 1, root, tones))
        number += 1
    return bars[:count]


def _tones(
    rng: np.random.Generator, scale: Sequence[int], degree: int, kind: str
) -> tuple[int, ...]:
    """Semitones over the root of the chord on a degree, in thirds along the scale."""

    def above(steps: int) -> int:
        octave, index = divmod(degree + steps, 7)
        return scale[index] + 12 * octave - scale[degree]

    if kind == "power":
        return (0, 7)
    tones = [0, above(2), above(4)]
    if kind in ("seventh", "ninth") or rng.random() < 0.12:
        tones.append(above(6))
    if kind in ("ninth", "add9"):
        tones.append(above(8))
    if kind == "triad" and rng.random() < 0.08:
        tones[1] = 5  # a suspended fourth
    return tuple(tones)
