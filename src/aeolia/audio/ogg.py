"""Ogg pages (RFC 3533): where the links of a chained file lie, and reading them in a row.

Radio archives and some recorders put whole Ogg streams one behind the other; libsndfile reads the
first of them. A link begins with pages marked as beginnings, behind pages that are not.
"""

from __future__ import annotations

import io
import mmap
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import AudioFileError

__all__ = [
    "ChainedFile",
    "FilePart",
    "audio_bytes",
    "ends_within_page",
    "holds_another_codec",
    "links",
]

_BEGINS = 2


def audio_bytes(path: Path) -> int:
    """Bytes of an Ogg file's pages that hold sound, not headers with their tags and pictures."""
    n_bytes = 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(b"OggS")
        while at >= 0 and len(head := data[at : at + 27]) == 27:
            length = 27 + head[26] + sum(data[at + 27 : at + 27 + head[26]])
            # Where a page stands in the sound: at its beginning, for headers.
            n_bytes += length if any(head[6:14]) else 0
            at = data.find(b"OggS", at + length)
    return n_bytes


def links(path: Path) -> list[tuple[int, int]]:
    """Where each link begins and ends: first byte, and the one behind its last whole page."""
    found: list[tuple[int, int]] = []
    beginning = False  # whether the page before was one
    with path.open("rb") as start:
        if start.read(4) != b"OggS":
            return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(b"OggS")
        while at >= 0:
            head = data[at : at + 27]
            lacing = data[at + 27 : at + 27 + head[26]] if len(head) == 27 else b""
            end = at + 27 + len(lacing) + sum(lacing)
            if len(head) < 27 or len(lacing) < head[26] or end > len(data):
                break  # cut off within a page
            begins = bool(head[5] & _BEGINS)
            if begins and not beginning:
                found.append((at, end))
            elif found:
                found[-1] = found[-1][0], end
            beginning = begins
            at = end if data[end : end + 4] == b"OggS" else data.find(b"OggS", end)
    return found


def holds_another_codec(path: Path) -> bool:
    """Whether an Ogg begins with a stream other than Vorbis and Opus: Speex, FLAC, a film."""
    try:
        with path.open("rb") as file:
            page = file.read(27 + 255 + 8)
    except OSError:
        return False
    body = page[27 + page[26] :] if len(page) > 27 and page.startswith(b"OggS") else b""
    return bool(body) and not body.startswith((b"\x01vorbis", b"OpusHead"))


def ends_within_page(path: Path, parts: list[tuple[int, int]]) -> bool:
    """Whether a page is begun behind the last whole one."""
    if not parts:
        return False
    with path.open("rb") as file:
        file.seek(parts[-1][1])
        return file.read(4) == b"OggS"


class FilePart(io.RawIOBase):
    """Some bytes of a file, as a file of their own."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._start, self._end = start, end
        self._file.seek(start)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Position in the part."""
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as in any file."""
        base = {io.SEEK_SET: self._start, io.SEEK_CUR: self._file.tell(), io.SEEK_END: self._end}
        return self._file.seek(max(base[whence] + offset, self._start)) - self._start

    def readinto(self, buffer: Any) -> int:
        """Read as in any file."""
        view = memoryview(buffer).cast("B")
        return self._file.readinto(view[: max(0, min(len(view), self._end - self._file.tell()))])

    def close(self) -> None:
        """Close the file itself."""
        self._file.close()
        super().close()


class ChainedFile:
    """Links in a row, as one file of soundfile: attributes are the first link's.

    Args:
        opener: opens a part as soundfile does.
        name: for messages.

    Raises:
        AudioFileError: a link of another sample rate, or with other channels.
    """

    def __init__(self, path: Path, parts: list[tuple[int, int]], opener: Any, name: str) -> None:
        self._path, self._opener = path, opener
        self._parts, self._next = parts, 1
        self._first: Any = self._open_part(parts[0])
        self._file: Any = self._first
        self.frames = self._first.frames
        for number, part in enumerate(parts[1:], 2):
            with self._open_part(part) as link:
                self._check(link, number, name)
                self.frames += link.frames

    def _open_part(self, part: tuple[int, int]) -> Any:
        return self._opener(FilePart(self._path, *part))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._first, name)

    def _check(self, link: Any, number: int, name: str) -> None:
        for what, unit in (("samplerate", "Hz"), ("channels", "channels")):
            before, now = getattr(self._first, what), getattr(link, what)
            if before != now:
                self.close()
                raise AudioFileError(
                    f"{name}: a chain of {len(self._parts)} Ogg streams, of which number {number} "
                    f"has {now} {unit} and the first {before}; streams of one kind are needed: "
                    f"cut the file there"
                )

    def read(self, *, out: np.ndarray) -> np.ndarray:
        """Fill `out` [T, C] from one link after the other; less is returned at the end."""
        n_done = 0
        while n_done < len(out):
            count = len(self._file.read(out=out[n_done:]))
            n_done += count
            if not count:
                if self._next == len(self._parts):
                    break
                if self._file is not self._first:
                    self._file.close()
                self._file = self._open_part(self._parts[self._next])
                self._next += 1
        return out[:n_done]

    def close(self) -> None:
        """Close all."""
        self._first.close()
        self._file.close()
