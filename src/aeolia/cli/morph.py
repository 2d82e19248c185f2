"""`aeolia morph`: from one recording to another through the latent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aeolia.cli.options import Overwrite, Quiet

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
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
    ] = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Morph between two recordings of one voice or instrument each.

    Timbre moves on a straight line in the model's latent, pitch in semitones, loudness in
    decibels. Needs `pip install 'aeolia[pitch]'`.

    \b
    Examples:
      aeolia morph flute.wav cello.wav --steps 7 -o between/
      aeolia morph flute.wav cello.wav -o glide.wav
    """
    from aeolia.api.reshaping import morph as morph_files
    from aeolia.audio.files import AUDIO_SUFFIXES, AudioInfo, Outputs
    from aeolia.errors import InputError

    one = Path(output).suffix.lower() in AUDIO_SUFFIXES or output == "-"
    if not one and Path(output).is_file():
        raise InputError(f"-o {output} is a file; name a folder, or an audio file for a glide")
    if not one and steps > 999:
        raise InputError(f"steps is {steps}; 2 to 999 are possible")
    count = 1 if one else max(steps, 0)
    width = len(str(count))
    paths = (
        [output]
        if one
        else [str(Path(output) / f"morph-{n:0{width}d}.wav") for n in range(1, count + 1)]
    )
    _check_free(paths, overwrite)
    sounds, rate = morph_files(first, last, steps=None if one else steps, model=model)
    info = AudioInfo("morph", rate, 1, None, "WAV", "PCM_24")
    with Outputs({path: path for path in paths}, info, overwrite=overwrite) as outputs:
        outputs.write({path: sound[:, None] for path, sound in zip(paths, sounds, strict=True)})
    if not quiet:
        said = f"a glide of {len(sounds[0]) / rate:.1f} s" if one else f"{len(paths)} steps"
        print(f"{first} to {last} -> {output}: {said}", file=sys.stderr if one else sys.stdout)


def _check_free(paths: list[str], overwrite: bool) -> None:
    """All names before any work, so that a folder is not half filled."""
    from aeolia.errors import InputError

    taken = [path for path in paths if Path(path).exists()]
    if taken and not overwrite:
        raise InputError(f"{taken[0]}: already exists; add --overwrite, or name another output")
