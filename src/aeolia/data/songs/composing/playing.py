"""Basses, chords and pads: lines of steps filled with the notes of each bar's chord."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.data.songs.composing.lines import BASS_LINES, COMPS
from aeolia.data.songs.composing.outline import pick
from aeolia.data.songs.composing.player import Player, Step, read_line
from aeolia.data.songs.composing.score import Bar, Note, Outline

__all__ = ["bass_part", "comp_part", "pad_part", "voiced"]

#: The lowest root of a bass is at least this (E1 is 28), the lowest of a power chord that.
_BASS_LOW, _POWER_LOW = 28, 40
#: What `?` becomes.
_BASS_DRAWN, _COMP_DRAWN = "rr5837-....", "cc1345-....."


def bass_part(outline: Outline, rng: np.random.Generator, kind: str) -> list[Note]:
    """A bass line of one kind through the song."""
    player = Player(outline, rng, float(rng.uniform(80.0, 112.0)))
    low = _BASS_LOW + int(rng.integers(0, 7))
    lines = {name: _filled(rng, pick(rng, BASS_LINES[kind]), _BASS_DRAWN) for name in ("a", "b")}
    silent = {name for name in ("intro", "break") if rng.random() < 0.4}
    notes: list[Note] = []
    for number, bar in enumerate(outline.bars):
        if bar.section in silent:
            continue
        following = outline.bars[min(number + 1, len(outline.bars) - 1)]
        root = low + (bar.root - low) % 12
        pitches = _bass_pitches(bar, root, following.root, pick(rng, (-1, 1, -2, 2)))
        for step in read_line(lines["b" if bar.section == "chorus" else "a"], outline.steps):
            level = 1.0 if step.symbol.isupper() else 0.86
            key = pitches[step.symbol.lower()]
            notes.append(player.note(bar, step.position, step.length, key, level))
    return notes


def _bass_pitches(bar: Bar, root: int, following: int, approach: int) -> dict[str, int]:
    """Keys by the symbols of bass lines; `approach` is how far from the next root."""
    third, fifth = (bar.tones[1], bar.tones[2]) if len(bar.tones) > 2 else (7, 7)
    seventh = bar.tones[3] if len(bar.tones) > 3 and bar.tones[3] < 12 else 10
    step = (following - bar.root + 6) % 12 - 6
    return {
        "r": root,
        "3": root + third,
        "5": root + fifth - (12 if root + fifth > 40 else 0),
        "7": root + seventh - (12 if root + seventh > 42 else 0),
        "8": root + 12,
        "a": root + step + approach,
    }


def _filled(rng: np.random.Generator, line: str, symbols: str) -> str:
    """A line with its `?` drawn."""
    return "".join(pick(rng, symbols) if symbol == "?" else symbol for symbol in line)


def voiced(bar: Bar, centre: float, before: Sequence[int]) -> list[int]:
    """A bar's chord around `centre`, each note in the octave next to the chord before."""
    target = 0.6 * float(np.mean(before)) + 0.4 * centre if before else centre
    keys = {bar.root + tone + 12 * round((target - bar.root - tone) / 12) for tone in bar.tones}
    return sorted(keys)


def comp_part(
    outline: Outline, rng: np.random.Generator, kind: str, sections: frozenset[str]
) -> list[Note]:
    """Chords of one kind in some of the sections."""
    comp = COMPS[kind]
    player = Player(outline, rng, float(rng.uniform(66.0, 104.0)))
    centre = float(rng.uniform(55.0, 69.0))
    lines = [_filled(rng, pick(rng, comp.lines), _COMP_DRAWN) for _ in range(2)]
    notes: list[Note] = []
    keys: list[int] = []
    for bar in outline.bars:
        if bar.section not in sections:
            continue
        keys = voiced(bar, centre, keys)
        for step in read_line(lines[bar.section == "chorus"], outline.steps):
            chord = _chosen(bar, keys, step.symbol)
            level = 1.0 if step.symbol.isupper() else 0.84
            upward = step.symbol == "u"
            notes += _struck(player, bar, step, chord, level, comp.spread_beats, upward)
    return notes


def _chosen(bar: Bar, keys: Sequence[int], symbol: str) -> list[int]:
    """The notes of a chord that a symbol means."""
    if symbol in "Pp":
        low = _POWER_LOW + (bar.root - _POWER_LOW) % 12
        return [low, low + 7, low + 12]
    if symbol in "Uu":
        return list(keys[-3:])
    if symbol == "l":
        return [keys[0] - 12]
    if symbol in "12345":
        ladder = sorted({*keys, *(key + 12 for key in keys)})
        return [ladder[min(int(symbol) - 1, len(ladder) - 1)]]
    return list(keys)


def _struck(
    player: Player,
    bar: Bar,
    step: Step,
    chord: Sequence[int],
    level: float,
    spread: float,
    upward: bool,
) -> list[Note]:
    """The notes of a chord one after the other, `spread` beats apart."""
    ordered = list(chord[::-1] if upward else chord)
    return [
        player.note(bar, step.position, step.length, key, level, late=spread * number)
        for number, key in enumerate(ordered)
    ]


def pad_part(outline: Outline, rng: np.random.Generator, sections: frozenset[str]) -> list[Note]:
    """Chords held for a bar."""
    player = Player(outline, rng, float(rng.uniform(56.0, 92.0)), spread=3.0)
    centre = float(rng.uniform(56.0, 72.0))
    notes: list[Note] = []
    keys: list[int] = []
    for bar in outline.bars:
        if bar.section in sections:
            keys = voiced(bar, centre, keys)
            notes += [player.note(bar, 0, outline.steps * 1.04, key) for key in keys]
    return notes
