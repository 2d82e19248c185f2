"""Chunks of a WAV that are not its sound: what editors and recorders keep there goes along.

Broadcast descriptions with their time reference (bext; EBU Tech 3285), iXML, cue points, loops,
LIST INFO and all others that are not known to describe the samples as they were coded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["carry_chunks"]

#: Written anew for the new samples, or padding.
_OWN = (b"fmt ", b"data", b"fact", b"ds64", b"PEAK", b"JUNK", b"junk", b"PAD ", b"FLLR", b"levl")
#: Larger ones are no description of a recording.
_MOST_BYTES = 64 << 20
_EXTENSIBLE, _MASK_AT = 0xFFFE, 20


def carry_chunks(source: Path, target: Path) -> None:
    """Append the source's chunks behind the target's samples; take over which channel is which.

    Both are WAV or RF64 files of one length; the target is complete but for this.
    """
    with source.open("rb") as file:
        kept = []
        mask = None
        for name, start, length in _chunks(file):
            if name == b"fmt ":
                mask = _channel_mask(file, start, length)
            elif name not in _OWN and length <= _MOST_BYTES:
                file.seek(start)
                if len(body := file.read(length)) == length:
                    kept.append((name, body))
    with target.open("r+b") as file:
        own = {name: (start, length) for name, start, length in _chunks(file)}
        if mask is not None and (place := own.get(b"fmt ")):
            if _channel_mask(file, *place) is not None:
                file.seek(place[0] + _MASK_AT)
                file.write(mask)
        end = file.seek(0, 2)
        if end % 2:
            file.write(b"\0")
        for name, body in kept:
            if name not in own or name == b"LIST":
                file.write(name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2))
        _set_size(file, own.get(b"ds64"))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and length of each chunk that is whole, in a file of any size."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return
    at, long_size = 12, 0
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"ds64":
            file.seek(at + 16)
            long_size = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))[0]
        if name == b"data" and length == 0xFFFF_FFFF:
            length = long_size or size - at - 8
        if at + 8 + length > size:
            return
        yield name, at + 8, length
        at += 8 + length + length % 2


def _channel_mask(file: BinaryIO, start: int, length: int) -> bytes | None:
    """Which loudspeaker each channel is for, in the extensible kind of header."""
    file.seek(start)
    fmt = file.read(min(length, _MASK_AT + 4))
    if len(fmt) < _MASK_AT + 4 or struct.unpack("<H", fmt[:2])[0] != _EXTENSIBLE:
        return None
    return fmt[_MASK_AT:]


def _set_size(file: BinaryIO, ds64: tuple[int, int] | None) -> None:
    size = file.seek(0, 2) - 8
    if ds64 is not None:
        file.seek(ds64[0])
        file.write(struct.pack("<Q", size))
        return
    file.seek(4)
    file.write(struct.pack("<I", min(size, 0xFFFF_FFFF)))
