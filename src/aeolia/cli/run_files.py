"""Run an operation over files: a progress bar, a line or JSON for each, and what failed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from aeolia.api.comparison import check_comparison, write_comparison
from aeolia.bulk.plan import PIPE, THERE, Job, passed_over, skip_existing
from aeolia.bulk.run import Outcome, run_jobs
from aeolia.cli.progress import ProgressBar
from aeolia.errors import InputError
from aeolia.plain_text import printable

if TYPE_CHECKING:
    from aeolia import Operation, Report

__all__ = ["run_file", "run_files", "with_skipped"]

_SOME_FAILED = 1


def with_skipped(
    planned: list[Job],
    inputs: list[str],
    outputs: Callable[[Job], Sequence[str]],
    *,
    recursive: bool,
    existing: bool,
    overwrite: bool,
) -> list[Job]:
    """The jobs planned for `inputs`, and, marked as skipped, what folders hold that is no input.

    Args:
        outputs: the files that a job writes.
        existing: skip jobs whose outputs are there.

    Raises:
        InputError: outputs are to be left and replaced.
    """
    if existing and overwrite:
        raise InputError("--skip-existing and --overwrite were both given; give one of the two")
    if existing:
        planned = skip_existing(planned, outputs)
    return planned + passed_over(inputs, recursive)


def run_files(
    planned: list[Job],
    operation: Operation[Report],
    *,
    verb: tuple[str, str],
    head: dict[str, Any],
    overwrite: bool,
    jobs: int | None,
    quiet: bool,
    as_json: bool,
    compare: str | None = None,
    each: Callable[[Job], Operation[Report]] | None = None,
) -> int:
    """Do every job and say so; returns the exit code.

    Args:
        verb: such as ("denoising", "denoised"), for the bar and for the summary.
        head: what JSON says before the files.
        jobs: files at the same time; one per core when None.
        compare: a page to write of what was done.
        each: the operation for one job, where it is not the same for all.

    Raises:
        AeoliaError: of the only file, or of the page.
    """
    todo = [job for job in planned if not job.skipped]
    # What folders hold besides is no file of the user's asking.
    alone = sum(job.skipped in ("", THERE) for job in planned) == 1
    piped = any(job.target == PIPE for job in todo)
    if piped and as_json:
        raise InputError("--json and the audio would both go to standard output; use -o FILE")
    _check_terminal(piped)
    if compare is not None:
        paths = [path for job in todo for path in (job.source, job.target)]
        check_comparison(compare, paths, overwrite)
    says = not (quiet or as_json)
    show = ProgressBar(len(todo), verb[0], hidden=not says)

    def attempt(job: Job, check: Callable[[], None]) -> Report:
        def progress(n_done: int, n_all: int | None) -> None:
            check()
            show.update(job, n_done / n_all if n_all else None)

        what = each(job) if each else operation
        return what.run(job.source, job.target, overwrite=overwrite, progress=progress)

    def done(outcome: Outcome[Report]) -> None:
        show.finish(outcome.job)
        if outcome.result and says:
            _say(outcome.result, piped)
        if outcome.error and not alone:
            print(f"aeolia: {printable(str(outcome.error))}", file=sys.stderr, flush=True)
        if outcome.job.skipped not in ("", THERE) and says:
            skipped = f"{outcome.job.source}: skipped: {outcome.job.skipped}"
            print(f"aeolia: {printable(str(skipped))}", file=sys.stderr, flush=True)

    with show:
        outcomes = run_jobs(planned, attempt, workers=jobs or _n_cores(), done=done)
    failed = [outcome for outcome in outcomes if outcome.error]
    if alone and failed:
        raise failed[0].error  # type: ignore[misc]
    reports = [outcome.result for outcome in outcomes if outcome.result]
    if compare is not None and reports:
        write_comparison(compare, reports, overwrite)
        if says:
            print(f"{compare}: a page to listen and compare")
    if as_json:
        typer.echo(_as_json(outcomes, {"operation": operation.as_dict(), **head}))
    if failed or (says and len(todo) < len(planned)):
        print(f"aeolia: {_summary(outcomes, verb[1])}", file=sys.stderr)
    return _SOME_FAILED if failed else 0


def _summary(outcomes: list[Outcome[Report]], done: str) -> str:
    """How many files were done, skipped and failed, and what to do about the failed."""
    skipped = [outcome.job for outcome in outcomes if outcome.job.skipped]
    failed = [outcome.job for outcome in outcomes if outcome.error]
    parts = [f"{len(outcomes) - len(skipped) - len(failed)} of {len(outcomes)} files {done}"]
    if skipped:
        n_there = sum(job.skipped == THERE for job in skipped)
        there = f" ({n_there} {THERE})" if n_there else ""
        parts.append(f"{len(skipped)} skipped{there}")
    if failed:
        parts.append(f"{len(failed)} failed (their reasons are above)")
        if any(os.path.isfile(job.target) for job in failed):
            return f"{', '.join(parts)}; --skip-existing leaves alone what is there"
    return ", ".join(parts)


def run_file(
    operation: Operation[Report],
    source: str | None,
    target: str,
    *,
    doing: str,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Do one file and say so; warnings are said even when `quiet`.

    Raises:
        AeoliaError: with one line on what is wrong.
    """
    piped = target == PIPE
    _check_terminal(piped)
    with ProgressBar(1, doing, hidden=quiet) as bar:
        report = operation.run(
            source,
            target,
            overwrite=overwrite,
            progress=lambda done, total: bar.update(0, done / total if total else None),
        )
    for warning in report.warnings:
        said = f"{source}: {warning}" if source else warning
        print(f"aeolia: {printable(said)}", file=sys.stderr)
    if not quiet:
        _say(report, piped)


def _say(report: Report, piped: bool) -> None:
    lines = "\n".join(map(printable, [report.line(), *report.remarks()]))
    print(lines, file=sys.stderr if piped else sys.stdout, flush=True)


def _check_terminal(piped: bool) -> None:
    if piped and sys.stdout is not None and sys.stdout.isatty():
        raise InputError("standard output is a terminal; use -o FILE, or pipe it into a program")


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _as_json(outcomes: list[Outcome[Report]], head: dict[str, Any]) -> str:
    return json.dumps({**head, "files": list(map(_entry, outcomes))}, indent=2)


def _entry(outcome: Outcome[Report]) -> dict[str, Any]:
    """A file in JSON: its report, why it failed, or why it was skipped."""
    if outcome.result:
        return {**outcome.result.as_dict(), "error": None}
    if outcome.job.skipped:
        return {"input": outcome.job.source, "error": None, "skipped": outcome.job.skipped}
    return {"input": outcome.job.source, "error": str(outcome.error)}
