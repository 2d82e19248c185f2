"""Standard MIDI Files, taken apart into events: a strict reader that says what is damaged.

Format: "Standard MIDI Files 1.0" (MIDI Manufacturers Association, RP-001). A file is a header
chunk "MThd" and track chunks "MTrk"; a track is delta times (variable-length numbers) and events,
whose status byte may be left out when it repeats the last (running status).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

from aeolia.errors import InputError

__all__ = ["Event", "SmfFile", "parse_smf"]

#: Frames per second that the header's negative byte stands for; 29 is 30 drop-frame.
_SMPTE_RATES = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30000, 1001), 30: Fraction(30)}

#: Data bytes after a channel message's status, by its upper four bits.
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}

_META_END, _META_TEMPO = 0x2F, 0x51


@dataclass(frozen=True)
class Event:
    """Something that happens at a tick: "channel" with its status and data bytes, or "tempo" with
    three bytes of microseconds per quarter note."""

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


class _Broken(Exception):
    """What is wrong and at which byte, without the file's name."""


def parse_smf(data: bytes, name: str) -> SmfFile:
    """Parse the bytes of a MIDI file of type 0 or 1; `name` is for messages.

    Raises:
        InputError: no MIDI file, of type 2, or damaged; says what and where.
    """
    if data[:4] != b"MThd":
        what = "empty" if not data else "not a MIDI file (it does not begin with MThd)"
        raise InputError(f"{name}: {what}; a Standard MIDI File is needed")
    try:
        return _parse(data)
    except _Broken as error:
        raise InputError(f"{name}: a damaged MIDI file: {error}; export the score again") from error


def _parse(data: bytes) -> SmfFile:
    chunks = _chunks(data)
    header = chunks[0][2]
    if len(header) < 6:
        raise _Broken(f"its header has {len(header)} bytes and needs 6")
    kind, n_tracks, division = struct.unpack(">HHH", header[:6])
    if kind == 2:
        raise _Broken("it is of type 2 (independent patterns), and only types 0 and 1 are scores")
    if kind > 2:
        raise _Broken(f"its type is {kind}, and only 0, 1 and 2 exist")
    tracks = [(start, body) for start, tag, body in chunks[1:] if tag == b"MTrk"]
    if len(tracks) != n_tracks:
        raise _Broken(f"its header promises {n_tracks} tracks and {len(tracks)} are there")
    events = [event for start, body in tracks for event in _Track(body, start).events()]
    # Stable: events at one tick keep the order of tracks, and of the bytes within one.
    events.sort(key=lambda event: event.tick)
    if division & 0x8000:
        frames, resolution = 256 - (division >> 8), division & 0xFF
        if frames not in _SMPTE_RATES or not resolution:
            raise _Broken(f"its time division is {frames} frames of {resolution} ticks")
        return SmfFile(tuple(events), 0, float(_SMPTE_RATES[frames] * resolution))
    if not division:
        raise _Broken("its time division is 0 ticks per quarter note")
    return SmfFile(tuple(events), division)


def _chunks(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """(place of the body, name, body) of every chunk."""
    chunks, at = [], 0
    # Some writers pad the end of a file with zeros.
    while at < len(data) and data[at:].strip(b"\0"):
        if at + 8 > len(data):
            raise _Broken(f"it ends inside the head of a chunk, at byte {at}")
        tag, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body = data[at + 8 : at + 8 + size]
        if len(body) < size:
            raise _Broken(
                f"truncated: the chunk {tag.decode('ascii', 'replace')!r} at byte {at} promises "
                f"{size} bytes and {len(body)} are left"
            )
        chunks.append((at + 8, tag, body))
        at += 8 + size
    return chunks


class _Track:
    """The events of one track chunk; `start` is its place in the file, for messages."""

    def __init__(self, body: bytes, start: int) -> None:
        self._body, self._start, self._at = body, start, 0

    def events(self) -> list[Event]:
        """Events with their ticks from the start, up to the track's end."""
        found: list[Event] = []
        tick, status = 0, 0
        # A missing end-of-track is common, and nothing is lost by it.
        while self._at < len(self._body):
            tick += self._number()
            byte = self._body[self._at] if self._at < len(self._body) else -1
            if byte == 0xFF:
                self._at += 1
                kind = self._byte()
                content = self._take(self._number())
                status = 0
                if kind == _META_END:
                    # Events may not follow, but its time may: held notes end there.
                    found.append(Event(tick, "end", b""))
                    break
                if kind == _META_TEMPO:
                    found.append(Event(tick, "tempo", self._tempo(content)))
                continue
            if byte in (0xF0, 0xF7):
                self._at += 1
                self._take(self._number())
                status = 0
                continue
            if byte >= 0x80:
                status = self._byte()
            if status & 0xF0 not in _DATA_BYTES:
                raise _Broken(
                    f"byte {self._place()} is 0x{max(byte, 0):02x}, where an event must begin"
                    if byte >= 0
                    else f"it ends after a delta time, at byte {self._place()}"
                )
            values = self._take(_DATA_BYTES[status & 0xF0])
            if max(values) > 0x7F:
                raise _Broken(f"the event before byte {self._place()} has a value above 127")
            found.append(Event(tick, "channel", bytes([status]) + values))
        return found

    def _tempo(self, content: bytes) -> bytes:
        if len(content) != 3 or not any(content):
            raise _Broken(f"the tempo before byte {self._place()} is {content.hex() or 'empty'}")
        return content

    def _place(self) -> int:
        return self._start + self._at

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        content = self._body[self._at : self._at + count]
        if len(content) < count:
            end = self._start + len(self._body)
            raise _Broken(f"the track ends inside an event, at byte {end}")
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
        raise _Broken(f"the number before byte {self._place()} is longer than four bytes")
