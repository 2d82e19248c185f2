"""Headers of recorders that crashed, or still write: they say 0 bytes of audio, and there are some.

WAV and RF64 (Microsoft and IBM 1991; EBU Tech 3306) and AIFF (Apple 1989); and, to be salvaged,
CAF files (Apple 2005) that are cut off, which libsndfile refuses. The file is not touched: its
reader sees the true sizes laid over those of the header.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Corrected", "Correction", "correction"]


@dataclass(frozen=True)
class Correction:
    """Bytes to read in place of a header's own."""

    #: Position in the file -> bytes.
    patches: dict[int, bytes]
    #: What is wrong with the header, for users.
    why: str = (
        "its header says 0 bytes of audio, as a recorder leaves it that was cut off or still writes"
    )


class Corrected(io.FileIO):
    """A file whose header reads as corrected."""

    def __init__(self, path: Path, found: Correction) -> None:
        super().__init__(path, "rb")
        self._patches = found.patches

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read as `FileIO` does, with the patches laid over."""
        start = self.tell()
        count = super().readinto(buffer) or 0
        view = memoryview(buffer).cast("B")
        for at, patch in self._patches.items():
            for offset, byte in enumerate(patch, at - start):
                if 0 <= offset < count:
                    view[offset] = byte
        return count


def correction(path: Path, *, salvage: bool = False) -> Correction | None:
    """What an unfinished header should say; None for one that says a length, or of another kind.

    `salvage` also corrects lengths that are promised and not there, where libsndfile cannot.
    """
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        head = file.read(12)
        if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
            return _of_wav(file, size)
        if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
            return _of_aiff(file, size)
        if salvage and head[:4] == b"caff":
            return _of_caf(file, size)
    return None


def _of_wav(file: io.BufferedReader, size: int) -> Correction | None:
    long_size_at, block = None, 0
    while len(head := file.read(8)) == 8:
        name, length = head[:4], struct.unpack("<I", head[4:])[0]
        start = file.tell()
        if name == b"data":
            placeholder = length == 0xFFFF_FFFF and long_size_at is not None
            if not (length == 0 or placeholder) or not block:
                return None
            there = (size - start) // block * block
            if not there or _is_chunks(file, start, size, "<"):
                return None
            if placeholder:
                assert long_size_at is not None
                return _long(file, long_size_at, there)
            shown = min(there, 0xFFFF_0000 // block * block)
            riff = struct.pack("<I", min(size - 8, 0xFFFF_FFFF))
            return Correction({4: riff, start - 4: struct.pack("<I", shown)})
        if name == b"fmt ":
            fmt = file.read(min(length, 64))
            block = struct.unpack("<H", fmt[12:14])[0] if len(fmt) >= 14 else 0
        elif name == b"ds64":
            long_size_at = start + 8
        file.seek(start + length + length % 2)
    return None


def _long(file: io.BufferedReader, at: int, there: int) -> Correction | None:
    """For RF64, whose sizes stand in a chunk of their own."""
    file.seek(at)
    if struct.unpack("<Q", file.read(8).ljust(8, b"\0"))[0] not in (0, 0xFFFF_FFFF_FFFF_FFFF):
        return None
    return Correction({at: struct.pack("<Q", there)})


def _of_aiff(file: io.BufferedReader, size: int) -> Correction | None:
    frames_at, block = 0, 0
    while len(head := file.read(8)) == 8:
        name, length = head[:4], struct.unpack(">I", head[4:])[0]
        start = file.tell()
        if name == b"SSND":
            there = (size - start - 8) // max(block, 1) * block
            if length > 8 or not block or there <= 0 or _is_chunks(file, start + 8, size, ">"):
                return None
            shown = min(there, 0xFFFF_0000 // block * block)
            return Correction(
                {
                    4: struct.pack(">I", min(size - 8, 0xFFFF_FFFF)),
                    frames_at: struct.pack(">I", shown // block),
                    start - 4: struct.pack(">I", shown + 8),
                }
            )
        if name == b"COMM":
            common = file.read(8)
            if len(common) == 8:
                channels, _, bits = struct.unpack(">HIH", common)
                frames_at, block = start + 2, channels * -(-bits // 8)
        file.seek(start + length + length % 2)
    return None


def _of_caf(file: io.BufferedReader, size: int) -> Correction | None:
    file.seek(8)
    block = 0
    while len(head := file.read(12)) == 12:
        name, length = head[:4], struct.unpack(">q", head[4:])[0]
        start = file.tell()
        if name == b"data":
            # In front of the samples stands a count of edits, 4 bytes.
            there = (size - start - 4) // block * block if block else 0
            if there <= 0 or length <= size - start:
                return None
            why = (
                f"truncated: its header promises {length - 4} bytes of audio and {there} are there"
            )
            return Correction({start - 8: struct.pack(">q", there + 4)}, why)
        if name == b"desc":
            block = struct.unpack(">I", file.read(20)[16:].rjust(4, b"\0"))[0]
        file.seek(start + max(length, 0))
    return None


def _is_chunks(file: io.BufferedReader, start: int, size: int, order: str) -> bool:
    """Whether what follows is chunks to the end of the file: then the audio is empty indeed."""
    while start < size:
        file.seek(start)
        head = file.read(8)
        if len(head) < 8 or not all(0x20 <= byte < 0x7F for byte in head[:4]):
            return False
        length = struct.unpack(order + "I", head[4:])[0]
        start += 8 + length + length % 2
    return start <= size + 1
