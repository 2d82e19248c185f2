"""`python -m benchmarks.scores.gather`: puts openly licensed General MIDI songs into a folder.

    python -m benchmarks.scores.gather SONGS --freedoom DIR --openmsx DIR --blupi DIR

writes SONGS/*.mid and SONGS/songs.csv, evenly spread over what each collection has. The
collections are Debian's packages freedoom, openttd-openmsx and planetblupi-music-midi, unpacked;
what is not given is left out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aeolia.errors import DataError
from aeolia.files import write_atomically
from benchmarks.scores.songs import COLUMNS, TABLE

__all__ = ["main", "songs_of_wad"]

#: Collection -> its name, its licence, and how many of its songs are taken.
_FREEDOOM = ("Freedoom", "BSD-3-Clause", 10)
_OPENMSX = ("OpenMSX", "GPL-2.0", 6)
_BLUPI = ("Planet Blupi", "GPL-3.0-or-later", 4)
_HEADER, _ENTRY = struct.Struct("<4sII"), struct.Struct("<II8s")

Folder = Annotated[Path | None, typer.Option(exists=True, file_okay=False)]


def songs_of_wad(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the MIDI files in a WAD, Doom's archive.

    Twelve bytes (kind, number of entries, where their table begins), the entries' data, and the
    table: 16 bytes each for position, size and name.

    Raises:
        DataError: it is no WAD, or is cut short.
    """
    try:
        kind, count, start = _HEADER.unpack_from(data)
        if kind not in (b"IWAD", b"PWAD"):
            raise DataError("no WAD: it begins with neither IWAD nor PWAD")
        entries = [_ENTRY.unpack_from(data, start + _ENTRY.size * n) for n in range(count)]
    except struct.error as error:
        raise DataError(f"a WAD that is cut short ({error})") from error
    for at, size, name in entries:
        if data[at : at + 4] == b"MThd":
            yield name.rstrip(b"\0").decode("ascii", "replace").lower(), data[at : at + size]


def _of_wads(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.wad")):
        for name, data in songs_of_wad(path.read_bytes()):
            yield f"{path.stem}-{name}", data


def _of_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.mid")):
        yield path.stem, path.read_bytes()


def main(
    songs: Annotated[Path, typer.Argument(help="Folder to write.")],
    freedoom: Folder = None,
    openmsx: Folder = None,
    blupi: Folder = None,
) -> None:
    """Write SONGS/*.mid and SONGS/songs.csv."""
    rows = []
    for folder, found, (source, licence, count) in (
        (freedoom, _of_wads, _FREEDOOM),
        (openmsx, _of_files, _OPENMSX),
        (blupi, _of_files, _BLUPI),
    ):
        if folder is None:
            continue
        # Some songs stand twice under two names.
        unlike = {hashlib.sha256(data).digest(): (name, data) for name, data in found(folder)}
        every = sorted(unlike.values())
        if not every:
            raise DataError(f"{folder} holds no MIDI files of {source}")
        for index in range(min(count, len(every))):
            name, data = every[index * len(every) // min(count, len(every))]
            write_atomically(songs / f"{name}.mid", data)
            rows.append((f"{name}.mid", source, licence))
    if not rows:
        raise DataError("name the folder of a collection: --freedoom, --openmsx or --blupi")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    write_atomically(songs / TABLE, text.getvalue())


if __name__ == "__main__":
    typer.run(main)
