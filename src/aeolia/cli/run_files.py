"""Run a command over its files: a progress bar, a line or JSON for each, and what failed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import typer

from aeolia.bulk.plan import PIPE, Job, Outcome, run_jobs
from aeolia.cli.progress import ProgressBar
from aeolia.errors import InputError

__all__ = ["Progress", "Report", "run_files", "speed"]

_SOME_FAILED = 1

#: Called with samples done and samples in all (None when not known).
Progress = Callable[[int, int | None], None]


class Report(Protocol):
    """What is known of a file that is done."""

    @property
    def seconds(self) -> float: ...
    @property
    def wall_seconds(self) -> float: ...


AnyReport = TypeVar("AnyReport", bound=Report)


def run_files(
    planned: list[Job],
    work: Callable[[Job, Progress], AnyReport],
    *,
    verb: tuple[str, str],
    describe: Callable[[AnyReport], str],
    as_dict: Callable[[AnyReport], dict[str, Any]],
    head: dict[str, Any],
    jobs: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Do every job and say so; returns the exit code.

    Args:
        verb: such as ("denoising", "denoised"), for the bar and for the summary.
        describe: the line (or lines) for people on one file.
        as_dict: the same for JSON.
        head: what JSON says before the files.
        jobs: files at the same time; one per core when None.

    Raises:
        AeoliaError: of the only file.
    """
    piped = planned[0].target == PIPE
    _check_pipes(piped, as_json)
    says = not (quiet or as_json)
    show = ProgressBar(len(planned), verb[0], hidden=not says)

    def attempt(job: Job, check: Callable[[], None]) -> AnyReport:
        def progress(n_done: int, n_all: int | None) -> None:
            check()
            show.update(job, n_done / n_all if n_all else None)

        return work(job, progress)

    def done(outcome: Outcome[AnyReport]) -> None:
        show.finish(outcome.job)
        if outcome.result and says:
            stream = sys.stderr if piped else sys.stdout
            print(describe(outcome.result), file=stream, flush=True)
        if outcome.error and len(planned) > 1:
            print(f"aeolia: {outcome.error}", file=sys.stderr, flush=True)

    with show:
        outcomes = run_jobs(planned, attempt, workers=jobs or _n_cores(), done=done)
    failed = [outcome for outcome in outcomes if outcome.error]
    if len(planned) == 1 and failed:
        raise failed[0].error  # type: ignore[misc]
    if as_json:
        typer.echo(_as_json(outcomes, as_dict, head))
    if failed:
        print(
            f"aeolia: {len(outcomes) - len(failed)} of {len(outcomes)} files {verb[1]}, "
            f"{len(failed)} failed (their reasons are above)",
            file=sys.stderr,
        )
        return _SOME_FAILED
    return 0


def _check_pipes(piped: bool, as_json: bool) -> None:
    if piped and as_json:
        raise InputError("--json and the audio would both go to standard output; use -o FILE")
    if piped and sys.stdout.isatty():
        raise InputError("standard output is a terminal; use -o FILE, or pipe it into a program")


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _as_json(
    outcomes: list[Outcome[AnyReport]],
    as_dict: Callable[[AnyReport], dict[str, Any]],
    head: dict[str, Any],
) -> str:
    files: list[dict[str, Any]] = []
    for outcome in outcomes:
        if outcome.result:
            report = {**as_dict(outcome.result), "seconds": outcome.result.seconds}
            files.append({**report, "error": None})
        else:
            files.append({"input": outcome.job.source, "error": str(outcome.error)})
    return json.dumps({**head, "files": files}, indent=2)


def speed(report: Report) -> str:
    """How long a file is and took, for `describe`."""
    factor = report.seconds / max(report.wall_seconds, 1e-9)
    return f"{report.seconds:.1f} s in {report.wall_seconds:.2f} s ({factor:.0f} x real time)"
