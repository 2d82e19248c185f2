"""Arrays of a .npz file: what NumPy writes is read, and what is hostile takes no memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest

from aeolia.runtime.synth.npz import Member, read_arrays

ANY = {"a": Member("fiuU", 1000)}


def archive(**members: bytes) -> bytes:
    """An archive with these bytes as its members `NAME.npy`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def array(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """An array as NumPy writes it, with a header made up."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + content


def header(kind: str = "<f4", order: str = "False", shape: str = "(2,)") -> str:
    return f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)),
        np.array(3),
        np.array("wörter"),
        np.array(["a", "bcd"]),
        np.zeros((0, 4), np.float16),
        np.zeros((3, 0), ">f8"),
    ],
    ids=str,
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(values: np.ndarray, save: Any) -> None:
    buffer = io.BytesIO()
    save(buffer, a=values, other=np.zeros(10**5))
    read = read_arrays(buffer.getvalue(), ANY)
    assert list(read) == ["a"] and read["a"].dtype.isnative
    np.testing.assert_array_equal(read["a"], values)


GOOD = array(header(), bytes(8))
#: What is wrong -> a member's bytes.
WRONG = {
    "nothing": b"",
    "no array": b"text",
    "half a header": GOOD[:30],
    "too few values": GOOD[:-1],
    "too many values": GOOD + b"\0",
    "objects": array(header("|O"), bytes(16)),
    "fields": array("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", bytes(8)),
    "raw bytes": array(header("|V4"), bytes(8)),
    "complex": array(header("<c8"), bytes(16)),
    "a size of another sign": array(header(shape="(-2,)"), bytes(8)),
    "a size that is a name": array(header(shape="(x,)"), bytes(8)),
    "a call": array(header(shape="(__import__('os').getpid(),)"), bytes(8)),
    "a nest": array("(" * 900),
    "many minuses": array("-" * 900 + "1"),
    "a newer version": array(header(), bytes(8), b"\x02\x00"),
    "a huge header": b"\x93NUMPY\x01\x00\xff\xff" + bytes(70000),
    "no such type": array(header("<f3"), bytes(6)),
    "more than memory": array(header(shape=f"({2**62},)")),
    "more than any number": array(header(shape=f"({'9' * 50},)")),
    "sizes whose product is none": array(header(shape=f"({2**32}, {2**32}, 4)")),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused(what: str) -> None:
    with pytest.raises(ValueError):
        read_arrays(archive(a=WRONG[what]), ANY)


def test_kinds_and_sizes_that_are_not_wanted() -> None:
    for member in (Member("iu", 1000), Member("f", 1), Member("U", 1000)):
        with pytest.raises(ValueError, match="another kind or size"):
            read_arrays(archive(a=GOOD), {"a": member})
    letters = array(header("<U9", shape="(2,)"), bytes(72))
    assert read_arrays(archive(a=letters), {"a": Member("U", 18)})["a"].shape == (2,)
    with pytest.raises(ValueError, match="another kind or size"):
        read_arrays(archive(a=letters), {"a": Member("U", 17)})


@pytest.mark.parametrize("claims", [2, 1 << 26])
def test_a_bomb_is_not_unpacked(claims: int) -> None:
    """256 MB of zeros in 256 kB, whatever its header claims; also in a member never asked for."""
    content = array(header(shape=f"({claims},)"), bytes(1 << 28))
    bomb = archive(a=content, b=content)
    del content
    tracemalloc.start()
    with pytest.raises(ValueError):
        read_arrays(bomb, ANY)
    assert read_arrays(bomb, {"c": Member("f", 1)}) == {}
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_archives_that_are_damaged() -> None:
    rng = np.random.default_rng(0)
    whole = archive(a=GOOD, b=GOOD)
    for cut in range(0, len(whole), 7):
        with pytest.raises(ValueError):
            read_arrays(whole[:cut], ANY)
    for _ in range(300):
        damaged = bytearray(whole)
        for at in rng.integers(0, len(whole), 3):
            damaged[at] = rng.integers(0, 256)
        try:
            read_arrays(bytes(damaged), ANY)
        except ValueError:
            continue


def test_other_compressions_and_passwords() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.npy", GOOD)
    with pytest.raises(ValueError, match="compressed in another way"):
        read_arrays(buffer.getvalue(), ANY)
    locked = bytearray(archive(a=GOOD))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[bytes(locked).index(mark) + offset] |= 1
    with pytest.raises(ValueError, match="password|encrypted"):
        read_arrays(bytes(locked), ANY)
