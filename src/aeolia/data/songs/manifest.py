"""Rows of the manifest for finished songs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from aeolia.data.corpus.manifest import SPLITS, Row
from aeolia.data.songs.song import RECORD
from aeolia.errors import DataError

__all__ = ["in_words", "read_records", "rows_of"]

_VOICE = "vocals"


def read_records(folder: Path) -> list[dict[str, Any]]:
    """The records of all whole songs of a folder, by name.

    Raises:
        DataError: there is no such folder, or a record cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"no folder of songs at {folder}")
    records = []
    for path in sorted(folder.glob(f"*/{RECORD}")):
        if path.parent.name.startswith("."):  # in the making
            continue
        try:
            records.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise DataError(f"{path} is no record of a song; remove its folder") from error
    return records


def rows_of(folder: Path, records: Iterable[dict[str, Any]]) -> list[Row]:
    """A row for each stem and each part of the drums.

    Synthesisers are silent above what they play, which is worth learning: their bandwidth is all
    there is. A voice made of telephone speech says nothing about what is above it.
    """
    rows = []
    for record in records:
        rate = record["sample_rate"]
        for name in (*record["stems"], *record["kit"]):
            is_voice = name == _VOICE
            reach = record["voice_bandwidth_hz"] if is_voice else rate / 2.0
            licence = record["voice_licence"] if is_voice else "; ".join(record["rights"])
            rows.append(
                Row(
                    path=str((folder / record["song"] / f"{name}.flac").resolve()),
                    kind="stem",
                    source=record["song"],
                    label=name,
                    seconds=record["seconds"],
                    sample_rate=rate,
                    bandwidth_hz=min(reach, rate / 2.0),
                    split=record["split"],
                    licence=licence,
                )
            )
    return rows


def in_words(records: Sequence[dict[str, Any]]) -> list[str]:
    """What songs a folder holds, as lines of text."""
    minutes = sum(record["seconds"] for record in records) / 60.0
    splits = Counter(record["split"] for record in records)
    styles = Counter(record["style"] for record in records)
    stems = Counter(name for record in records for name in (*record["stems"], *record["kit"]))
    manners = Counter(record["manner"] for record in records if "vocals" in record["stems"])
    by_hand = sum(1 for record in records if record["drummer"])
    return [
        f"{len(records)} songs, {minutes:.1f} min: "
        + ", ".join(f"{splits[split]} to {split}" for split in SPLITS),
        f"styles ({len(styles)}): "
        + ", ".join(f"{name} {count}" for name, count in sorted(styles.items())),
        "stems: " + ", ".join(f"{name} {count}" for name, count in stems.most_common()),
        f"voices: {', '.join(f'{name} {n}' for name, n in manners.most_common()) or 'none'}; "
        f"drummers: {by_hand}",
    ]
