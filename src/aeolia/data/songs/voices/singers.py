"""Singers: speakers of a corpus."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from aeolia.data.corpus.manifest import Row
from aeolia.data.corpus.scan import load_rows
from aeolia.errors import DataError

__all__ = ["Singer", "find_singers"]

#: A singer needs so much speech; more than so many recordings of one are not kept in mind.
_LEAST_SECONDS, _MOST_RECORDINGS = 4.0, 40


@dataclass(frozen=True)
class Singer:
    """A speaker: recordings, and what a manifest says of them."""

    name: str
    paths: tuple[str, ...]
    split: str
    licence: str = ""
    bandwidth_hz: float = 0.0


def find_singers(path: Path) -> list[Singer]:
    """Speakers of a manifest or a folder, whose split is kept or drawn as for training.

    By no seed of the songs: nobody shall change sides from one folder of songs to the next.

    A recording of nobody named is a speaker by itself.

    Raises:
        DataError: nothing can be used, or no speaker has four seconds of speech.
    """
    rows, _, _ = load_rows(path, "speech")
    speakers: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        speakers[row.split, f"{row.source}/{row.label or Path(row.path).stem}"].append(row)
    singers = [
        Singer(
            name,
            tuple(row.path for row in own[:_MOST_RECORDINGS]),
            split,
            own[0].licence,
            min(row.bandwidth_hz for row in own),
        )
        for (split, name), own in sorted(speakers.items())
        if sum(row.seconds for row in own) >= _LEAST_SECONDS
    ]
    if not singers:
        raise DataError(
            f"{path} holds no speaker with {_LEAST_SECONDS:g} s of speech or more to sing with"
        )
    return singers
