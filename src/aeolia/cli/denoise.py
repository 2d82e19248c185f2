"""`aeolia denoise`: files, folders and pipes in, the same without noise out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from aeolia.api import FileReport
    from aeolia.cli.batch import Job, Outcome

__all__ = ["denoise"]

_SOME_FAILED = 1


def denoise(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT", help="Audio files, folders, or - for a WAV pipe.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="OUT", show_default=False,
            help="File, or folder for several inputs (or with a trailing /); - for a WAV pipe. "
            "Otherwise NAME.denoised.EXT beside each input.",
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Folders with all their subfolders.")
    ] = False,
    attenuation_limit: Annotated[
        float | None,
        typer.Option(
            "--attenuation-limit", "-a", metavar="DB", show_default=False,
            help="Lower noise by at most this many decibels, such as 12, to keep some of the room.",
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`."),
    ] = "denoise",
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, metavar="N", show_default="one per CPU core",
            help="Files at the same time.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was done as JSON.")
    ] = False,
) -> int:
    """Take the noise out of recordings.

    The output has the input's length, sample rate, channels, tags and (unless the name of the
    output says otherwise) format, aligned to the sample.

    \b
    Examples:
      aeolia denoise talk.wav                      writes talk.denoised.wav
      aeolia denoise talk.wav -o clean.flac
      aeolia denoise interviews -r -o clean/       the same tree of files
      aeolia denoise *.mp3 -o clean/ -a 12         keeps some of the room
      sox in.amr -t wav - | aeolia denoise - -o out.wav
    """
    from aeolia.audio.formats import AUDIO_SUFFIXES
    from aeolia.cli.batch import plan, run_jobs

    planned = plan(inputs, output, AUDIO_SUFFIXES, recursive=recursive)
    piped = planned[0].target == "-"
    _check_pipes(piped, as_json)
    work, show = _worker(planned, model, attenuation_limit, overwrite, quiet or as_json)
    says = not (quiet or as_json)

    def done(outcome: Outcome[FileReport]) -> None:
        show.finish(outcome.job)
        if outcome.result and says:
            print(_line(outcome.result), file=sys.stderr if piped else sys.stdout, flush=True)
        if outcome.error and len(planned) > 1:
            print(f"aeolia: {outcome.error}", file=sys.stderr, flush=True)

    with show:
        outcomes = run_jobs(planned, work, workers=jobs or _n_cores(), done=done)
    failed = [outcome for outcome in outcomes if outcome.error]
    if len(planned) == 1 and failed:
        raise failed[0].error  # type: ignore[misc]
    if as_json:
        typer.echo(_as_json(outcomes, model))
    if failed:
        n_good = len(outcomes) - len(failed)
        print(
            f"aeolia: {n_good} of {len(outcomes)} files denoised, {len(failed)} failed "
            f"(their reasons are above)",
            file=sys.stderr,
        )
        return _SOME_FAILED
    return 0


def _check_pipes(piped: bool, as_json: bool) -> None:
    from aeolia.errors import InputError

    if piped and as_json:
        raise InputError("--json and the audio would both go to standard output; use -o FILE")
    if piped and sys.stdout.isatty():
        raise InputError("standard output is a terminal; use -o FILE or pipe it into a program")


def _worker(
    planned: list[Job], model: str, attenuation_limit: float | None, overwrite: bool, hidden: bool
) -> tuple[Callable[[Job, Callable[[], None]], FileReport], Any]:
    """The function that does one job, and the progress bar that it moves."""
    from aeolia.api import denoise_file, load
    from aeolia.cli.progress import ProgressBar

    show = ProgressBar(len(planned), hidden=hidden)
    backend = load(model)

    def work(job: Job, check: Callable[[], None]) -> FileReport:
        def progress(n_done: int, n_all: int | None) -> None:
            check()
            show.update(job, n_done / n_all if n_all else None)

        return denoise_file(
            job.source,
            job.target,
            model=backend,
            attenuation_limit_db=attenuation_limit,
            overwrite=overwrite,
            progress=progress,
        )

    return work, show


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _line(report: FileReport) -> str:
    speed = report.seconds / max(report.wall_seconds, 1e-9)
    line = (
        f"{report.input} -> {report.output}: {report.seconds:.1f} s in "
        f"{report.wall_seconds:.2f} s ({speed:.0f} x real time)"
    )
    if report.clipped_samples:
        line += f"; {report.clipped_samples} samples clipped"
    return line


def _as_json(outcomes: list[Outcome[FileReport]], model: str) -> str:
    from dataclasses import asdict

    files: list[dict[str, Any]] = []
    for outcome in outcomes:
        if outcome.result:
            report = asdict(outcome.result)
            files.append({**report, "seconds": outcome.result.seconds, "error": None})
        else:
            files.append({"input": outcome.job.source, "error": str(outcome.error)})
    return json.dumps({"model": model, "files": files}, indent=2)
