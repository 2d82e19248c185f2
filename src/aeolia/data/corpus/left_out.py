"""Recordings that were found and are not learned from: which, and why."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from aeolia.plain_text import cell_text, printable

__all__ = ["LICENCE", "LeftOut", "as_table", "in_words"]

#: The reason of a licence that forbids to release what is learned.
LICENCE = "licence"
_SHOWN = 3


class LeftOut(NamedTuple):
    """A recording, or a folder of them, that is not learned from."""

    path: str
    #: In a word or two; many have the same.
    reason: str
    #: What is particular to this one, or nothing.
    detail: str = ""


def in_words(left_out: Sequence[LeftOut]) -> list[str]:
    """A line for each reason, with the first few names."""
    lines = []
    for reason, count in Counter(one.reason for one in left_out).most_common():
        found = [one for one in left_out if one.reason == reason]
        names = "; ".join(
            f"{Path(one.path).name} ({one.detail})" if one.detail else Path(one.path).name
            for one in found[:_SHOWN]
        )
        more = f"; and {count - _SHOWN} more" if count > _SHOWN else ""
        lines.append(printable(f"left out, {reason}: {count}: {names}{more}"))
    return lines


def as_table(left_out: Sequence[LeftOut]) -> str:
    """All of them as CSV."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(LeftOut._fields)
    for one in left_out:
        writer.writerow(map(cell_text, one))
    return stream.getvalue()
