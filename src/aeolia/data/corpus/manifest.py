"""The manifest: one row per recording, as CSV, and the seeded split.

    train    to learn from
    choose   to validate on: candidates are compared here, and nowhere else
    report   for the figures of what was chosen; training and tuning never read it

The split works on groups that must not straddle it: a speaker, or the pieces of one original
recording. Each group is assigned by a hash of its name and the seed, so adding files to a corpus
never moves the groups that were there before (but for kinds with two or three groups held out).
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from aeolia.config.ranges import shown
from aeolia.errors import DataError
from aeolia.files import read_rows, write_atomically
from aeolia.plain_text import as_utf8, cell_text

__all__ = [
    "FULL_BAND_HZ",
    "HELD_OUT",
    "KINDS",
    "SPLITS",
    "Row",
    "recording_of",
    "read_manifest",
    "split_drawn",
    "split_named",
    "split_position",
    "split_rows",
    "trainable",
    "with_splits",
    "write_manifest",
]

KINDS = ("speech", "noise", "rir", "note", "drum", "stem")

#: The splits that training does not learn from, and all of them.
HELD_OUT = ("choose", "report")
SPLITS = ("train", *HELD_OUT)

#: What earlier manifests called them.
_EARLIER_SPLITS = {"valid": "choose"}

#: Speech reaching above this counts as full band.
FULL_BAND_HZ = 16000.0

#: Noise clips shorter than this are held together with the rest of their class: single steps
#: and key presses are usually cut from one recording session.
_SHORT_SECONDS = 2.0

#: At least this much full-band speech is held out (where two full-band speakers exist).
_FULL_BAND_HELD_OUT_SECONDS = 60.0

#: Sources whose recordings come without a clear licence.
_UNLICENSED_SOURCES = ("auralizr_openair",)


@dataclass(frozen=True)
class Row:
    """One recording. `path` is absolute once read; `label` is speaker, class or instrument.

    `bandwidth_hz` is how high the recording itself reaches; 0 means unknown, and so does a
    `sample_rate` of 0. `split` is one of `SPLITS`, or "" (not yet split). `midi` is the note's
    number, 0 where there is none.
    """

    path: str
    kind: str = "speech"
    source: str = ""
    label: str = ""
    seconds: float = 0.0
    sample_rate: int = 0
    bandwidth_hz: float = 0.0
    split: str = ""
    licence: str = ""
    midi: float = 0.0


def read_manifest(path: str | os.PathLike[str]) -> list[Row]:
    """Rows of a manifest, with paths made absolute against the manifest's own folder.

    Only `path` and `kind` are required; other known columns may be absent and unknown ones
    are ignored.

    Raises:
        DataError: the file is missing, has no such columns, or holds a value that cannot be, such
            as a kind that is none of `KINDS`.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(
            f"no manifest at {path}; write one with `aeolia data scan DIR -o {path.name}`"
        )
    root = path.resolve().parent
    known: dict[str, Callable[..., Any]] = {
        field.name: type(field.default) for field in fields(Row) if field.name != "path"
    }
    rows = []
    columns, records = read_rows(path, "manifest", DataError, errors="surrogateescape", exact=True)
    if not {"path", "kind"} <= set(columns):
        raise DataError(f"{path} is not a manifest: its first line must name path and kind")
    for number, record in enumerate(records, 2):
        values = {}
        for name, kind in known.items():
            text = record.get(name, "")
            try:
                values[name] = _value(text, kind) if text else kind()
            except ValueError:
                raise DataError(
                    f"{path} line {number}: {name} is {shown(text)}, not a number from 0 up"
                ) from None
        if split := values["split"]:
            values["split"] = split_named(split)
            if not values["split"]:
                raise DataError(
                    f"{path} line {number}: split is {shown(split)}; it must be "
                    f"{', '.join(SPLITS)}, or empty"
                )
        if values["kind"] not in KINDS:
            raise DataError(
                f"{path} line {number}: kind is {shown(values['kind'])}; it must be one of "
                f"{', '.join(KINDS)}"
            )
        if not record["path"] or "\0" in record["path"]:
            raise DataError(f"{path} line {number}: path names no file; give one, or leave it out")
        rows.append(Row(path=os.path.join(root, record["path"]), **values))
    if not rows:
        raise DataError(f"{path} lists no recordings")
    return rows


def _value(text: str, kind: Callable[..., Any]) -> Any:
    """A cell as text or number.

    Raises:
        ValueError: it must be a number and is none, or one below 0, or not finite.
    """
    if kind is str:
        return text
    value = float(text)
    if not 0.0 <= value < math.inf:
        raise ValueError(text)
    return kind(value)


def write_manifest(path: str | os.PathLike[str], rows: Iterable[Row]) -> None:
    """Write rows as CSV, atomically; paths inside the manifest's folder become relative.

    Raises:
        DataError: it cannot be written.
    """
    root = Path(path).resolve().parent
    names = [field.name for field in fields(Row)]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(names)
    for row in rows:
        own = Path(row.path)
        shown = own.relative_to(root) if own.is_relative_to(root) else own
        row = replace(row, path=str(shown), seconds=round(row.seconds, 3))
        cells = (getattr(row, name) for name in names)
        writer.writerow([cell_text(c) if isinstance(c, str) else c for c in cells])
    write_atomically(path, stream.getvalue(), error=DataError)


def trainable(row: Row) -> bool:
    """Whether a recording's licence lets weights trained on it be released permissively.

    Left out: sources without a stated licence, and share-alike recordings, unless the licence
    text says that each file has its own, freer one ("per file").
    """
    if row.source in _UNLICENSED_SOURCES:
        return False
    return "by-sa" not in row.licence.lower() or "per file" in row.licence.lower()


def recording_of(row: Row) -> str:
    """The name of what must not straddle the split: a speaker, or one original recording.

    Speech groups by speaker; a source that has no label falls back to the file. Noise groups
    by the file's name without its trailing take number or letter (`rain_2`, `rain_3`; numbers of
    four digits and more are taken as names of recordings); names
    in the manner of ESC-50 (`fold-source-take-class`) by the source recording's number; clips
    under two seconds go with all short clips of their class. A song is one recording with all
    its stems, a note of an instrument one with all its takes, and so is a drum hit with all the
    microphones (`top`, `btm`, `oh`) that recorded it.
    """
    stem = Path(row.path).stem.lower()
    if row.kind == "speech":
        return f"{row.source}/{row.label}" if row.label else f"{row.source}//{stem}"
    if row.kind == "stem":
        return row.source
    if row.kind == "note" and row.midi:
        return f"{row.source}/{row.label}/{row.midi:g}"
    if row.kind == "drum":
        name = re.sub(r"^\d+_|_(top|btm|oh|room)(?=_)", "", stem)
        return f"{row.source}/{name}"
    if match := re.fullmatch(r"\d[-_](\d{3,})[-_][a-z](?:[-_]\d+)?", stem):
        return f"{row.source}/{match[1]}"
    if row.seconds < _SHORT_SECONDS and row.label:
        return f"{row.source}/{row.label}/short"
    root = re.sub(r"(?:[ _\-]*(?:(?<!\d)\d{1,3}|(?<=[ _\-])[a-z]))+$", "", stem)
    return f"{row.source}/{root}" if root else f"{row.source}/{row.label or stem}"


def split_named(text: str) -> str:
    """The split that a table names, by its name of today; "" where it is none."""
    name = _EARLIER_SPLITS.get(text, text)
    return name if name in SPLITS else ""


def split_position(seed: int, group: str) -> float:
    """A number in [0, 1) that depends on the seed and the group's name alone."""
    digest = hashlib.sha256(as_utf8(f"{seed}:{group}")).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def split_drawn(group: str, held_out: float = 0.1, seed: int = 0) -> str:
    """The split of a group by its name alone: half of the share `held_out` is to report on."""
    position = split_position(seed, group)
    if position >= held_out:
        return "train"
    return "choose" if position < held_out / 2.0 else "report"


def with_splits(rows: Sequence[Row], held_out: float = 0.1, seed: int = 0) -> list[Row]:
    """Rows with `split` filled in where they bring none: that of their speaker or recording, if it
    is given with other rows, or else by `split_rows`.
    """
    given = {(row.kind, recording_of(row)): row.split for row in rows if row.split}
    drawn = split_rows(rows, held_out, seed)
    return [
        replace(row, split=row.split or given.get((row.kind, recording_of(row)), new.split))
        for row, new in zip(rows, drawn, strict=True)
    ]


def split_rows(rows: Sequence[Row], held_out: float = 0.1, seed: int = 0) -> list[Row]:
    """Rows with `split` filled in, kind by kind; see the module's text and `recording_of`.

    The share `held_out` of the groups is not learned from: about half of it is for `choose`, which
    comes first where there is a single group, and half for `report`.

    A speaker who makes up more than a tenth of a kind's recordings by themselves stays in
    train, so that one large voice never empties it. Where the hash holds out too little full-band
    speech, the full-band speakers with the least audio are held out until a minute is
    there, or twice the share: this costs training least. A kind with a single group is split by
    file.
    """
    if not 0.0 <= held_out < 1.0:
        raise DataError(f"the share held out is {held_out}; it must be in [0, 1)")
    splits: dict[tuple[str, str], str] = {}
    names: list[tuple[str, str]] = [(row.kind, recording_of(row)) for row in rows]
    for kind in {row.kind for row in rows}:
        indices = [i for i, row in enumerate(rows) if row.kind == kind]
        if len({names[i] for i in indices}) == 1:
            for i in indices:
                names[i] = (kind, rows[i].path)
        splits |= _divided(_held_out(rows, names, indices, held_out, seed), seed)
    return [
        replace(row, split=splits.get(name, "train")) for row, name in zip(rows, names, strict=True)
    ]


def _divided(held_out: Iterable[tuple[str, str]], seed: int) -> dict[tuple[str, str], str]:
    """Groups of one kind that are held out -> choose or report."""
    # Another hash than that which held them out: it alone says low positions, always.
    position = {name: split_position(seed, f"report/{name[1]}") for name in held_out}
    ordered = sorted(position, key=position.__getitem__)
    # One group serves choosing; of several, each side gets one whatever the hash says.
    count = sum(place < 0.5 for place in position.values())
    count = min(max(count, 1), len(ordered) - 1)
    return {name: "report" if k < count else "choose" for k, name in enumerate(ordered)}


def _held_out(
    rows: Sequence[Row],
    names: Sequence[tuple[str, str]],
    indices: Sequence[int],
    share: float,
    seed: int,
) -> set[tuple[str, str]]:
    """The groups of one kind that are held out."""
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    full_band: dict[tuple[str, str], bool] = defaultdict(bool)
    for i in indices:
        seconds[names[i]] += rows[i].seconds
        full_band[names[i]] |= rows[i].bandwidth_hz > FULL_BAND_HZ
    if share == 0.0 or len(seconds) < 2:
        return set()
    position = {name: split_position(seed, name[1]) for name in seconds}
    # Small corpora: a group may be large in share and yet the only thing to validate on.
    limit = max(0.1, 1.5 / len(seconds)) * sum(seconds.values())
    # Nor does a hash that holds out half of a few groups: this is the most.
    most = 2.0 * share * sum(seconds.values())
    chosen: set[tuple[str, str]] = set()
    for name in sorted(seconds, key=position.__getitem__):
        within = sum(seconds[n] for n in chosen) + seconds[name] <= most
        if position[name] < share and seconds[name] <= limit and (within or not chosen):
            chosen.add(name)
    if not chosen:
        small = [name for name in seconds if seconds[name] <= limit] or list(seconds)
        chosen = {min(small, key=position.__getitem__)}
    if rows[indices[0]].kind == "speech":
        wide = sorted((n for n in seconds if full_band[n]), key=lambda n: (seconds[n], position[n]))
        for name in wide[:-1]:
            if sum(seconds[n] for n in chosen if full_band[n]) >= _FULL_BAND_HELD_OUT_SECONDS:
                break
            if name not in chosen and sum(seconds[n] for n in chosen) + seconds[name] > most:
                break
            chosen.add(name)
    return chosen
