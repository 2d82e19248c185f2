"""What a folder holds for separation: classes or speakers, in words, and one seeded split.

For classes: a manifest; a folder of folders, one a class; or songs with stems (MUSDB18-HQ's
layout). For a drum kit: a manifest of songs whose stems are its parts. For speakers: a manifest,
speakers' folders, LibriSpeech, VCTK or LibriMix.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from aeolia.config.classes import CLASSES, KIT, PERCUSSION, STEMS
from aeolia.data.corpus.layouts import named_class
from aeolia.data.corpus.left_out import LeftOut
from aeolia.data.corpus.manifest import (
    HELD_OUT,
    SPLITS,
    Row,
    recording_of,
    split_position,
    split_rows,
    with_splits,
)
from aeolia.data.corpus.scan import Scan, listed_rows, load_rows, scan
from aeolia.data.separate.arrangements import drum_role
from aeolia.errors import DataError

__all__ = [
    "class_rows",
    "kit_rows",
    "speaker_rows",
    "split_everything",
    "split_played",
    "split_songs",
    "without_report",
]

#: Share of an instrument's notes, and of the hits of a role, that are held out.
_HELD_OUT_SHARE = 0.15
#: Kinds of recordings that arrangements are played with.
_PLAYED = ("note", "drum")
#: What stands beside a drum kit in its song: all stems but the drums, which are their parts' sum.
_BESIDE_KIT = (PERCUSSION, *(name for name in STEMS if name != "drums"))
#: A speaker needs this much: a crop and an enrolment clip.
_SPEAKER_SECONDS = 5.0


def class_rows(
    path: str | os.PathLike[str], seed: int = 0, hold_out: Sequence[str] = ()
) -> tuple[list[Row], list[str], list[LeftOut]]:
    """Rows for mixtures of classes, split; lines of text that say what was found; what is not used.

    Args:
        path: a manifest or a folder; see the module's text.
        hold_out: names of songs to validate on; otherwise a share of them is, by the seed. What
            a manifest gives to `report` stays there, and so do its other splits of notes and hits.

    Raises:
        DataError: the folder has no class of sound to train on, or no song of such a name.
    """
    path = Path(path)
    folders = [folder for folder in _subfolders(path) if named_class(folder.name)]
    if folders and not _is_listed(path):
        rows, words, left_out = _scan_classes(path, seed)
    else:
        kinds = ("speech", "noise", "stem", "note", "drum")
        rows, words, left_out = _load(path, kinds, seed)
    stems = [row for row in rows if row.kind == "stem"]
    if odd := sorted({row.label for row in stems} - set(STEMS)):
        left_out += [LeftOut(r.path, "no such stem", r.label) for r in stems if r.label in odd]
        rows = [row for row in rows if row.kind != "stem" or row.label in STEMS]
        words.append(f"left out: stems named {', '.join(odd)}; stems are {', '.join(STEMS)}")
    given = {row.path for row in listed_rows(path)[0] if row.split}
    played = [row for row in rows if row.kind in _PLAYED]
    played = [row for row in played if row.path in given] + split_played(
        [row for row in played if row.path not in given], seed
    )
    stems = [row for row in rows if row.kind == "stem"]
    stems = split_songs(stems, hold_out, given) if hold_out else stems
    rows = [row for row in rows if row.kind in ("speech", "noise")] + stems + played
    if _is_listed(path):  # now that the split is known
        words = _in_words(path, rows, words)
    found = [row for row in rows if row.kind in ("speech", "stem", "note", "drum")]
    if not found:
        raise DataError(
            f"{path} holds no classes to separate; give a folder with subfolders named "
            f"{', '.join(CLASSES)}, songs with {', '.join(STEMS)}, or a manifest"
        )
    return rows, [*words, *_classes_in_words(rows)], left_out


def kit_rows(
    path: str | os.PathLike[str], seed: int = 0
) -> tuple[list[Row], list[str], list[LeftOut]]:
    """Rows for mixtures of a drum kit, split; what was found in words; what is not used.

    Args:
        path: a manifest of songs whose stems are the parts of the kit and what stands beside it,
            as `aeolia data songs` writes it, or the folder of one.

    Raises:
        DataError: no part of a kit is there to train on.
    """
    found, words, left_out = _load(Path(path), ("stem",), seed)
    songs = {row.source for row in found if row.label in KIT}
    rows = []
    for row in found:
        if row.source not in songs:
            left_out.append(LeftOut(row.path, "a song without parts of a kit", row.label))
        elif row.label in (*KIT, *_BESIDE_KIT):
            rows.append(row)
        elif row.label != "drums":
            left_out.append(LeftOut(row.path, "no such stem", row.label))
    if not any(row.label in KIT and row.split == "train" for row in rows):
        raise DataError(
            f"{path} holds no parts of a drum kit to train on; give a manifest of songs with stems "
            f"called {', '.join(KIT)}, such as aeolia data songs writes"
        )
    return rows, [*words, *_parts_in_words(rows)], left_out


def speaker_rows(
    speech: str | os.PathLike[str],
    noise: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> tuple[list[Row], list[str], list[LeftOut]]:
    """Rows of speech, and of noise, for mixtures of speakers; what was found in words; the unused.

    `noise` may be the same folder; without it, noise that the speech's folder holds is used.

    Raises:
        DataError: the folder holds no speech, or not two named speakers with enough of it.
    """
    rows, words, left_out = _load(Path(speech), ("speech", "noise"), seed)
    if noise is not None and Path(noise) != Path(speech):
        more, said, others = load_rows(noise, "noise", seed)
        left_out = [*left_out, *others]
        rows, words = [*(row for row in rows if row.kind != "noise"), *more], [*words, *said]
    for split in SPLITS:
        seconds: dict[tuple[str, str], float] = defaultdict(float)
        unnamed = 0
        for row in rows:
            if row.kind == "speech" and row.split == split:
                seconds[row.source, row.label or row.path] += row.seconds
                unnamed += not row.label
        enough = sum(1 for length in seconds.values() if length >= _SPEAKER_SECONDS)
        named = len(seconds) - unnamed
        words.append(
            f"speakers, {split}: {named} named and {unnamed} recordings of unnamed ones; "
            f"{enough} with {_SPEAKER_SECONDS:g} s or more"
        )
        if enough < 2 and split == "train":
            raise DataError(
                f"{speech} holds {enough} speakers with {_SPEAKER_SECONDS:g} s of speech or more "
                "to train on; give at least two, one folder each"
            )
    return rows, words, left_out


def split_everything(
    rows: Sequence[Row], held_out: float = 0.1, seed: int = 0, report: Sequence[str] = ()
) -> list[Row]:
    """Rows of a manifest with `split` filled in, as training would, where they bring none.

    A kind of three recordings (songs, speakers, notes) or more of which none came to `report`
    gets its shortest one of `train` there: figures need something that nothing was chosen by.

    Args:
        report: sources or labels (songs, speakers, instruments) for the split `report`, whatever
            the rows bring.

    Raises:
        DataError: none of the rows is of such a name.
    """
    named = [{row.source.split("/")[-1], row.label} & set(report) for row in rows]
    if unknown := sorted(set(report) - {name for found in named for name in found}):
        raise DataError(
            f"the manifest has no source or label called {unknown[0]!r}; check --report"
        )
    others = with_splits([row for row in rows if row.kind not in _PLAYED], held_out, seed)
    played = split_played([row for row in rows if row.kind in _PLAYED], seed)
    drawn = {row.path: row.split for row in (*others, *played)}
    split = [
        replace(row, split="report" if found else row.split or drawn[row.path])
        for row, found in zip(rows, named, strict=True)
    ]
    undecided = {row.path for row in rows if not row.split}
    for kind in {row.kind for row in rows} if held_out > 0.0 else ():
        one = _for_report([row for row in split if row.kind == kind], undecided)
        split = [
            replace(row, split="report") if (row.kind, recording_of(row)) == (kind, one) else row
            for row in split
        ]
    return split


def _for_report(rows: Sequence[Row], undecided: Collection[str]) -> str:
    """The recording of one kind that is to be reported on for want of another; "" for none.

    Args:
        undecided: paths whose split the manifest does not say.
    """
    seconds: dict[str, float] = defaultdict(float)
    fixed: set[str] = set()
    trained: set[str] = set()
    for row in rows:
        name = recording_of(row)
        seconds[name] += row.seconds
        (trained if row.split == "train" else fixed).add(name)
        if row.path not in undecided:
            fixed.add(name)
    free = sorted(seconds.keys() - fixed, key=lambda name: (seconds[name], name))
    # One is left to train on.
    enough = len(seconds) >= 3 and len(trained) >= 2 and free
    return free[0] if enough and not any(row.split == "report" for row in rows) else ""


def without_report(rows: Sequence[Row]) -> dict[str, int]:
    """Kinds of which nothing is for `report` -> how many recordings they have."""
    names: dict[str, set[str]] = defaultdict(set)
    reported = {row.kind for row in rows if row.split == "report"}
    for row in rows:
        names[row.kind].add(recording_of(row))
    return {kind: len(found) for kind, found in names.items() if kind not in reported}


def split_played(rows: Sequence[Row], seed: int = 0) -> list[Row]:
    """Notes and hits with `split` filled in, so that train and choose can both play.

    Of every instrument with four pitches or more some pitches are held out with all their
    takes, and of the hits of every role some strokes: for choose and for report in turn.
    """
    groups: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        groups[_player(row)].add(recording_of(row))
    held_out = {}
    for names in groups.values():
        if len(names) >= 4:
            ordered = sorted(names, key=lambda name: split_position(seed, name))
            for index in range(max(1, round(_HELD_OUT_SHARE * len(names)))):
                held_out[ordered[index]] = HELD_OUT[index % 2]
    return [replace(row, split=held_out.get(recording_of(row), "train")) for row in rows]


def _player(row: Row) -> tuple[str, ...]:
    if row.kind == "drum":
        return ("drum", row.source, drum_role(row))
    return (row.kind, row.source, row.label)


def split_songs(
    rows: Sequence[Row], hold_out: Sequence[str], given: Collection[str] = ()
) -> list[Row]:
    """Stems with `split` filled in: the named songs are to validate on, all others train.

    Args:
        given: paths whose split a manifest gives. A song of its `report` is not validated on even
            if it is named, and one that is not named stays where it is.

    Raises:
        DataError: no song is called so.
    """
    songs = {row.source.split("/")[-1] for row in rows}
    if unknown := sorted(set(hold_out) - songs):
        raise DataError(f"no song is called {unknown[0]!r}; songs are {', '.join(sorted(songs))}")

    def split(row: Row) -> str:
        if row.path in given and row.split == "report":
            return row.split
        if row.source.split("/")[-1] in hold_out:
            return "choose"
        return row.split if row.path in given else "train"

    return [replace(row, split=split(row)) for row in rows]


def _subfolders(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if one.is_dir()) if path.is_dir() else []


def _is_listed(path: Path) -> bool:
    """Whether a manifest lists the folder, as `load_rows` finds it."""
    folders = (path, path.resolve().parent)
    return path.is_file() or any((folder / "manifest.csv").is_file() for folder in folders)


def _load(
    path: Path, kinds: Sequence[str], seed: int
) -> tuple[list[Row], list[str], list[LeftOut]]:
    """Rows of these kinds from a manifest or a scanned folder, as `load_rows` returns them."""
    rows, words, left_out = load_rows(path, seed=seed)
    used = [row for row in rows if row.kind in kinds]
    if len(used) < len(rows):  # of a manifest that lists more: speak of what is used
        words = _in_words(path, used, words)
    return used, words, left_out


def _in_words(path: Path, rows: list[Row], said: Sequence[str]) -> list[str]:
    """What rows of a manifest hold, and what was said already of the manifest itself."""
    kept = [line for line in said if line.startswith(("layout", "left out"))]
    return [*Scan(path, rows).words()[:-2], *kept] if rows else kept


def _scan_classes(path: Path, seed: int) -> tuple[list[Row], list[str], list[LeftOut]]:
    """Rows of a folder of folders, one a class, as `load_rows` returns them."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    words: list[str] = []
    for folder in _subfolders(path):
        name = named_class(folder.name)
        if not name:
            words.append(f"left out: {folder.name}/ names no class of {', '.join(CLASSES)}")
            left_out.append(LeftOut(str(folder), "a folder that names no class"))
            continue
        kind = name if name in ("speech", "noise") else "stem"
        result = scan(folder, kind, seed)
        left_out += result.left_out
        words += [f"{folder.name}/ as {name}:", *(f"  {line}" for line in result.words())]
        for row in result.rows:
            if kind == "stem":  # every file is a recording of its own
                inside = Path(row.path).relative_to(folder.resolve()).with_suffix("")
                row = replace(row, label=name, source=f"{folder.name}/{inside}", split="")
            rows.append(row)
    stems = split_rows([row for row in rows if row.kind == "stem"], seed=seed)
    return [row for row in rows if row.kind != "stem"] + stems, words, left_out


def _parts_in_words(rows: Sequence[Row]) -> list[str]:
    """What mixtures of a kit can hold, one line a part."""
    lines = []
    for name in (*KIT, *_BESIDE_KIT):
        songs = [row.split for row in rows if row.label == name]
        counts = ", ".join(f"{songs.count(split)} to {split}" for split in SPLITS)
        role = "part" if name in KIT else "beside the kit"
        lines.append(f"{role} {name}: {len(songs)} songs, {counts}")
    return lines


def _classes_in_words(rows: Sequence[Row]) -> list[str]:
    """What mixtures can hold, one line a class."""
    lines = []
    for name in CLASSES:
        chosen = [row for row in rows if name == (row.label if row.kind == "stem" else row.kind)]
        parts = []
        for split in SPLITS:
            minutes = sum(row.seconds for row in chosen if row.split == split) / 60.0
            parts.append(f"{minutes:.1f} min to {split}")
        if chosen:
            lines.append(f"class {name}: {len(chosen)} recordings, {', '.join(parts)}")
        elif name not in ("speech", "noise") and any(r.kind in ("note", "drum") for r in rows):
            lines.append(f"class {name}: from arrangements alone, where there are notes for it")
        else:
            lines.append(f"class {name}: none; mixtures will not hold it")
    played = [row for row in rows if row.kind in ("note", "drum")]
    if played:
        held = sum(1 for row in played if row.split in HELD_OUT)
        lines.append(f"arrangements: {len(played)} notes and hits, {held} of them held out")
    return lines
