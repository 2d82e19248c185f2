"""Drummers' performances as MIDI files: the Groove MIDI Dataset, or files named as it names its.

J. Gillick and others, "Learning to Groove with Inverse Sequence Transformations", ICML 2019: 13.6
hours by ten drummers on an electronic kit (CC BY 4.0). Files are called
NUMBER_STYLE_BPM_KIND_METRE.mid, and its table `info.csv` gives each a split, which is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aeolia.audio.smf import parse_smf
from aeolia.data.corpus.manifest import split_drawn
from aeolia.data.songs.composing.kit import played_key
from aeolia.data.songs.composing.score import Note
from aeolia.errors import DataError, InputError
from aeolia.files import read_limited, read_rows

__all__ = ["Performance", "find_performances", "read_performance"]

_NAME = re.compile(r"\d+_(?P<style>[a-z]+)[^_]*_(?P<bpm>\d+)_beat_(?P<beats>\d+)-4")
#: The dataset's names of our splits.
_SPLITS = {"train": "train", "validation": "choose", "test": "report"}
#: A longer file is no performance; a shorter performance is not worth repeating.
_MOST_BYTES, _FEWEST_STROKES = 2**22, 16
#: Strokes in a MIDI file have no length that a drum would heed.
_STROKE_BEATS = 0.2


@dataclass(frozen=True)
class Performance:
    """A file of drums: its style in the dataset's words, and the beats of its bars."""

    path: Path
    style: str
    beats_per_bar: int
    split: str


def find_performances(folder: Path) -> list[Performance]:
    """Performances of whole beats under a folder (not the fills), in the order of their names.

    Raises:
        DataError: there is no such folder, or none in it; the table cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"no folder of drummers' MIDI files at {folder}")
    splits = _listed_splits(folder)
    found = []
    for path in sorted(folder.rglob("*.mid")):
        name = path.relative_to(folder).as_posix()
        if match := _NAME.fullmatch(path.stem):
            split = splits.get(name) or split_drawn(name)
            found.append(Performance(path, match["style"], int(match["beats"]), split))
    if not found:
        raise DataError(
            f"{folder} holds no performances named as the Groove MIDI Dataset names them, such as "
            "1_funk-groove1_138_beat_4-4.mid"
        )
    return found


def _listed_splits(folder: Path) -> Mapping[str, str]:
    table = folder / "info.csv"
    if not table.is_file():
        return {}
    _, rows = read_rows(table, "table of performances", DataError)
    return {
        row["midi_filename"]: _SPLITS[row["split"]]
        for row in rows
        if row.get("midi_filename") and row.get("split") in _SPLITS
    }


def read_performance(path: Path) -> tuple[Note, ...]:
    """The strokes of a file, in beats; none where it holds too few.

    Raises:
        DataError: it cannot be read, or is no MIDI file.
    """
    data = read_limited(path, "MIDI file", _MOST_BYTES, DataError)
    try:
        parsed = parse_smf(data, str(path))
    except InputError as error:
        raise DataError(str(error)) from error
    notes: Sequence[Note] = [
        Note(
            event.tick / parsed.ticks_per_quarter,
            _STROKE_BEATS,
            played_key(event.data[1]),
            event.data[2],
        )
        for event in parsed.events
        if event.kind == "channel" and event.data[0] & 0xF0 == 0x90 and event.data[2]
    ]
    return tuple(notes) if len(notes) >= _FEWEST_STROKES else ()
