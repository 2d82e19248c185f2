"""`aeolia data check` and `aeolia data describe`: what is in songs that have stems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aeolia.data.corpus.manifest import Row

__all__ = ["check_command", "describe_command"]

Songs = Annotated[
    Path, typer.Argument(help="A manifest, or a folder of songs with stems.", metavar="SONGS")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


def check_command(songs: Songs, quiet: Quiet = False) -> None:
    """See whether stems are what they are called, such as a bass that hides among the drums.

    Of every stem: the share of its time that it sounds; the share of its power below 150 Hz; the
    centroid of its spectrum; strokes a minute; and low notes that are held: their number a minute,
    their share of the time, and how many pitches they have, for a drum holds none and a bass many;
    and the share of the time in which its lows are near their loudest, as a kick's are not.
    What does not fit a stem's name is said below it. The exit code is 0 either way.
    """
    from aeolia.cli.progress import ProgressBar
    from aeolia.data.corpus.stem_labels import check_stems

    rows = _stems(songs)
    with ProgressBar(1, "checking", hidden=quiet) as bar:
        found = check_stems(rows, _shown(bar.update))
    columns = "sounding  below 150 Hz  centroid  strokes  low notes  held  pitches  lows last"
    typer.echo(f"{'':<10}{columns}")
    remarks = 0
    for song, stems in found.items():
        typer.echo(song)
        for facts in stems:
            notes = facts.low_notes
            typer.echo(
                f"  {facts.row.label:<8}{facts.sounding:>8.0%}{facts.low_share:>14.0%}"
                f"{facts.centroid_hz:>8.0f} Hz{facts.strokes_per_minute:>9.0f}"
                f"{notes.per_minute:>11.0f}{notes.share:>6.0%}{notes.pitches:>9}{notes.duty:>11.0%}"
            )
            for remark in facts.remarks:
                remarks += 1
                typer.echo(f"    ! {facts.row.label} {remark}")
    typer.echo(f"{len(found)} songs, {remarks or 'no'} remark{'' if remarks == 1 else 's'}")


def describe_command(songs: Songs, quiet: Quiet = False) -> None:
    """Say in numbers how different songs are: tempo, density, dynamics, spectra.

    For two sets side by side, made songs and real ones, call it for each.
    """
    from aeolia.cli.progress import ProgressBar
    from aeolia.data.songs.variety import describe_songs, variety_in_words

    rows = _stems(songs)
    with ProgressBar(1, "listening", hidden=quiet) as bar:
        found = describe_songs(rows, _shown(bar.update))
    for line in variety_in_words(found):
        typer.echo(line)


def _stems(path: Path) -> list[Row]:
    """Rows of stems of a manifest or a folder, whatever their licence and split."""
    from aeolia.data.corpus.scan import listed_rows, scan

    rows, _ = listed_rows(path)
    return [row for row in rows or scan(path).rows if row.kind == "stem"]


def _shown(update: Callable[[str, float], None]) -> Callable[[int, int], None]:
    return lambda done, total: update("songs", done / total)
