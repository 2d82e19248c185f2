"""Standard MIDI Files, taken apart into events: tolerant of what players tolerate, and says so.

Format: "Standard MIDI Files 1.0" (MIDI Manufacturers Association, RP-001). A file is a header
chunk "MThd" and track chunks "MTrk"; a track is delta times (variable-length numbers) and events,
whose status byte may be left out when it repeats the last (running status).

Files on the web break these rules in ways that every player forgives. Each such oddity is a
remark; only a file whose notes cannot be known is refused.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from aeolia.errors import InputError

__all__ = ["Event", "SmfFile", "parse_smf"]

#: Frames per second that the header's negative byte stands for; 29 is 30 drop-frame.
_SMPTE_RATES = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30000, 1001), 30: Fraction(30)}

#: Data bytes after a channel message's status, by its upper four bits.
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
#: Data bytes of messages between instruments, which have no meaning in a file.
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, **dict.fromkeys(range(0xF8, 0xFF), 0)}

_META_END, _META_TEMPO = 0x2F, 0x51

#: The header is looked for in so many bytes: a RIFF wrapper or a Macintosh's may stand before it.
_MOST_BEFORE = 4096


class Event(NamedTuple):
    """Something that happens at a tick: "channel" with its status and data bytes, "tempo" with
    three bytes of microseconds per quarter note, or "end", of a track."""

    tick: int
    kind: str
    data: bytes


@dataclass(frozen=True)
class SmfFile:
    """Events of all tracks in the order of time; at one tick, in the order of tracks."""

    events: tuple[Event, ...]
    ticks_per_quarter: int
    #: Set when the file counts time in SMPTE frames: tempo is then without meaning.
    ticks_per_second: float | None = None
    #: What was odd in the file and how it was taken, a sentence each.
    remarks: tuple[str, ...] = ()


_CUT_SHORT = "a track is cut short; it is played up to there"


class _Broken(Exception):
    """What is wrong and at which byte, without the file's name."""


class _CutShort(Exception):
    """A track ends inside an event."""


def parse_smf(data: bytes, name: str) -> SmfFile:
    """Parse the bytes of a MIDI file; `name` is for messages.

    Raises:
        InputError: no MIDI file, one of several independent patterns (type 2), or damaged; says
            what and at which byte.
    """
    start = data.find(b"MThd", 0, _MOST_BEFORE)
    if start < 0:
        what = "not a MIDI file (it does not begin with MThd)" if data else "empty"
        raise InputError(f"{name}: {what}; a Standard MIDI File is needed")
    end = len(data)
    oddities: Counter[str] = Counter()
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        # The chunk "data" holds the file; pictures and instruments may follow it.
        end = min(end, start + int.from_bytes(data[start - 4 : start], "little"))
    elif start:
        oddities[f"{start} bytes before its header are skipped"] += 1
    try:
        tracks, kind, division = _tracks(data, start, end, oddities)
        if kind == 2 and len(tracks) > 1:
            raise InputError(
                f"{name}: a MIDI file of type 2, with {len(tracks)} independent patterns and no "
                f"order to play them in; export one of them, or the song as type 1"
            )
        events = [event for at, body in tracks for event in _Track(body, at, oddities).events()]
        # Stable: events at one tick keep the order of tracks, and of the bytes within one.
        events.sort(key=lambda event: event.tick)
        quarter, second = _time_unit(division)
    except _Broken as error:
        raise InputError(f"{name}: a damaged MIDI file: {error}; export the score again") from error
    remarks = (f"{text} ({n} times)" if n > 1 else text for text, n in oddities.items())
    return SmfFile(tuple(events), quarter, second, tuple(remarks))


def _tracks(
    data: bytes, start: int, end: int, oddities: Counter[str]
) -> tuple[list[tuple[int, bytes]], int, int]:
    """(position, body) of every track, the file's type, and its division of time."""
    (_, _, header), *chunks = _chunks(data, start, end, oddities)
    if len(header) < 6:
        raise _Broken(f"its header has {len(header)} bytes and needs 6")
    kind, n_tracks, division = struct.unpack(">HHH", header[:6])
    if kind > 2:
        oddities[f"its type is {kind}, which does not exist; it is read as type 1"] += 1
    tracks = [(at, body) for at, tag, body in chunks if tag == b"MTrk"]
    if len(tracks) != n_tracks:
        oddities[
            f"its header promises {n_tracks} tracks and {len(tracks)} are there; all are played"
        ] += 1
    return tracks, kind, division


def _time_unit(division: int) -> tuple[int, float | None]:
    """Ticks per quarter note, or else ticks per second."""
    if division & 0x8000:
        frames, resolution = 256 - (division >> 8), division & 0xFF
        if frames not in _SMPTE_RATES or not resolution:
            raise _Broken(f"its time division is {frames} frames of {resolution} ticks")
        return 0, float(_SMPTE_RATES[frames] * resolution)
    if not division:
        raise _Broken("its time division is 0 ticks per quarter note")
    return division, None


def _chunks(
    data: bytes, at: int, end: int, oddities: Counter[str]
) -> list[tuple[int, bytes, bytes]]:
    """(position of the body, name, body) of every chunk."""
    chunks: list[tuple[int, bytes, bytes]] = []
    while at < end:
        tag, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        left = end - at - 8
        if not chunks and size > left:
            raise _Broken(
                f"truncated: the chunk {tag.decode()!r} at byte {at} promises {size} bytes and "
                f"{max(left, 0)} are left"
            )
        if tag == b"MTrk" and size > left:
            # A download that stopped, or a program that never came back to fill in the size.
            oddities[_CUT_SHORT] += 1
            size = max(left, 0)
        elif size > left or not (tag.isascii() and tag.decode().isprintable()):
            at = _behind_junk(data, at, end, oddities)
            continue
        chunks.append((at + 8, tag, data[at + 8 : at + 8 + size]))
        at += 8 + size
    return chunks


def _behind_junk(data: bytes, at: int, end: int, oddities: Counter[str]) -> int:
    """Where the next track begins behind bytes that are no chunk, or the end."""
    next_track = data.find(b"MTrk", at + 1, end)
    if next_track >= 0:
        oddities[f"{next_track - at} bytes between its tracks are skipped"] += 1
        return next_track
    # Zeros fill up the last block of some disks and downloads.
    if data[at:end].strip(b"\0"):
        oddities[f"{end - at} bytes behind its last track are skipped"] += 1
    return end


class _Track:
    """The events of one track chunk; `start` is its position in the file, for messages."""

    def __init__(self, body: bytes, start: int, oddities: Counter[str]) -> None:
        self._body, self._start, self._at = body, start, 0
        self._oddities = oddities

    def events(self) -> list[Event]:
        """Events with their ticks from the start, up to the track's end."""
        found: list[Event] = []
        try:
            self._collect(found)
        except _CutShort:
            # The file may have been said to be cut already: one oddity, one remark.
            self._oddities.setdefault(_CUT_SHORT, 1)
        return found

    def _collect(self, found: list[Event]) -> None:
        tick, status, interrupted = 0, 0, False
        # A missing end-of-track is common, and nothing is lost by it.
        while self._at < len(self._body):
            tick += self._number()
            byte = self._body[self._at] if self._at < len(self._body) else -1
            if byte == 0xFF:
                self._at += 1
                kind = self._byte()
                content = self._take(self._number())
                interrupted = True
                if kind == _META_END:
                    # Events may not follow, but its time may: held notes end there.
                    found.append(Event(tick, "end", b""))
                    break
                if kind == _META_TEMPO and self._is_tempo(content):
                    found.append(Event(tick, "tempo", content))
            elif byte in (0xF0, 0xF7):
                self._at += 1
                self._take(self._number())
                interrupted = True
            elif byte in _SYSTEM_BYTES:
                self._take(1 + _SYSTEM_BYTES[byte])
                self._oddities["messages that have no meaning in a file are skipped"] += 1
            else:
                if byte >= 0x80:
                    status, interrupted = self._byte(), False
                found.append(Event(tick, "channel", self._message(byte, status, interrupted)))

    def _message(self, byte: int, status: int, interrupted: bool) -> bytes:
        """A channel message, status first; `byte` is what stands there, -1 for the end."""
        if byte < 0:
            raise _CutShort
        if status & 0xF0 not in _DATA_BYTES:
            raise _Broken(f"byte {self._position()} is 0x{byte:02x}, where an event must begin")
        values = self._take(_DATA_BYTES[status & 0xF0])
        if interrupted:
            self._oddities["a status left out after text or system data is that before it"] += 1
        if max(values) > 0x7F:
            self._oddities["values above 127 are taken as 127"] += 1
            values = bytes(min(value, 0x7F) for value in values)
        return bytes((status,)) + values

    def _is_tempo(self, content: bytes) -> bool:
        if len(content) == 3 and any(content):
            return True
        self._oddities[f"a tempo of {content.hex() or 'nothing'} is skipped"] += 1
        return False

    def _position(self) -> int:
        return self._start + self._at

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        content = self._body[self._at : self._at + count]
        if len(content) < count:
            raise _CutShort
        self._at += count
        return content

    def _number(self) -> int:
        """A variable-length number: seven bits a byte, the highest bit says that more follow."""
        value = 0
        for _ in range(4):
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise _Broken(f"the number before byte {self._position()} is longer than four bytes")
