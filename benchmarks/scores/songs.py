"""Songs to play: MIDI files, each cut to its first seconds so that every player ends there.

A song is written anew as a file of one track at a fixed tempo, so that all players read the same
bytes. System exclusive messages and texts are left out; times are rounded to 0.1 ms.
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aeolia.audio.smf import parse_smf
from aeolia.data.songs.midi import variable_length
from aeolia.errors import DataError, InputError
from aeolia.files import read_limited
from aeolia.runtime.synth.score_reader import event_seconds

__all__ = ["COLUMNS", "TABLE", "TAIL_SECONDS", "Song", "find_songs", "read_song"]

#: What rings on after the last key is up is listened to for so long.
TAIL_SECONDS = 3.0

#: Beside the MIDI files: what each is, and under which licence. Not every folder has it.
TABLE = "songs.csv"
COLUMNS = ("file", "source", "licence")
_MOST_BYTES = 2**22
_TICKS_PER_SECOND = 10_000
#: A controller without meaning, which players wait for.
_UNDEFINED, _SUSTAIN, _NOTES_OFF = 20, 64, 123


@dataclass(frozen=True)
class Song:
    """The first seconds of a song."""

    name: str
    source: str
    licence: str
    seconds: float
    #: Channel messages and when they come.
    events: tuple[tuple[float, bytes], ...]

    @property
    def midi(self) -> bytes:
        """As a MIDI file."""
        return _written(self.events, self.seconds)

    @property
    def onsets(self) -> np.ndarray:
        """Seconds at which notes begin, once each."""
        return np.unique([now for now, message in self.events if _is_note(message)])

    @property
    def channels(self) -> dict[int, int]:
        """Channels, 1 to 16, that have notes, and how many."""
        found: dict[int, int] = {}
        for _, message in self.events:
            if _is_note(message):
                channel = (message[0] & 0x0F) + 1
                found[channel] = found.get(channel, 0) + 1
        return dict(sorted(found.items()))

    def programs(self, channel: int) -> tuple[int, ...]:
        """Programs, 0 to 127, that a channel's notes have, in their order."""
        program, found = 0, dict[int, None]()
        for _, message in self.events:
            if (message[0] & 0x0F) + 1 != channel:
                continue
            if message[0] & 0xF0 == 0xC0:
                program = message[1]
            elif _is_note(message):
                found[program] = None
        return tuple(found)

    def first(self, seconds: float) -> Song:
        """Its beginning; all of it where it is no longer."""
        length = min(seconds, self.seconds)
        return replace(
            self,
            seconds=length,
            events=tuple(event for event in self.events if _comes_within(*event, length)),
        )

    def alone(self, channel: int) -> bytes:
        """One channel as a MIDI file."""
        own = [(now, data) for now, data in self.events if (data[0] & 0x0F) + 1 == channel]
        return _written(own, self.seconds)


def _is_note(message: bytes) -> bool:
    return message[0] & 0xF0 == 0x90 and message[2] > 0


def find_songs(folder: Path, seconds: float, most: int) -> list[Song]:
    """The songs of a folder in the order of their names; `most` of them, evenly spread.

    Args:
        folder: with MIDI files, and `TABLE` beside them if it is known what they are.

    Raises:
        DataError: no such folder, no MIDI file in it, or a file or table that cannot be read.
    """
    paths = sorted(path for path in folder.glob("*.mid") if path.is_file())
    if not paths:
        raise DataError(
            f"{folder} holds no MIDI files (.mid); `python -m benchmarks.scores.gather` puts some "
            "into a folder"
        )
    known = _table(folder / TABLE)
    count = min(most, len(paths))
    chosen = [paths[index * len(paths) // count] for index in range(count)]
    return [read_song(path, seconds, *known.get(path.name, (folder.name, ""))) for path in chosen]


def _table(path: Path) -> dict[str, tuple[str, str]]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return {
                row["file"]: (row["source"], row["licence"] or "") for row in csv.DictReader(lines)
            }
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({error}); it needs the columns {', '.join(COLUMNS)}"
        ) from error


def read_song(path: Path, seconds: float, source: str = "", licence: str = "") -> Song:
    """The first seconds of a MIDI file, or all of it where it is shorter.

    Raises:
        DataError: it cannot be read, or has no notes there.
    """
    try:
        smf = parse_smf(read_limited(path, "MIDI file", _MOST_BYTES, DataError), str(path))
    except InputError as error:
        raise DataError(str(error)) from error
    times = event_seconds(smf).tolist()
    events = tuple(
        (now, event.data)
        for now, event in zip(times, smf.events, strict=True)
        if event.kind == "channel"
    )
    song = Song(path.stem, source, licence, max(times, default=0.0), events).first(seconds)
    if not song.channels:
        raise DataError(f"{path} has no notes in its first {seconds:g} s; leave it out")
    return song


def _comes_within(now: float, message: bytes, length: float) -> bool:
    # What ends with the song still ends; what would only begin there does not.
    return now < length or (now == length and not _is_note(message))


def _written(events: Sequence[tuple[float, bytes]], seconds: float) -> bytes:
    """A Standard MIDI File (RP-001) of type 0: a quarter note is a second."""
    end = round(seconds * _TICKS_PER_SECOND)
    stops = [
        bytes((0xB0 | channel, number, 0))
        for channel in range(16)
        for number in (_SUSTAIN, _NOTES_OFF)
    ]
    timed = [(min(round(now * _TICKS_PER_SECOND), end), data) for now, data in events]
    timed = [(0, b"\xff\x51\x03" + (1_000_000).to_bytes(3, "big")), *timed]
    body, before = bytearray(), 0
    tail = end + round(TAIL_SECONDS * _TICKS_PER_SECOND)
    ends = [*((end, data) for data in stops), (tail, bytes((0xB0, _UNDEFINED, 0)))]
    for tick, data in [*timed, *ends]:
        body += variable_length(tick - before) + data
        before = tick
    body += b"\0\xff\x2f\0"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS_PER_SECOND)
    return header + struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)
