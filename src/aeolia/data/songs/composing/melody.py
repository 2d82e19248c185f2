"""Melodies: motifs of a bar that return, on the scale, with notes of the chord on the beats."""

from __future__ import annotations

import numpy as np

from aeolia.data.songs.composing.outline import pick
from aeolia.data.songs.composing.player import Player
from aeolia.data.songs.composing.score import Bar, Note, Outline

__all__ = ["expression", "melody_part"]

#: Steps along the scale, and which motif comes in which of four bars.
_MOVES = (-3, -2, -1, -1, 0, 1, 1, 2, 3)
_PHRASES = ((0, 1, 0, 2), (0, 0, 1, 2), (0, 1, 2, 3), (0, 0, 0, 1), (0, 1, 0, 1))
#: How much likelier a note begins on a beat, between two, or elsewhere.
_ON_BEAT, _HALF, _ELSEWHERE = 1.0, 0.55, 0.2
#: General MIDI's programs that hold a note and so can swell and bend it.
_SUSTAINING = frozenset({22, 29, 30, 40, 41, 42, 43, 110, *range(56, 88)})

Motif = list[tuple[int, int]]


def melody_part(
    outline: Outline,
    rng: np.random.Generator,
    centre: int,
    span: int,
    activity: float,
    sections: frozenset[str],
    legato: float,
) -> list[Note]:
    """A melody within `span` semitones of `centre`.

    Args:
        activity: how many of the places for a note hold one, 0 to 1.
        legato: share of the way to the next note that a note is held.
    """
    player = Player(outline, rng, float(rng.uniform(84.0, 116.0)), spread=7.0)
    ladder = [
        key
        for key in range(centre - span, centre + span + 1)
        if (key - outline.key) % 12 in outline.scale
    ]
    motifs = [_motif(outline, rng, activity) for _ in range(4)]
    phrase = pick(rng, _PHRASES)
    place = len(ladder) // 2
    notes: list[Note] = []
    for bar in outline.bars:
        breath = bar.index % 4 == 3 and rng.random() < 0.3
        if bar.section not in sections or breath:
            continue
        motif = motifs[phrase[bar.index % 4]]
        ends = [step for step, _ in motif[1:]] + [outline.steps]
        for (step, move), end in zip(motif, ends, strict=True):
            place += move
            if not 0 < place < len(ladder) - 1:  # back to the middle, or it would stick there
                place = len(ladder) // 2
            key = ladder[place]
            if step % outline.steps_per_beat == 0 and rng.random() < 0.75:
                key = _chord_note(bar, key)
            held = min(end - step, 2 * outline.steps_per_beat) * legato
            notes.append(player.note(bar, step, held, key))
    return notes


def _motif(outline: Outline, rng: np.random.Generator, activity: float) -> Motif:
    """Steps of a bar with moves along the scale."""
    beat = outline.steps_per_beat
    motif = []
    for step in range(outline.steps):
        weight = _ELSEWHERE
        if step % beat == 0:
            weight = _ON_BEAT
        elif beat == 4 and step % 2 == 0:
            weight = _HALF
        if rng.random() < activity * weight:
            motif.append((step, pick(rng, _MOVES)))
    return motif or [(0, 0)]


def _chord_note(bar: Bar, key: int) -> int:
    """The note of the bar's chord next to a key."""
    classes = {(bar.root + tone) % 12 for tone in bar.tones}
    return min(
        (k for k in range(key - 6, key + 7) if k % 12 in classes), key=lambda k: abs(k - key)
    )


def expression(
    rng: np.random.Generator, notes: list[Note], program: int
) -> tuple[list[tuple[float, int, int]], list[tuple[float, float]]]:
    """(controls, bends) of a part: vibrato on long notes, and some notes that are slid into."""
    controls: list[tuple[float, int, int]] = []
    bends: list[tuple[float, float]] = []
    if program not in _SUSTAINING:
        return controls, bends
    depth = int(rng.integers(20, 80))
    for note in notes:
        end = note.start + note.length
        if note.length > 0.7:
            swell = note.start + 0.35 * note.length
            controls += [(note.start, 1, 0), (swell, 1, depth), (end, 1, 0)]
        if rng.random() < 0.15:
            size = -float(rng.uniform(0.4, 1.2))
            bends += [(max(0.0, note.start - 0.01), size), (note.start + 0.05, size * 0.5)]
            bends.append((note.start + 0.1, 0.0))
    return controls, bends
