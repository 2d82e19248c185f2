"""Notes of General MIDI's programs and drum keys, played by a soundfont: notes to learn from.

Each program plays a grid of pitches and velocities, each key of its kits a row of velocities. A
note is held for as long as training listens, without reverb and chorus, so that it holds the
instrument alone. Programs are called by General MIDI's names, whatever the soundfont calls them.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile

from aeolia.bulk.workers import worker_pool
from aeolia.data.songs.fluidsynth import FluidSynth, Room
from aeolia.data.songs.midi import variable_length
from aeolia.data.songs.soundfont import Soundfont
from aeolia.errors import DataError
from aeolia.files import write_atomically
from aeolia.plain_text import cell_text
from aeolia.runtime.synth.program_names import (
    DRUM_KEYS,
    DRUM_NAMES,
    PROGRAM_NAMES,
    instrument_name,
)

__all__ = ["MANIFEST", "Grid", "render_notes"]

MANIFEST = "manifest.csv"
_RATE = 48000
#: Kits of the drum bank whose keys are General MIDI's: standard, room, power, electronic, TR-808,
#: jazz and brush. An orchestra's have timpani where others have toms.
_KITS = (0, 8, 16, 24, 25, 32, 40)
_DRUM_CHANNEL = 9
_DRY = Room(0.2, 0.0, has_reverb=False, has_chorus=False)
#: A tick is a millisecond: 1000 to a quarter note of a second.
_TICKS, _TEMPO = 1000, 1_000_000
_FIRST_MS, _GAP_MS, _LEAD_MS = 20, 200, 5
#: Notes with a lower peak are not played by the soundfont at all.
_SILENT = 1e-4
#: Columns and texts of a note's row.
_Note: TypeAlias = dict[str, str]
_COLUMNS = (
    "path",
    "kind",
    "source",
    "label",
    "midi",
    "velocity",
    "seconds",
    "licence",
    "pitch_is_exact",
)


@dataclass(frozen=True)
class Grid:
    """Which notes a soundfont plays: pitches and velocities (1 to 127), and for how long."""

    pitches: tuple[int, ...]
    velocities: tuple[int, ...]
    drum_velocities: tuple[int, ...] = (30, 60, 90, 120)
    held_seconds: float = 3.1


def render_notes(
    out: Path,
    soundfonts: Sequence[tuple[Soundfont, Grid]],
    licence: str = "",
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, str]]:
    """Play all notes into a folder, FLAC of 16 bits at 48 kHz in one channel, with a manifest.

    Files that are there already stay: a run that was stopped goes on.

    Args:
        licence: of the soundfonts; weights learned from them are bound by it.
        jobs: processes.
        progress: called with programs and kits done, and how many there are.

    Returns:
        the manifest's rows.

    Raises:
        MissingExtraError: FluidSynth is not installed.
        DataError: FluidSynth cannot play a soundfont, or nothing can be written.
    """
    FluidSynth()  # before anything is written
    tasks = [
        (out, font, grid, number, is_kit)
        for font, grid in soundfonts
        for is_kit, numbers in ((False, range(128)), (True, _KITS))
        for number in numbers
        if font.has(number, is_kit)
    ]
    if not tasks:
        raise DataError("the soundfonts have none of General MIDI's programs, nor its drum kits")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out} cannot be made ({error.strerror or error})") from error
    rows: list[dict[str, str]] = []
    with worker_pool(jobs) as pool:
        if pool is None:
            for done, task in enumerate(tasks, 1):
                rows += _render(*task)
                progress(done, len(tasks))
        else:
            waiting = [pool.submit(_render, *task) for task in tasks]
            for done, finished in enumerate(as_completed(waiting), 1):
                rows += finished.result()
                progress(done, len(tasks))
    rows.sort(key=lambda row: row["path"])
    _write(out / MANIFEST, [{**row, "licence": licence} for row in rows])
    return rows


def _render(out: Path, font: Soundfont, grid: Grid, number: int, is_kit: bool) -> list[_Note]:
    """All notes of one program or kit; the rows of those that sound."""
    if is_kit:
        notes = [(key, velocity) for key in DRUM_KEYS for velocity in grid.drum_velocities]
    else:
        notes = [(pitch, velocity) for pitch in grid.pitches for velocity in grid.velocities]
    held_ms = round(grid.held_seconds * 1000)
    every_ms = held_ms + _GAP_MS
    channel = _DRUM_CHANNEL if is_kit else 0
    midi = _midi(
        channel,
        number,
        [(_FIRST_MS + i * every_ms, held_ms, *note) for i, note in enumerate(notes)],
    )
    audio = FluidSynth().play(midi, font.path, _RATE, _DRY).mean(1)
    rows = []
    for i, (key, velocity) in enumerate(notes):
        start = (_FIRST_MS + i * every_ms - _LEAD_MS) * _RATE // 1000
        sound = audio[start : start + (held_ms + _LEAD_MS) * _RATE // 1000]
        peak = float(np.abs(sound).max(initial=0.0))
        if peak < _SILENT:
            continue
        name = DRUM_NAMES[key] if is_kit else PROGRAM_NAMES[number]
        label = instrument_name(name)
        folder = out / font.path.stem / (f"kit_{number:03d}" if is_kit else f"{number:03d}_{label}")
        path = folder / (
            f"{label}_{velocity:03d}.flac" if is_kit else f"{key:03d}_{velocity:03d}.flac"
        )
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            stream = io.BytesIO()
            # The level is kept: how velocities differ is part of the instrument.
            soundfile.write(stream, sound / max(1.0, peak), _RATE, "PCM_16", format="FLAC")
            write_atomically(path, stream.getvalue(), error=DataError)
        rows.append(
            {
                "path": path.relative_to(out).as_posix(),
                "kind": "drum" if is_kit else "note",
                "source": f"{font.name} kit {number}" if is_kit else font.name,
                "label": label,
                "midi": "" if is_kit else f"{key}",
                "velocity": f"{velocity}",
                "seconds": f"{len(sound) / _RATE:.3f}",
                "pitch_is_exact": "" if is_kit else "1",
            }
        )
    return rows


def _midi(channel: int, program: int, notes: Iterable[tuple[int, int, int, int]]) -> bytes:
    """A Standard MIDI File (RP-001, format 0) of (start ms, length ms, key, velocity)."""
    events = [(0, bytes((0xC0 | channel, program)))]
    for controller in (91, 93):  # what goes to reverb and chorus
        events.append((0, bytes((0xB0 | channel, controller, 0))))
    for start, length, key, velocity in notes:
        events.append((start, bytes((0x90 | channel, key, velocity))))
        events.append((start + length, bytes((0x80 | channel, key, 0))))
        # All sound off: no release reaches into the next note.
        events.append((start + length + 1, bytes((0xB0 | channel, 120, 0))))
    body = bytearray(b"\x00\xff\x51\x03" + struct.pack(">I", _TEMPO)[1:])
    now = 0
    for at, message in sorted(events, key=lambda event: event[0]):
        body += variable_length(at - now) + message
        now = at
    body += variable_length(_GAP_MS) + b"\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS)
    return head + b"MTrk" + struct.pack(">I", len(body)) + bytes(body)


def _write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, _COLUMNS)
    writer.writeheader()
    writer.writerows({name: cell_text(text) for name, text in row.items()} for row in rows)
    write_atomically(path, stream.getvalue(), error=DataError)
