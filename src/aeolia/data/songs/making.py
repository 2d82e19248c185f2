"""Many songs, several at a time: what is there already stays, what was begun is begun anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

from aeolia.bulk.workers import worker_pool
from aeolia.data.corpus.manifest import write_manifest
from aeolia.data.songs.fluidsynth import FluidSynth
from aeolia.data.songs.manifest import read_records, rows_of
from aeolia.data.songs.plan import Material, Settings, settings_record
from aeolia.data.songs.song import make_song
from aeolia.errors import DataError, InputError
from aeolia.files import write_atomically

__all__ = ["MANIFEST", "make_songs"]

MANIFEST = "manifest.csv"
#: What the songs of a folder were made with.
_SETTINGS = "settings.json"


def make_songs(
    out: Path,
    count: int,
    settings: Settings,
    material: Material,
    *,
    jobs: int = 1,
    progress: Callable[[dict[str, Any], int], None] = lambda record, done: None,
) -> list[dict[str, Any]]:
    """Make songs 0 to `count` - 1 in a folder, and a manifest of all that it holds.

    Args:
        jobs: processes; one song is made by one.
        progress: called with each song's record and how many are there.

    Returns:
        the records of all songs in the folder.

    Raises:
        InputError: the folder holds songs of other settings, or other files.
        DataError: see `make_song`; nothing can be written there.
        MissingExtraError: FluidSynth is not installed.
    """
    FluidSynth()  # before anything is written
    _claim(out, settings_record(settings, material))
    try:
        with worker_pool(jobs) as pool:
            if pool is None:
                for number in range(count):
                    progress(make_song(out, settings, material, number), number + 1)
            else:
                tasks = [
                    pool.submit(make_song, out, settings, material, number)
                    for number in range(count)
                ]
                for done, task in enumerate(as_completed(tasks), 1):
                    progress(task.result(), done)
    finally:
        records = read_records(out)
        if records:
            write_manifest(out / MANIFEST, rows_of(out, records))
    return records


def _claim(out: Path, record: dict[str, Any]) -> None:
    """Write what the songs are made with, or see that those that are there were made with it."""
    path = out / _SETTINGS
    if path.is_file():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path} is damaged; choose another folder") from error
        for name, value in record.items():
            if before.get(name) != value:
                raise InputError(
                    f"{out} holds songs made with {name} {before.get(name)}, not {value}; repeat "
                    "those options to go on with it, or choose another --out"
                )
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is no folder of songs and not empty; choose another --out")
    write_atomically(path, json.dumps(record, indent=1) + "\n", error=DataError)
