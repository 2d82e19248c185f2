"""`aeolia transfer`: a monophonic recording, played by another instrument."""

from __future__ import annotations

from typing import Annotated

import typer

from aeolia.cli.options import Model, Output, Overwrite, Quiet, Recording

__all__ = ["transfer"]


def transfer(
    source: Recording,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="NAME",
            help="The instrument that shall play; see `aeolia synth --list`.",
        ),
    ],
    output: Output,
    transpose: Annotated[
        float,
        typer.Option("--transpose", metavar="SEMITONES", help="Added to the pitch, such as -12."),
    ] = 0.0,
    snap: Annotated[
        bool, typer.Option("--snap", help="Hold every pitch at its nearest semitone.")
    ] = False,
    model: Model = "notes",
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
    from aeolia import Transfer
    from aeolia.cli.run_files import run_file

    operation = Transfer(to, transpose, snap, model)
    run_file(operation, source, output, doing="transferring", overwrite=overwrite, quiet=quiet)
