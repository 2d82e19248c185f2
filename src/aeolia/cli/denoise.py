"""`aeolia denoise`: files, folders and pipes in, the same without noise out."""

from __future__ import annotations

from typing import Annotated

import typer

from aeolia.cli.options import (
    AsJson,
    AttenuationLimit,
    DenoisingModel,
    Jobs,
    Overwrite,
    Quiet,
    Recursive,
    SkipExisting,
)

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
    attenuation_limit: AttenuationLimit = None,
    model: DenoisingModel = None,
    jobs: Jobs = None,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
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
      aeolia denoise interviews -r -o clean/       the same tree of files; --skip-existing goes on
      aeolia denoise *.mp3 -o clean/ -a 12         keeps some of the room
      sox in.amr -t wav - | aeolia denoise - -o out.wav
    """
    from aeolia import Denoise
    from aeolia.bulk.plan import plan
    from aeolia.cli.run_files import run_files, with_skipped

    planned = with_skipped(
        plan(inputs, output, recursive=recursive),
        inputs,
        lambda job: [job.target],
        recursive=recursive,
        existing=skip_existing,
        overwrite=overwrite,
    )
    operation = Denoise(model, attenuation_limit)
    operation.check()
    return run_files(
        planned,
        operation,
        verb=("denoising", "denoised"),
        head={"model": model},
        overwrite=overwrite,
        jobs=jobs,
        quiet=quiet,
        as_json=as_json,
    )
