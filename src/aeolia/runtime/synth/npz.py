"""Arrays out of a .npz file that may be anyone's: named members only, their size known first.

NumPy's own reader unpacks all that a file holds, whatever it claims, and evaluates headers as
Python. Here each array's header is matched, its size compared with what is allowed and with what
the archive says, and only then are its bytes unpacked.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["Member", "read_arrays"]

#: What NumPy writes before an array of plain values, in version 1.0 of its format.
_HEADER = re.compile(
    rb"\{'descr': '(?P<kind>[<>|=][fiuU]\d{1,4})', 'fortran_order': (?P<fortran>False|True), "
    rb"'shape': \((?P<shape>[\d, ]{0,60})\), \} *\n"
)
_MAGIC = b"\x93NUMPY\x01\x00"
#: Longer headers are of types with fields, which no encoding has.
_MOST_HEADER = 1024
#: Members of an archive: far more than an encoding has.
_MOST_MEMBERS = 100


@dataclass(frozen=True)
class Member:
    """An array that is to be read."""

    #: Kinds of numbers, as `numpy.dtype.kind` has them.
    kinds: str
    #: Values that it may hold.
    most: int


def read_arrays(data: bytes, members: Mapping[str, Member]) -> dict[str, np.ndarray]:
    """Those of the arrays that the archive holds, by name.

    Raises:
        ValueError: no such archive; an array of another kind, damaged, or larger than allowed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if len(entries) > _MOST_MEMBERS:
                raise ValueError("too many members")
            return {
                name: _read(archive, entries[f"{name}.npy"], member)
                for name, member in members.items()
                if f"{name}.npy" in entries
            }
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,  # a compression of another kind
        RuntimeError,  # a password
        OverflowError,
        UnicodeDecodeError,
        IndexError,
    ) as error:
        raise ValueError(str(error)) from error


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, member: Member) -> np.ndarray:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("compressed in another way")
    with archive.open(entry) as stream:
        start = stream.read(len(_MAGIC) + 2)
        length = int.from_bytes(start[len(_MAGIC) :], "little")
        if not start.startswith(_MAGIC) or length > _MOST_HEADER:
            raise ValueError("not an array of plain values")
        found = _HEADER.fullmatch(stream.read(length))
        if found is None:
            raise ValueError("not an array of plain values")
        try:
            kind = np.dtype(found["kind"].decode())
        except TypeError as error:
            raise ValueError("not an array of plain values") from error
        shape = tuple(int(size) for size in re.findall(rb"\d+", found["shape"]))
        count = math.prod(shape)
        # Words count by their letters.
        letters = kind.itemsize // 4 if kind.kind == "U" else 1
        if kind.kind not in member.kinds or count * max(letters, 1) > member.most:
            raise ValueError("an array of another kind or size")
        n_bytes = count * kind.itemsize
        if len(start) + length + n_bytes != entry.file_size:
            raise ValueError("an array whose size is not what it says")
        content = stream.read(n_bytes)
    if len(content) != n_bytes:
        raise ValueError("it ends too early")
    # In the machine's own order of bytes, and writable as other arrays are.
    values = np.frombuffer(content, kind).astype(kind.newbyteorder("="))
    if found["fortran"] == b"True":
        return np.asarray(values.reshape(shape[::-1]).T)
    return np.asarray(values.reshape(shape))
