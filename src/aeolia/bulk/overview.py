"""How a job of millions stands or ended, from its ledger: in words, as JSON and as a page."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aeolia.bulk.ledger import Ledger
from aeolia.errors import InputError
from aeolia.files import write_atomically
from aeolia.pictures.page import render_page
from aeolia.pictures.table import Table

__all__ = ["Overview", "overview", "write_report"]

_MOST_ROWS = 20
_SILENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Overview:
    """What a ledger tells."""

    ledger: str
    operation: dict[str, Any]
    output: str
    done: int
    failed: int
    #: Of audio, in what is done.
    audio_seconds: float
    #: Of work, all workers together.
    work_seconds: float
    #: Error kind -> how many files.
    failures: dict[str, int]
    #: URI -> seconds of work and of audio, the slowest first.
    slowest: tuple[tuple[str, float, float], ...]
    #: URI and error of files that failed.
    failed_files: tuple[tuple[str, str], ...]
    #: Whether a job is at it, and with how many workers.
    running: bool
    workers: int
    #: Files in all, when known.
    listed: int | None
    #: Files done and failed each second by the job that runs, or ran last.
    files_per_second: float
    #: None where nothing is running, or it is not known how many there are.
    hours_left: float | None
    #: URI and seconds so far of what is in work, the longest first.
    in_work: tuple[tuple[str, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        of = "" if self.listed is None else f" of {self.listed}"
        rate = self.audio_seconds / max(self.work_seconds, 1e-9)
        lines = [
            f"{self.done}{of} files done, {self.failed} failed; {self.audio_seconds / 3600:.1f} h "
            f"of audio, {rate:.0f} x real time on a core",
        ]
        if self.running:
            left = "?" if self.hours_left is None else f"{self.hours_left:.1f}"
            lines.append(
                f"running: {self.workers} workers, {self.files_per_second:.1f} files/s, {left} h "
                f"left"
            )
            lines += [f"in work for {took:.0f} s: {uri}" for uri, took in self.in_work[:3]]
        else:
            lines.append("no job is at it")
        lines += [f"{number} x {kind}" for kind, number in self.failures.items()]
        return lines


def overview(uri: str) -> Overview:
    """Read a ledger, while its job runs or later.

    Raises:
        InputError: there is none.
    """
    ledger = Ledger(uri)
    job, state = ledger.job(), ledger.state()
    if job is None:
        raise InputError(f"{uri}: no ledger is there; name the --ledger of a job")
    index = ledger.index()
    totals = index.rows(
        "SELECT status = 'done', COUNT(*), SUM(seconds), SUM(wall), SUM(size) FROM files GROUP BY 1"
    )
    by_status = {bool(row[0]): row[1:] for row in totals}
    done, seconds, wall, size = by_status.get(True, (0, 0.0, 0.0, 0))
    failed, _, _, failed_size = by_status.get(False, (0, 0.0, 0.0, 0))
    kinds = index.rows(
        "SELECT kind, COUNT(*) FROM files WHERE status != 'done' GROUP BY 1 ORDER BY 2 DESC"
    )
    slowest = index.rows(
        f"SELECT input, wall, seconds FROM files WHERE status = 'done' ORDER BY wall DESC "
        f"LIMIT {_MOST_ROWS}"
    )
    index.close()
    running = bool(state) and not state["ended"] and _heard(state) < _SILENCE_SECONDS
    rate = (state["done"] + state["failed"]) / max(state["elapsed"], 1e-9) if state else 0.0
    share = _share_left(state, done + failed, (size or 0) + (failed_size or 0))
    left = None
    if running and share is not None and rate > 0:
        left = share * (done + failed) / rate / 3600
    in_work = sorted(state.get("running", []), key=lambda one: -one[1])
    return Overview(
        ledger=ledger.place.uri,
        operation=job["operation"],
        output=job["output"],
        done=done,
        failed=failed,
        audio_seconds=seconds or 0.0,
        work_seconds=wall or 0.0,
        failures={str(kind): number for kind, number in kinds},
        slowest=tuple((str(name), took, of or 0.0) for name, took, of in slowest),
        failed_files=tuple(ledger.failures(_MOST_ROWS)) if failed else (),
        running=running,
        workers=state.get("workers", 0) if running else 0,
        listed=state.get("listed"),
        files_per_second=rate,
        hours_left=left,
        in_work=tuple((name, took) for name, took in in_work) if running else (),
    )


def _heard(state: dict[str, Any]) -> float:
    return time.time() - float(state["heard"])


def _share_left(state: dict[str, Any], files: int, size: int) -> float | None:
    """How much is left for each file, or byte, that is over: long files are large ones."""
    if state.get("listed_bytes") and size:
        return max(0.0, float(state["listed_bytes"]) / size - 1)
    if state.get("listed") and files:
        return max(0.0, float(state["listed"]) / files - 1)
    return None


def write_report(uri: str, page: str, *, overwrite: bool = False) -> None:
    """Write the page on a ledger's job, HTML.

    Raises:
        InputError: there is no ledger, or the page is there already.
    """
    if not overwrite and Path(page).exists():
        raise InputError(f"{page}: is there already; add --overwrite, or name another page")
    write_atomically(page, _rendered(overview(uri)), overwrite=overwrite)


def _rendered(found: Overview) -> str:
    facts = (
        ("Operation", str(found.operation)),
        ("Output", found.output),
        ("Files done", f"{found.done}"),
        ("Files failed", f"{found.failed}"),
        ("Files in all", "not known" if found.listed is None else f"{found.listed}"),
        ("Hours of audio", f"{found.audio_seconds / 3600:.2f}"),
        ("Core hours", f"{found.work_seconds / 3600:.2f}"),
        (
            "Hours of audio per core hour",
            f"{found.audio_seconds / max(found.work_seconds, 1e-9):.0f}",
        ),
        ("Files per second, last job", f"{found.files_per_second:.1f}"),
        ("Hours left", "" if found.hours_left is None else f"{found.hours_left:.2f}"),
    )
    kinds = tuple((kind, f"{number}") for kind, number in found.failures.items())
    slow = tuple((uri, f"{took:.1f}", f"{length:.1f}") for uri, took, length in found.slowest)
    work = tuple((uri, f"{took:.0f}") for uri, took in found.in_work)
    tables = [Table("", ("", ""), facts)]
    if work:
        tables.append(Table("In work", ("File", "s so far"), work))
    if kinds:
        tables.append(Table("Failures by kind", ("Kind", "Files"), kinds))
        note = (
            f"The first {_MOST_ROWS}; all are in the ledger." if found.failed > _MOST_ROWS else ""
        )
        rows = found.failed_files
        tables.append(Table("Failed files", ("File", "Why"), rows, n_labels=2, note=note))
    if slow:
        tables.append(Table("Slowest files", ("File", "s of work", "s of audio"), slow))
    state = f"{found.workers} workers are at it." if found.running else "No job is at it."
    return render_page(f"Job of {found.ledger}", state, tables)
