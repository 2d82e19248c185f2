"""What a command may not do, whatever its input: crash, hang, leave things, obey what it reads."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from aeolia.plain_text import cell_text, from_cell, without_commands
from benchmarks.fuzz.worker import Outcome

__all__ = ["obeyed", "problems"]

#: Memory that a command may use, with all that Python and ONNX Runtime take.
MOST_MEGABYTES = 1200.0
#: Markup that only names bring (`benchmarks.fuzz.mutations`).
_MARKUP = re.compile(rb"<img src=x onerror", re.IGNORECASE)


def problems(outcome: Outcome, left: Iterable[str]) -> list[str]:
    """What is wrong with an outcome, in words; `left` are files that nobody asked for."""
    found = []
    if outcome.timed_out:
        found.append(f"takes too long (ended after {outcome.seconds:.0f} s of CPU time)")
    elif outcome.code not in (0, 1, 2):
        last = outcome.error.strip().splitlines()[-1:] or ["nothing said"]
        found.append(f"exit code {outcome.code} ({last[0][:200]})")
    elif "Traceback" in outcome.error:
        found.append("a traceback")
    if outcome.code == 2 and not outcome.error.strip():
        found.append("exit code 2 without a word")
    if outcome.megabytes > MOST_MEGABYTES:
        found.append(f"{outcome.megabytes:.0f} MB of memory")
    shown = outcome.error + outcome.printed
    if without_commands(shown) != shown:
        found.append("sends a terminal what it would obey")
    found += [f"left {name}" for name in left]
    return found


def obeyed(written: Iterable[Path]) -> Iterator[str]:
    """What in tables and pages that a command wrote would be obeyed by who opens them."""
    for path in written:
        if path.suffix == ".csv":
            text = path.read_text("utf-8", errors="replace")
            cells = (cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row)
            for cell in cells:
                if cell_text(from_cell(cell)) != cell:
                    yield f"{path.name} has a formula: {cell[:40]!r}"
                    break
        elif path.suffix == ".html" and _MARKUP.search(path.read_bytes()):
            yield f"{path.name} has markup of a name's"
