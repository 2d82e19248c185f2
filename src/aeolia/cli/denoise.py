"""`aeolia denoise`: files, folders and pipes in, the same without noise out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aeolia.cli.options import AsJson, Jobs, Overwrite, Quiet, Recursive

if TYPE_CHECKING:
    from aeolia.api import FileReport
    from aeolia.bulk.plan import Job
    from aeolia.cli.run_files import Progress

__all__ = ["denoise"]


def denoise(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Audio files, folders, or - for a WAV pipe.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            show_default=False,
            help="File, or folder for several inputs (or with a trailing /); - for a WAV pipe. "
            "Otherwise NAME.denoised.EXT beside each input.",
        ),
    ] = None,
    recursive: Recursive = False,
    attenuation_limit: Annotated[
        float | None,
        typer.Option(
            "--attenuation-limit",
            "-a",
            metavar="DB",
            show_default=False,
            help="Lower noise by at most this many decibels, such as 12, to keep some of the room.",
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`."),
    ] = "denoise",
    jobs: Jobs = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
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
    from dataclasses import asdict

    from aeolia.api import denoise_file, load
    from aeolia.audio.formats import AUDIO_SUFFIXES
    from aeolia.bulk.plan import plan
    from aeolia.cli.run_files import run_files

    planned = plan(inputs, output, AUDIO_SUFFIXES, recursive=recursive)
    backend = load(model)

    def work(job: Job, progress: Progress) -> FileReport:
        return denoise_file(
            job.source,
            job.target,
            model=backend,
            attenuation_limit_db=attenuation_limit,
            overwrite=overwrite,
            progress=progress,
        )

    return run_files(
        planned,
        work,
        verb=("denoising", "denoised"),
        describe=_line,
        as_dict=asdict,
        head={"model": model},
        jobs=jobs,
        quiet=quiet,
        as_json=as_json,
    )


def _line(report: FileReport) -> str:
    from aeolia.cli.run_files import speed

    line = f"{report.input} -> {report.output}: {speed(report)}"
    if report.clipped_samples:
        line += f"; {report.clipped_samples} samples clipped"
    return line
