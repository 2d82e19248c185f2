"""Run a job of millions: a line of progress, a line for each failure, and a summary."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import typer

from aeolia.plain_text import printable

if TYPE_CHECKING:
    from aeolia import Operation, Report
    from aeolia.bulk.choice import Tally

__all__ = ["run_job"]

_SOME_FAILED = 1
#: Where there is no terminal, a line now and then.
_TERMINAL_SECONDS, _LOG_SECONDS = 1.0, 60.0
#: A file in work for so long is named.
_LONG_SECONDS = 60.0


def run_job(operation: Operation[Report], *, quiet: bool, as_json: bool, **asked: Any) -> int:
    """Do a job and say so; returns the exit code.

    Args:
        asked: the other fields of `BulkJob`.

    Raises:
        AeoliaError: with one line on what is wrong with the job.
    """
    from aeolia.bulk.job import BulkJob, run_bulk

    asked["inputs"] = tuple(asked["inputs"])
    job = BulkJob(operation, **asked)
    line = _Line(hidden=quiet or as_json)
    try:
        tally = run_bulk(job, line.show, line.failure, line.remark)
    finally:
        line.clear()
    if as_json:
        typer.echo(json.dumps(_as_dict(tally, operation, job.output, job.ledger), indent=2))
    elif not quiet:
        print(_summary(tally), flush=True)
    if tally.failed:
        said = f"{tally.failed} files failed; see `aeolia bulk report {job.ledger}`"
        print(f"aeolia: {printable(said)}", file=sys.stderr)
    return _SOME_FAILED if tally.failed else 0


class _Line:
    """One line on standard error that is written over, or one a minute in a log."""

    def __init__(self, *, hidden: bool) -> None:
        self._hidden = hidden
        self._over = sys.stderr.isatty()
        self._every = _TERMINAL_SECONDS if self._over else _LOG_SECONDS
        self._shown = time.monotonic()
        self._width = 0

    def show(self, tally: Tally) -> None:
        """How the job stands."""
        if self._hidden or time.monotonic() - self._shown < self._every:
            return
        self._shown = time.monotonic()
        text = printable(_progress(tally))
        if self._over:
            self.clear()
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def failure(self, error: str) -> None:
        """A line for a file that is given up."""
        self.clear()
        print(f"aeolia: {printable(error)}", file=sys.stderr, flush=True)

    def remark(self, text: str) -> None:
        """A line for something else."""
        if not self._hidden:
            print(printable(text), file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave an empty line."""
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", file=sys.stderr, flush=True)
            self._width = 0


def _progress(tally: Tally) -> str:
    over = tally.done + tally.failed
    rate = over / max(tally.elapsed, 1e-9)
    speed = tally.seconds / max(tally.elapsed, 1e-9)
    of = "" if tally.listed is None else f" of {tally.listed}"
    parts = [f"{over + tally.skipped}{of} files"]
    if tally.failed:
        parts.append(f"{tally.failed} failed")
    parts.append(f"{rate:.1f}/s, {speed:.0f} x real time, {tally.workers} workers")
    if tally.listed is not None and rate > 0:
        left = max(0.0, tally.listed - over - tally.skipped) / rate
        parts.append(f"{int(left // 3600)}:{int(left % 3600 // 60):02d}:{int(left % 60):02d} left")
    uri, took = tally.longest
    if took > _LONG_SECONDS:
        parts.append(f"{uri.rpartition('/')[2]} for {took:.0f} s")
    return "; ".join(parts)


def _summary(tally: Tally) -> str:
    speed = tally.seconds / max(tally.elapsed, 1e-9)
    parts = [f"{tally.done} files done"]
    parts += [f"{tally.skipped} were done before"] if tally.skipped else []
    parts += [f"{tally.failed} failed"] if tally.failed else []
    parts += [f"{tally.retried} tries repeated"] if tally.retried else []
    hours = f"{tally.seconds / 3600:.2f} h of audio in {tally.elapsed:.1f} s"
    return f"{', '.join(parts)}; {hours} ({speed:.0f} x real time)"


def _as_dict(
    tally: Tally, operation: Operation[Report], output: str, ledger: str
) -> dict[str, Any]:
    return {
        "operation": operation.as_dict(),
        "output": output,
        "ledger": ledger,
        "done": tally.done,
        "skipped": tally.skipped,
        "failed": tally.failed,
        "retried": tally.retried,
        "audio_seconds": tally.seconds,
        "wall_seconds": tally.elapsed,
    }
