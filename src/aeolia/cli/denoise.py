"""`aeolia denoise`: files, folders and pipes in, the same without noise out."""

from __future__ import annotations

from typing import Annotated

import typer

from aeolia.cli.options import (
    ALL_TRACKS,
    AsJson,
    AttenuationLimit,
    Compare,
    DenoisingModel,
    DualMono,
    Jobs,
    Overwrite,
    Quality,
    Quiet,
    Raw,
    Recursive,
    Salvage,
    SkipExisting,
    Subtype,
    Track,
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
    dual_mono: DualMono = False,
    mix: Annotated[
        float | None,
        typer.Option(
            "--mix",
            min=0.0,
            max=1.0,
            metavar="SHARE",
            show_default=False,
            help="How much of the output is denoised, the rest being the input: 0.8 is the same "
            "as an attenuation limit of 14 dB.",
        ),
    ] = None,
    lufs: Annotated[
        float | None,
        typer.Option(
            "--lufs",
            min=-70.0,
            max=0.0,
            metavar="LUFS",
            show_default="level as it is",
            help="Loudness of the output, such as -16, by one gain (ITU-R BS.1770).",
        ),
    ] = None,
    true_peak: Annotated[
        float,
        typer.Option(
            "--true-peak",
            min=-60.0,
            max=0.0,
            metavar="DBTP",
            help="With --lufs: where the highest peak may lie, before a lossy codec.",
        ),
    ] = -1.0,
    residual: Annotated[
        str | None,
        typer.Option(
            "--residual",
            metavar="FILE",
            show_default=False,
            help="File, or folder for several inputs, for what was taken out. With the output it "
            "sums to the input, sample for sample (not in lossy formats).",
        ),
    ] = None,
    compare: Compare = None,
    model: DenoisingModel = None,
    track: Track = None,
    subtype: Subtype = None,
    quality: Quality = None,
    salvage: Salvage = False,
    raw: Raw = None,
    jobs: Jobs = None,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Take the noise out of recordings.

    The output has the input's length, sample rate, channels, tags and (unless the name of the
    output says otherwise) format, aligned to the sample.

    Music is noise to it: what plays under a talk is taken out, too. To take out the noise alone,
    keep both with `aeolia separate talk.wav --source speech+music`.

    \b
    Examples:
      aeolia denoise talk.wav                      writes talk.denoised.wav
      aeolia denoise talk.wav -o clean.flac
      aeolia denoise talk.wav -o podcast.mp3 --lufs -16 --true-peak -1
      aeolia denoise talk.mp4 -o clean.mp4         pictures untouched; needs aeolia[media]
      aeolia denoise film.mkv -o clean.mkv --track all
      aeolia denoise interviews -r -o clean/       the same tree of files; --skip-existing goes on
      aeolia denoise *.mp3 -o clean/ -a 12         keeps some of the room
      aeolia denoise talk.wav --compare page.html --residual taken-out.wav
      sox in.amr -t wav - | aeolia denoise - -o out.wav
    """
    import math
    from dataclasses import replace

    from aeolia import Denoise, FileOptions
    from aeolia.bulk.plan import Job, plan
    from aeolia.cli.run_files import run_files, with_skipped
    from aeolia.errors import InputError

    planned = plan(inputs, output, recursive=recursive)
    residuals: dict[str, str] = {}
    if residual is not None:
        also = plan(inputs, residual, recursive=recursive)
        residuals = {job.source: job.target for job in also}
    planned = with_skipped(
        planned,
        inputs,
        lambda job: [job.target, *([residuals[job.source]] if residuals else [])],
        recursive=recursive,
        existing=skip_existing,
        overwrite=overwrite,
    )
    limit = attenuation_limit
    if mix is not None:
        if limit is not None:
            raise InputError("--mix and --attenuation-limit say the same; give one of the two")
        # What is left of the input stands in the output at this level.
        limit = None if mix == 1.0 else -20 * math.log10(1.0 - mix)
    everything = track == ALL_TRACKS
    options = FileOptions(salvage, track or None, subtype, quality, raw, everything)
    operation = Denoise(model, limit, dual_mono, lufs=lufs, true_peak_db=true_peak, options=options)
    operation.check()

    def each(job: Job) -> Denoise:
        return replace(operation, residual=residuals.get(job.source))

    return run_files(
        planned,
        operation,
        verb=("denoising", "denoised"),
        head={"model": model},
        overwrite=overwrite,
        jobs=jobs,
        quiet=quiet,
        as_json=as_json,
        compare=compare,
        each=each,
    )
