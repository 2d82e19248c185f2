"""A whole song on paper: who plays, which instrument, in which sections, and what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aeolia.data.songs.composing.drumming import drums_by_rule
from aeolia.data.songs.composing.melody import expression, melody_part
from aeolia.data.songs.composing.outline import draw_outline, pick
from aeolia.data.songs.composing.playing import bass_part, comp_part, pad_part
from aeolia.data.songs.composing.score import DRUM_CHANNEL, Composition, Note, Outline, Part
from aeolia.data.songs.composing.styles import STYLES, Style

__all__ = ["compose"]

_ALL = frozenset(("intro", "verse", "chorus", "bridge", "break", "outro"))
#: Where a part beside the main one plays.
_SOMETIMES = (
    _ALL,
    frozenset(("chorus", "bridge", "outro")),
    frozenset(("verse", "chorus", "bridge")),
    frozenset(("intro", "break", "bridge", "outro")),
)
#: Where a lead plays: around a voice, or instead of one.
_LEADS = (
    _ALL,
    frozenset(("intro", "chorus", "bridge")),
    frozenset(("bridge", "break", "intro", "outro")),
)
_SUNG = frozenset(("verse", "chorus", "bridge"))
#: How many parts play chords, and shares of songs with bass, pads and leads.
_COMPS, _BASS, _PAD, _LEAD = (1, 1, 2, 2, 3), 0.95, 0.5, 0.75


def compose(
    rng: np.random.Generator,
    style_name: str,
    seconds: float,
    played_drums: Sequence[Note] = (),
    drums_from: str = "",
) -> Composition:
    """A song in a style that lasts `seconds` or a little more.

    Args:
        played_drums: a drummer's performance to take in place of drums by rule, in beats; it is
            repeated or cut to the song's length.
        drums_from: where that is from, for the record.
    """
    style = STYLES[style_name]
    outline = draw_outline(rng, style_name, seconds)
    parts = []
    if rng.random() < style.drums:
        by_rule = drums_by_rule(outline, rng)  # drawn always: what follows stays as it is
        notes = _repeated(outline, rng, played_drums) if played_drums else by_rule
        parts.append(_drums(rng, style, notes))
    if rng.random() < _BASS:
        program = pick(rng, style.bass_programs)
        notes = bass_part(outline, rng, pick(rng, style.basses))
        parts.append(
            Part("bass", "bass", program, tuple(notes), reverb=float(rng.uniform(0.0, 0.1)))
        )
    for number in range(pick(rng, _COMPS)):
        parts.append(_comp(outline, rng, style, number))
    if rng.random() < _PAD:
        notes = pad_part(outline, rng, pick(rng, _SOMETIMES))
        program = pick(rng, style.pad_programs)
        level = float(rng.uniform(-8.0, -2.0))
        parts.append(_in_space(rng, Part("pad", "other", program, tuple(notes), level_db=level)))
    if rng.random() < _LEAD:
        parts.append(_lead(outline, rng, style))
    activity, legato = float(rng.uniform(0.35, 0.65)), 0.95
    melody = melody_part(outline, rng, int(rng.integers(60, 67)), 8, activity, _SUNG, legato)
    heard = tuple(part for part in parts if part.notes)
    by_hand = bool(played_drums) and any(part.stem == "drums" for part in heard)
    return Composition(outline, heard, tuple(melody), drums_from if by_hand else "")


def _in_space(rng: np.random.Generator, part: Part) -> Part:
    """A part with some of the synthesiser's reverb and chorus."""
    chorus = pick(rng, (0.0, 0.0, 0.0, 0.2, 0.5))
    return replace(part, reverb=float(rng.uniform(0.0, 0.6)), chorus=chorus)


def _drums(rng: np.random.Generator, style: Style, notes: Sequence[Note]) -> Part:
    kit, reverb = pick(rng, style.kits), float(rng.uniform(0.0, 0.3))
    return Part("drums", "drums", kit, tuple(notes), channel=DRUM_CHANNEL, reverb=reverb)


def _comp(outline: Outline, rng: np.random.Generator, style: Style, number: int) -> Part:
    kind, program = pick(rng, style.comps), pick(rng, style.comp_programs)
    sections = _ALL if number == 0 else pick(rng, _SOMETIMES)
    part = Part(
        f"chords {number + 1}: {kind}",
        "other",
        program,
        tuple(comp_part(outline, rng, kind, sections)),
        level_db=float(rng.uniform(-4.0, 1.0)),
        pan=float(rng.uniform(-0.8, 0.8)),
    )
    return _in_space(rng, part)


def _lead(outline: Outline, rng: np.random.Generator, style: Style) -> Part:
    program = pick(rng, style.lead_programs)
    centre, span = int(rng.integers(62, 80)), 9
    activity, legato = float(rng.uniform(0.35, 0.8)), float(rng.uniform(0.6, 1.0))
    notes = melody_part(outline, rng, centre, span, activity, pick(rng, _LEADS), legato)
    controls, bends = expression(rng, notes, program)
    part = Part(
        "lead",
        "other",
        program,
        tuple(notes),
        controls=tuple(controls),
        bends=tuple(bends),
        level_db=float(rng.uniform(-3.0, 2.0)),
        pan=float(rng.uniform(-0.3, 0.3)),
    )
    return _in_space(rng, part)


def _repeated(outline: Outline, rng: np.random.Generator, played: Sequence[Note]) -> list[Note]:
    """A performance over the song's length, from one of its bars on; its timing is kept."""
    bar = outline.beats_per_bar
    length = max(1, round(max(note.start for note in played) / bar + 0.45)) * float(bar)
    spare = int(max(0.0, length - outline.beats) // bar)
    first = float(rng.integers(spare + 1)) * bar
    loudness = float(rng.uniform(0.9, 1.2))
    notes = []
    for repeat in range(int(np.ceil((outline.beats + first) / length))):
        for note in played:
            start = note.start - first + repeat * length
            if 0.0 <= start < outline.beats:
                velocity = int(np.clip(round(note.velocity * loudness), 1, 127))
                notes.append(note._replace(start=start, velocity=velocity))
    return notes
