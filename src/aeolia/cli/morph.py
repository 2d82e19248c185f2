"""`aeolia morph`: from one recording to another through the latent."""

from __future__ import annotations

from typing import Annotated

import typer

from aeolia.cli.options import Model, Overwrite, Quiet

__all__ = ["morph"]


def morph(
    first: Annotated[str, typer.Argument(metavar="A", help="Where it begins.")],
    last: Annotated[str, typer.Argument(metavar="B", help="Where it ends.")],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR|FILE",
            help="A folder for the steps; or an audio file that glides from A to B.",
        ),
    ],
    steps: Annotated[
        int, typer.Option("--steps", metavar="N", help="Recordings in the folder, A and B too.")
    ] = 7,
    model: Model = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Morph between two recordings of one voice or instrument each.

    Timbre moves on a straight line in the model's latent, pitch in semitones, loudness in
    decibels. Words of a voice do not survive; of speech it warns. Needs
    `pip install 'aeolia[pitch]'`.

    \b
    Examples:
      aeolia morph flute.wav cello.wav --steps 7 -o between/
      aeolia morph flute.wav cello.wav -o glide.wav
    """
    from aeolia import Morph
    from aeolia.cli.run_files import run_file

    operation = Morph(last, steps, model=model)
    run_file(operation, first, output, doing="morphing", overwrite=overwrite, quiet=quiet)
