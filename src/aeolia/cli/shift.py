"""`aeolia shift`: another pitch for a monophonic recording."""

from __future__ import annotations

from typing import Annotated

import typer

from aeolia.cli.options import Model, Output, Overwrite, Played, Quiet, Recording

__all__ = ["shift"]


def shift(
    source: Recording,
    semitones: Annotated[
        float, typer.Option("--semitones", "-s", metavar="N", help="Up, or down below 0.")
    ],
    output: Output,
    formants: Annotated[
        str,
        typer.Option(
            "--formants",
            metavar="keep|move",
            help="Leave the resonances where they are, or move them along.",
        ),
    ] = "keep",
    voice: Annotated[
        bool,
        typer.Option(
            "--voice",
            help="For speech and song: keep the words, by the vocoder WORLD and not the model. "
            "Needs aeolia[voice].",
        ),
    ] = False,
    instrument: Played = None,
    model: Model = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Shift the pitch of a recording of one voice or instrument; its length stays.

    The model sounds the recording again with another pitch of the source, so resonances stay.
    Needs `pip install 'aeolia[pitch]'`. It knows instruments and no words: for speech and song add
    --voice, which needs `pip install 'aeolia[voice]'`.

    \b
    Examples:
      aeolia shift cello.wav --semitones 4 -o higher.wav
      aeolia shift talk.wav --voice --semitones 4 -o higher.wav
      aeolia shift cello.wav --semitones -12 --formants move -o bass.wav
    """
    from aeolia import Shift
    from aeolia.cli.run_files import run_file

    operation = Shift(semitones, formants, instrument, voice=voice, model=model)
    run_file(operation, source, output, doing="shifting", overwrite=overwrite, quiet=quiet)
