"""Drums: a groove for each kind of section, fills that lead on, crashes where sections begin."""

from __future__ import annotations

import numpy as np

from aeolia.data.songs.composing.grooves import (
    CRASHES,
    GROOVES,
    HATS,
    LEVELS,
    OPEN,
    RIDES,
    SNARE,
    TAMBOURINE,
    TOMS,
    Groove,
)
from aeolia.data.songs.composing.outline import pick
from aeolia.data.songs.composing.player import Player
from aeolia.data.songs.composing.score import Bar, Note, Outline
from aeolia.data.songs.composing.styles import STYLES

__all__ = ["drums_by_rule"]

#: How often drums wait until such a section is over.
_SILENT = 0.35
#: Length of a stroke in steps: drums do not hold.
_STROKE = 0.8
#: Shares: of ghost notes among the snare's rests, of closed hi-hats that open, of strokes missed.
_GHOSTS, _OPENED, _MISSED = (0.0, 0.0, 0.08, 0.15), 0.03, 0.03


def drums_by_rule(outline: Outline, rng: np.random.Generator) -> list[Note]:
    """What a drummer plays in the outline's style."""
    style = STYLES[outline.style]
    grooves = GROOVES[pick(rng, style.grooves)]
    by_section = {name: dict(pick(rng, grooves)) for name in ("verse", "chorus", "bridge")}
    if rng.random() < 0.25:
        by_section["chorus"][TAMBOURINE] = "x" + "." * (outline.steps_per_beat - 1)
    player = Player(outline, rng, float(rng.uniform(98.0, 122.0)))
    ghosts = 0.0 if style.machine else pick(rng, _GHOSTS)
    thin_intro, drops = rng.random() < 0.5, rng.random() < 0.6
    silent = {name for name in ("intro", "break", "outro") if rng.random() < _SILENT}
    fills, crashes = float(rng.uniform(0.3, 1.0)), float(rng.uniform(0.2, 1.0))
    notes: list[Note] = []
    for bar in outline.bars:
        groove: Groove = by_section.get(bar.section, by_section["verse"])
        if (bar.section == "intro" and thin_intro) or (bar.section == "break" and drops):
            groove = _thinned(groove)
        if bar.section in silent and not bar.is_last:
            continue
        fill = outline.steps
        if bar.is_last and rng.random() < fills:
            fill -= pick(rng, (2, outline.steps // 4, outline.steps // 4, outline.steps // 2))
        if bar.index == 0 and rng.random() < crashes:
            notes.append(player.note(bar, 0, 8, pick(rng, CRASHES), 1.05))
        notes += _bar(player, bar, groove, fill, ghosts)
        notes += _fill(player, bar, fill)
    return notes


def _thinned(groove: Groove) -> Groove:
    """A groove without its back beat."""
    return {key: line for key, line in groove.items() if key != SNARE}


def _bar(player: Player, bar: Bar, groove: Groove, fill: int, ghosts: float) -> list[Note]:
    """One bar of a groove; from step `fill` on, hands are busy elsewhere."""
    rng, notes = player.rng, []
    for key, line in groove.items():
        in_fill = key in (SNARE, *HATS, *RIDES)
        for step in range(fill if in_fill else player.outline.steps):
            level = LEVELS.get(line[step % len(line)], 0.0)
            if not level and key == SNARE and rng.random() < ghosts:
                level = LEVELS["-"]
            if not level or (level < 0.7 and rng.random() < _MISSED):
                continue
            opened = key == HATS[0] and rng.random() < _OPENED
            notes.append(player.note(bar, step, _STROKE, OPEN if opened else key, level))
    return notes


def _fill(player: Player, bar: Bar, start: int) -> list[Note]:
    """Toms, snare or both from a step to the end of the bar, ever louder."""
    rng, steps = player.rng, player.outline.steps
    length = steps - start
    kind = pick(rng, ("toms", "toms", "snare", "both"))
    notes = []
    for step in range(start, steps):
        if rng.random() < 0.15:
            continue
        share = (step - start) / max(1, length)
        tom = TOMS[min(len(TOMS) - 1, int(share * len(TOMS)))]
        key = {"toms": tom, "snare": SNARE}.get(kind) or pick(rng, (SNARE, *TOMS))
        notes.append(player.note(bar, step, _STROKE, key, 0.8 + 0.25 * share))
    return notes
