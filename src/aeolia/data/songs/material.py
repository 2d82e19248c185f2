"""What songs are made with, found on the disk, and what was found in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aeolia.data.corpus.manifest import SPLITS
from aeolia.data.songs.drummers import Performance, find_performances
from aeolia.data.songs.plan import Material
from aeolia.data.songs.scores import Score, find_scores
from aeolia.data.songs.soundfont import Soundfont, read_soundfont
from aeolia.data.songs.voices.singers import Singer, find_singers
from aeolia.data.songs.voices.singing import can_sing

__all__ = ["find_material"]


def find_material(
    soundfonts: Sequence[Path],
    report_soundfonts: Sequence[Path] = (),
    grooves: Path | None = None,
    voices: Path | None = None,
    scores: Path | None = None,
) -> tuple[Material, list[str]]:
    """Material, and lines of text on what it holds or lacks.

    Args:
        grooves: a folder as `find_performances` takes it.
        voices: speech, as `find_singers` takes it.
        scores: a folder of MIDI files.

    Raises:
        DataError: one of the paths does not hold what it should.
    """
    material = Material(
        tuple(read_soundfont(path) for path in soundfonts),
        tuple(read_soundfont(path) for path in report_soundfonts),
        tuple(find_performances(grooves)) if grooves else (),
        tuple(find_singers(voices)) if voices else (),
        tuple(find_scores(scores)) if scores else (),
    )
    remarks = [_of_soundfont(font) for font in (*material.soundfonts, *material.report_soundfonts)]
    if not material.report_soundfonts:
        remarks.append(
            "no --report-soundfont: songs of the split report sound like those that are learned"
        )
    if grooves:
        played = material.performances
        remarks.append(f"{len(played)} drummers' performances: {_by_split(played)}")
    if scores:
        remarks.append(f"{len(material.scores)} scores: {_by_split(material.scores)}")
    if not voices:
        remarks.append("no --voices: songs have no vocals")
    else:
        remarks.append(f"{len(material.singers)} singers: {_by_split(material.singers)}")
        if not can_sing():
            remarks.append(
                "nobody sings, for the vocoder WORLD is not installed (`pip install "
                "'aeolia[voice]'`): voices rap and speak"
            )
            material = replace(material, sings=False)
    return material, remarks


def _of_soundfont(font: Soundfont) -> str:
    rights = f"; rights: {font.rights}" if font.rights else "; it does not say whose it is"
    return f"{font.path.name}: {font.name}, {len(font.instruments)} instruments{rights}"


def _by_split(items: Sequence[Performance | Singer | Score]) -> str:
    counts = Counter(item.split for item in items)
    return ", ".join(f"{counts[split]} to {split}" for split in SPLITS)
