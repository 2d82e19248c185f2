"""`aeolia data songs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["songs_command"]


def songs_command(
    out: Annotated[Path, typer.Option("--out", help="Folder of songs, new or to go on with.")],
    soundfont: Annotated[
        list[Path],
        typer.Option(help="Soundfont (SF2) with instruments of General MIDI; more than once."),
    ],
    songs: Annotated[int, typer.Option("--songs", "-n", min=1, help="Number of songs.")] = 100,
    report_soundfont: Annotated[
        list[Path] | None,
        typer.Option(help="Soundfont for songs of the split report alone; more than once."),
    ] = None,
    grooves: Annotated[
        Path | None, typer.Option(help="Drummers' MIDI files: the Groove MIDI Dataset's folder.")
    ] = None,
    voices: Annotated[
        Path | None, typer.Option(help="Speech to make voices of: a folder or a manifest.")
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="MIDI files to play in a quarter of the songs: a folder.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=2.0, max=600.0, help="Length of a song.")] = 30.0,
    sample_rate: Annotated[
        int, typer.Option(min=8000, max=96000, help="Sample rate in Hz.")
    ] = 44100,
    held_out: Annotated[
        float,
        typer.Option(
            "--held-out", min=0.0, max=0.9, help="Share of songs to choose by and report on."
        ),
    ] = 0.1,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, show_default="one per CPU core", help="Songs at the same time."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed: other songs.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Compose songs, play and mix them, and write their stems: music to learn separation from.

    Each song is a folder with drums, bass, other and vocals, whose sum it is, and kick, snare,
    toms, hihat, cymbals and percussion, whose sum the drums are (FLAC, stereo, 16 bits). What was
    drawn is in its song.json; manifest.csv lists all, for `aeolia train separate`. A run that was
    stopped goes on where it was, and songs can be added: the same command, with a larger --songs.
    FluidSynth plays (`apt-get install fluidsynth fluid-soundfont-gm`).

    aeolia data songs --out songs -n 200 --soundfont FluidR3_GM.sf2 --voices speech
    """
    import os

    from aeolia.cli.progress import ProgressBar
    from aeolia.data.songs.making import MANIFEST, make_songs
    from aeolia.data.songs.material import find_material
    from aeolia.data.songs.plan import Settings

    material, remarks = find_material(soundfont, report_soundfont or (), grooves, voices, scores)
    if not quiet:
        for remark in remarks:
            typer.echo(remark, err=True)
    settings = Settings(seed, seconds, sample_rate, held_out)
    with ProgressBar(songs, "making songs", hidden=quiet) as bar:
        records = make_songs(
            out,
            songs,
            settings,
            material,
            jobs=jobs or os.cpu_count() or 1,
            progress=lambda record, _: bar.update(record["song"], 1.0),
        )
    if not quiet:
        from aeolia.data.songs.manifest import in_words

        for line in in_words(records):
            typer.echo(line)
        typer.echo(f"wrote {out / MANIFEST}")
