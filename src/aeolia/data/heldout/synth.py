"""Recordings of notes as training split them, for the synthesis benchmarks."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.config import SynthConfig
from aeolia.data.corpus.manifest import Row, trainable
from aeolia.data.synth.files import NoteFile, find_notes
from aeolia.data.synth.notes import RecordedNote, hold_out, read_notes
from aeolia.data.synth.words import drum_kind
from aeolia.runtime.synth.program_names import known_name

__all__ = ["HeldOutNotes", "draw", "sound"]

#: Drums of fewer hits than this were not learned.
_LEAST_HITS = 8


@dataclass(frozen=True)
class HeldOutNotes:
    """Notes of the instruments that a model learned, and of those that it never received."""

    known: dict[str, list[RecordedNote]]
    #: Held out by pitch (hits: every fifth).
    unseen: dict[str, list[RecordedNote]]
    #: Whole instruments that were kept out of training.
    strangers: dict[str, list[RecordedNote]]


def draw(
    data: Path,
    split: str = "report",
    *,
    config: SynthConfig,
    strangers: tuple[str, ...] = (),
) -> HeldOutNotes:
    """Notes, or hits, under `data` with the split that training made.

    Args:
        data: a folder with notes/ and drums/ as training had them, or a table of both.
        split: "report", or "choose" to compare candidates.
        config: of the model that is judged.
        strangers: whole instruments that training kept out; they are of `report`.

    Raises:
        DataError: a folder that is no data.
    """
    folder, kind = ("drums", "drum") if config.unpitched else ("notes", "note")
    files = find_notes(data if data.is_file() else data / folder, kind)
    if config.unpitched:
        usable = [f for f in files if trainable(Row(f.path, source=f.source, licence=f.licence))]
        files = [dataclasses.replace(file, instrument=drum_kind(file)) for file in usable]
    files = [_as_known(file, config) for file in files]
    if config.unpitched:
        counts = Counter(file.instrument for file in files)
        files = [file for file in files if counts[file.instrument] >= _LEAST_HITS]
    pool = hold_out(read_notes(files, config, not config.unpitched), strangers)
    sides: dict[tuple[str, str], list[RecordedNote]] = {}
    for note in pool.notes:
        sides.setdefault((note.split, note.file.instrument), []).append(note)
    names = config.instruments
    return HeldOutNotes(
        {name: sides.get(("train", name), []) for name in names},
        {name: sides.get((split, name), []) for name in names},
        {name: sides.get((split, name), []) for name in strangers},
    )


def _as_known(file: NoteFile, config: SynthConfig) -> NoteFile:
    """A recording under the name that the model has for its instrument."""
    known = known_name(file.instrument, config.instruments)
    return dataclasses.replace(file, instrument=known) if known else file


def sound(note: RecordedNote, seconds: float, rate: int) -> np.ndarray:
    """The first seconds of a note at the level it was learned at, float32 [T]."""
    part = note.audio[: round(seconds * rate)].astype(np.float32)
    return part * np.float32(10 ** (note.gain_db / 20))
