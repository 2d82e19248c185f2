"""The page of `aeolia bulk`, from what its parts measured and remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from aeolia.evaluation.tables import markdown
from aeolia.files import write_atomically
from benchmarks import say
from benchmarks.results import provenance

__all__ = ["PARTS", "run"]

#: Parts in the page's order; each is a module here with `measure`.
PARTS = ("overhead", "long", "memory", "kills", "store", "throughput")


def run(parts: Sequence[str], output: Path, results: Path) -> None:
    """Measure some parts anew, and write the page of all that are known."""
    found = json.loads(results.read_text()) if results.exists() else {}
    for part in parts:
        say(part)
        measure: Any = import_module(f"benchmarks.bulk.{part}").measure
        measured = measure()
        found[part] = {"found": measured, "made": provenance()}
        write_atomically(results, json.dumps(found, indent=1) + "\n")
    write_atomically(output, page(found))
    say(f"{output} is written")


def page(found: dict[str, Any]) -> str:
    """The page, Markdown."""
    parts = ["# Files by the million", "What `aeolia bulk` costs, holds and survives."]
    for part in PARTS:
        if part in found:
            write: Any = _WRITERS[part]
            parts.append(write(found[part]["found"]))
            made = "; ".join(f"{name}: {value}" for name, value in found[part]["made"].items())
            parts.append(f"Made by `python -m benchmarks bulk --part {part}`; {made}.")
    return "\n\n".join(parts) + "\n"


def _overhead(rows: list[dict[str, Any]]) -> str:
    columns = ["workers", "plain loop, s", "again, s", "local, s", "local, more", "ray, s"]
    columns += ["ray, more", "start of local, s", "start of ray, s"]
    lines = []
    for row in rows:
        loop = (row["loop"] + row["loop_again"]) / 2
        cells = [f"{row['workers']}", f"{row['loop']:.1f}", f"{row['loop_again']:.1f}"]
        for engine in ("local", "ray"):
            cells += [f"{row[engine]:.1f}", f"{100 * (row[engine] / loop - 1):+.0f} %"]
        lines.append((*cells, *(f"{row[f'{engine}_start']:.1f}" for engine in ("local", "ray"))))
    table = markdown(columns, tuple(lines))
    first = rows[0]
    return (
        f"## Overhead\n\n{first['files']} files of {first['seconds']:.0f} s at 16 kHz through "
        f"`denoise-16k`, from the first one's begin to the last one's end, by the ledger; beside a "
        f"loop of `Denoise.run` in as many processes, before and after. A job also hashes each "
        f"output and measures its levels. Its start (models, workers, Ray) is apart.\n\n{table}"
    )


def _long(rows: list[dict[str, Any]]) -> str:
    columns = ["engine", "short ones alone, MB", "a tenth into the long one, MB", "at most, MB"]
    columns += ["short ones done after, s", "all done after, s", "x real time", "first in status"]
    columns += ["in report"]
    lines = []
    for row in rows:
        cells = [f"{row[key]:.0f}" for key in ("alone", "early", "megabytes", "short_done")]
        cells += [f"{row['long_done']:.0f}", f"{row['rate']:.0f}"]
        cells += ["yes" if row[key] else "NO" for key in ("in_status", "in_report")]
        lines.append((row["engine"], *cells))
    table = markdown(columns, tuple(lines))
    first = rows[0]
    return (
        f"## A long recording\n\nOne of {first['hours']:g} hours at 16 kHz beside "
        f"{first['number']} of 10 s, through `denoise-16k` with two workers: the largest resident "
        f"memory that one of them had, when the short ones were done, and whether the long one was "
        f"named first by `aeolia bulk status` meanwhile and by `report` then.\n\n{table}"
    )


def _memory(rows: list[dict[str, Any]]) -> str:
    lines = tuple((f"{r['files']}", f"{r['megabytes']:.0f}", f"{r['seconds']:.0f}") for r in rows)
    table = markdown(("names", "peak, MB", "s"), lines)
    return (
        "## Memory\n\nA job's driver over names that a store makes up as it lists, with workers "
        "that answer at once: listing, choosing, ledger and its last compaction are real, the "
        f"sound is not.\n\n{table}"
    )


def _kills(found: dict[str, Any]) -> str:
    columns = ["files", "workers killed", "drivers killed", "outputs missing", "different"]
    columns += ["besides", "inputs done in the ledger", "twice"]
    keys = ("files", "workers", "drivers", "missing", "different", "besides", "rows", "twice")
    row = tuple(str(found[key]) for key in keys)
    table = markdown(columns, (row,))
    return (
        "## Kills\n\n`kill -9` of a worker or of the driver at random moments, on a Ray cluster of "
        "two nodes on this machine; the same command again whenever the driver was killed. "
        f"Compared, byte by byte, with the outputs of an undisturbed job.\n\n{table}"
    )


def _store(found: dict[str, Any]) -> str:
    same = "equal" if found["same"] else "NOT equal"
    return (
        f"## A store\n\n{found['files']} files of {found['megabytes']:.2f} MB from and to S3 "
        f"(moto's server over HTTP on this machine, so without a network's delay): "
        f"{found['bucket_ms']:.0f} ms of work for a file, and {found['folder_ms']:.0f} ms from and "
        f"to a folder. The outputs are {same}."
    )


def _throughput(rows: list[dict[str, Any]]) -> str:
    columns = ("work", "hours of audio in a core hour", "core hours for a million hours")
    lines = tuple((row["work"], f"{row['rate']:.0f}", f"{1e6 / row['rate']:.0f}") for row in rows)
    table = markdown(columns, lines)
    return f"## Throughput\n\nOf one worker, by the ledger.\n\n{table}"


_WRITERS = {
    "overhead": _overhead,
    "long": _long,
    "memory": _memory,
    "kills": _kills,
    "store": _store,
    "throughput": _throughput,
}
