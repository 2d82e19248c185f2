"""`aeolia data notes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["notes_command"]


def notes_command(
    out: Annotated[Path, typer.Option("--out", help="Folder of notes, new or to go on with.")],
    soundfont: Annotated[
        list[Path],
        typer.Option(help="Soundfont (SF2) with General MIDI's programs; more than once."),
    ],
    step: Annotated[
        int, typer.Option(min=1, max=24, help="Semitones from one pitch to the next.")
    ] = 5,
    velocity: Annotated[
        list[int] | None,
        typer.Option(min=1, max=127, show_default="45, 80, 115", help="Velocity; more than once."),
    ] = None,
    licence: Annotated[
        str, typer.Option(help="Licence of the soundfonts, for the manifest: MIT, CC0.")
    ] = "",
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, show_default="one per CPU core", help="Programs at a time."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Play single notes of all General MIDI programs and drum keys: notes to learn from.

    Each is a FLAC file of three seconds, without reverb and chorus; manifest.csv lists them, for
    `aeolia train synth`. Several soundfonts play pitches between each other's. FluidSynth plays
    (`apt-get install fluidsynth fluid-soundfont-gm`).

    aeolia data notes --out notes --soundfont FluidR3_GM.sf2 --licence MIT
    """
    import os

    from aeolia.cli.progress import ProgressBar
    from aeolia.data.songs.soundfont import read_soundfont
    from aeolia.data.synth.rendering import MANIFEST, Grid, render_notes

    velocities = tuple(sorted(set(velocity or (45, 80, 115))))
    fonts = [
        (
            read_soundfont(path),
            Grid(tuple(range(24 + number * step // len(soundfont), 107, step)), velocities),
        )
        for number, path in enumerate(soundfont)
    ]
    with ProgressBar(1, "playing notes", hidden=quiet) as bar:
        rows = render_notes(
            out,
            fonts,
            licence,
            jobs=jobs or os.cpu_count() or 1,
            progress=lambda done, total: bar.update(0, done / total),
        )
    if not quiet:
        labels = {row["label"] for row in rows}
        typer.echo(f"{len(rows)} notes of {len(labels)} programs and drum keys")
        typer.echo(f"wrote {out / MANIFEST}")
