"""Folders given as speech that are noise, or as noise that are speech: by name, else by sound."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
import soundfile

from aeolia.audio.pitch.speech import is_speech
from aeolia.audio.sound_file import sound_file_path
from aeolia.data.corpus.layouts import describe
from aeolia.data.corpus.manifest import Row
from aeolia.errors import MissingExtraError

__all__ = ["mistaken"]

#: Recordings that are listened to, and seconds of each.
_HEARD, _SECONDS = 6, 8.0


def mistaken(option: str, path: Path, rows: Sequence[Row], other: str) -> list[str]:
    """A line if the recordings of a folder are probably of the `other` kind.

    Args:
        option: that the folder was given with, such as "--speech".
        path: what was given; of a manifest, which says what is what, nothing is remarked.
        rows: its recordings.
        other: "speech" or "noise".
    """
    if not path.is_dir() or not rows:
        return []
    above = path.resolve().parent
    kinds = [describe(PurePath(os.path.relpath(row.path, above))).kind for row in rows]
    if kinds.count(other) > len(kinds) / 2:
        return [
            f"{option} {path} is {other} by its folders' names; were --speech and --noise swapped?"
        ]
    if any(kinds):
        return []
    return _heard(option, path, rows, other)


def _heard(option: str, path: Path, rows: Sequence[Row], other: str) -> list[str]:
    """What some recordings sound like; nothing where no pitch tracker is installed."""
    chosen = [
        rows[i] for i in np.linspace(0, len(rows) - 1, min(_HEARD, len(rows))).round().astype(int)
    ]
    try:
        found = [speaks for row in chosen if (speaks := _speaks(row.path)) is not None]
    except MissingExtraError:
        return []
    doubtful = sum(found) > len(found) / 2 if other == "speech" else not any(found)
    if len(found) < 2 or not doubtful:
        return []
    count = f"{sum(found)} of" if other == "speech" else "none of"
    return [
        f"{option} {path}: {count} {len(found)} recordings that were listened to sound like "
        "speech; were --speech and --noise swapped?"
    ]


def _speaks(path: str) -> bool | None:
    """Whether a recording begins with speech; None if it cannot be read or is very short."""
    try:
        with soundfile.SoundFile(sound_file_path(path)) as file:
            rate = file.samplerate
            audio = file.read(round(_SECONDS * rate), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        return None
    mono = np.nan_to_num(audio.mean(axis=1))
    return is_speech(mono, rate) if len(mono) >= rate else None
