"""Soundfonts (SF2): what a file is called, who holds its rights, and which instruments it has.

Format: "SoundFont Technical Specification 2.04" (E-mu, 2006): a RIFF file of form `sfbk` with a
list `INFO` of texts and a list `pdta` whose chunk `phdr` has 38 bytes an instrument.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aeolia.errors import DataError
from aeolia.plain_text import printable

__all__ = ["Soundfont", "read_soundfont"]

_PRESET_BYTES = 38
#: The bank of drum kits.
_DRUM_BANK = 128
#: No text of a soundfont is read beyond this.
_MOST_TEXT = 4096
#: No table of instruments is larger: 65,535 of them.
_MOST_TABLE = _PRESET_BYTES * 65535


@dataclass(frozen=True)
class Soundfont:
    """A soundfont: its file, name, statement of rights, and the (bank, program) that it has."""

    path: Path
    name: str
    rights: str
    instruments: frozenset[tuple[int, int]]

    def has(self, program: int, is_drum_kit: bool = False) -> bool:
        """Whether it has an instrument of General MIDI, or a kit."""
        return (_DRUM_BANK if is_drum_kit else 0, program) in self.instruments


def read_soundfont(path: Path) -> Soundfont:
    """What a soundfont says of itself; none of its sound is read.

    Raises:
        DataError: there is no such file, or it is no soundfont, or one without instruments.
    """
    if not path.is_file():
        raise DataError(
            f"no soundfont at {path}; Debian's packages fluid-soundfont-gm and "
            "musescore-general-soundfont bring some"
        )
    texts: dict[bytes, str] = {}
    instruments: set[tuple[int, int]] = set()
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            head = stream.read(12)
            if head[:4] != b"RIFF" or head[8:] != b"sfbk":
                raise DataError(f"{path} is no soundfont; give a file of the format SF2 or SF3")
            for kind, start, length in _chunks(stream, 12, size):
                if kind != b"LIST":
                    continue
                stream.seek(start)
                named = stream.read(4)
                if named not in (b"INFO", b"pdta"):
                    continue
                for name, at, count in _chunks(stream, start + 4, min(size, start + length)):
                    stream.seek(at)
                    if named == b"INFO":
                        texts[name] = _text(stream.read(min(count, _MOST_TEXT)))
                    elif name == b"phdr":
                        instruments |= _instruments(stream.read(min(count, _MOST_TABLE)))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not instruments:
        raise DataError(f"{path} names no instruments; it is cut short, or no soundfont")
    return Soundfont(
        path, texts.get(b"INAM", "") or path.stem, texts.get(b"ICOP", ""), frozenset(instruments)
    )


def _chunks(stream: BinaryIO, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, where its data begin, how long they are) of the chunks in a stretch of the file."""
    while position + 8 <= end:
        stream.seek(position)
        head = stream.read(8)
        if len(head) < 8:
            return
        length = struct.unpack("<I", head[4:])[0]
        yield head[:4], position + 8, length
        position += 8 + length + length % 2


def _text(data: bytes) -> str:
    return printable(data.split(b"\0")[0].decode("latin-1")).strip()


def _instruments(table: bytes) -> set[tuple[int, int]]:
    """(bank, program) of each record but the last, which only ends the table."""
    count = len(table) // _PRESET_BYTES - 1
    found = set()
    for number in range(count):
        program, bank = struct.unpack_from("<HH", table, number * _PRESET_BYTES + 20)
        found.add((bank, program))
    return found
