"""`aeolia transfer`: a monophonic recording, played by another instrument."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from aeolia.cli.options import Overwrite, Quiet

__all__ = ["transfer"]


def transfer(
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A recording of one voice or instrument.")
    ],
    to: Annotated[
        str,
        typer.Option("--to", metavar="NAME", help="Who shall play; see `aeolia synth --list`."),
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="Audio file.")],
    transpose: Annotated[
        float,
        typer.Option("--transpose", metavar="SEMITONES", help="Added to the pitch, such as -12."),
    ] = 0.0,
    snap: Annotated[
        bool, typer.Option("--snap", help="Hold every pitch at its nearest semitone.")
    ] = False,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
    ] = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Let another instrument play a recording of one voice, whistle or instrument.

    Pitch and loudness are kept, timbre is replaced, and parts without pitch become noise. Length,
    sample rate, channels and format are the input's. Needs `pip install 'aeolia[pitch]'`.

    \b
    Examples:
      aeolia transfer whistle.wav --to tuba --transpose -24 -o tuba.wav
      aeolia transfer voice.flac --to alto_sax --snap -o sax.flac
    """
    from aeolia.api.reshaping import transfer_file
    from aeolia.cli.progress import ProgressBar

    with ProgressBar(1, "transferring", hidden=quiet) as bar:
        report = transfer_file(
            source,
            output,
            to=to,
            transpose=transpose,
            snap=snap,
            model=model,
            overwrite=overwrite,
            progress=lambda done, total: bar.update(source, done / total if total else None),
        )
    if report.warning:
        print(f"aeolia: {source}: {report.warning}", file=sys.stderr)
    if quiet:
        return
    speed = report.seconds / max(report.wall_seconds, 1e-9)
    line = (
        f"{source} -> {output}: {to}, {report.seconds:.1f} s in {report.wall_seconds:.2f} s "
        f"({speed:.0f} x real time)"
    )
    if report.clipped_samples:
        line += f"; {report.clipped_samples} samples clipped"
    print(line, file=sys.stderr if output == "-" else sys.stdout)
