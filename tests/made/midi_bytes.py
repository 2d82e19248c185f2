"""Standard MIDI Files written by hand for tests, apart from the reader and from any library."""

from __future__ import annotations

import struct

__all__ = ["midi_file", "number", "tempo", "track"]


def number(value: int) -> bytes:
    """A variable-length number: base 128, the highest bit set on all digits but the last."""
    digits = [value % 128]
    while value := value // 128:
        digits.insert(0, value % 128 + 128)
    return bytes(digits)


def tempo(microseconds: int) -> bytes:
    """The meta event that sets the length of a quarter note."""
    return b"\xff\x51\x03" + microseconds.to_bytes(3, "big")


def track(*events: tuple[int, bytes], end: int = 0, running: bool = False) -> bytes:
    """A track chunk from (absolute tick, message) in order; `end` ticks after the last is its end.

    With `running`, a status byte that repeats is left out.
    """
    body, now, status = b"", 0, b""
    for tick, message in events:
        body += number(tick - now)
        now = tick
        if running and message[:1] == status and message[0] < 0xF0:
            message = message[1:]
        else:
            status = message[:1] if message[0] < 0xF0 else b""
        body += message
    body += number(end) + b"\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def midi_file(*tracks: bytes, kind: int | None = None, division: int = 480) -> bytes:
    """A whole file; type 0 for one track, else 1."""
    kind = (len(tracks) > 1) if kind is None else kind
    head = struct.pack(">4sIHHH", b"MThd", 6, kind, len(tracks), division & 0xFFFF)
    return head + b"".join(tracks)
