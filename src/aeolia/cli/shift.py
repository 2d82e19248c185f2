"""`aeolia shift`: another pitch for a monophonic recording."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from aeolia.cli.options import Overwrite, Quiet

__all__ = ["shift"]


def shift(
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A recording of one voice or instrument.")
    ],
    semitones: Annotated[
        float, typer.Option("--semitones", "-s", metavar="N", help="Up, or down below 0.")
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="Audio file.")],
    formants: Annotated[
        str,
        typer.Option(
            "--formants",
            metavar="keep|move",
            help="Leave the resonances where they are, or move them along.",
        ),
    ] = "keep",
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument",
            "-i",
            metavar="NAME",
            show_default="whoever sounds like it",
            help="Who plays in the recording.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
    ] = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Shift the pitch of a recording of one voice or instrument; its length stays.

    The model sounds the recording again with another pitch of the source, so resonances stay.
    Needs `pip install 'aeolia[pitch]'`.

    \b
    Examples:
      aeolia shift cello.wav --semitones 4 -o higher.wav
      aeolia shift cello.wav --semitones -12 --formants move -o bass.wav
    """
    from aeolia.api.reshaping import shift_file

    n_clipped = shift_file(
        source,
        output,
        semitones=semitones,
        formants=formants,
        instrument=instrument,
        model=model,
        overwrite=overwrite,
    )
    if not quiet:
        line = f"{source} -> {output}: {semitones:+g} semitones, formants {formants}"
        if n_clipped:
            line += f"; {n_clipped} samples clipped"
        print(line, file=sys.stderr if output == "-" else sys.stdout)
