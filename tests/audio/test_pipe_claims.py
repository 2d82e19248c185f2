"""Pipes whose headers claim more than comes take no more memory than what comes."""

from __future__ import annotations

import io
import struct
import tracemalloc

import pytest

from aeolia.audio.first_bytes import may_be_audio
from aeolia.audio.wav_pipe import read_wav_header

FMT = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16)


class Slow(io.BytesIO):
    """A stream that sets aside what is asked for, as those of pipes do."""

    most = 0

    def read(self, n_bytes: int | None = -1) -> bytes:
        self.most = max(self.most, n_bytes or 0)
        return super().read(n_bytes)


@pytest.mark.parametrize("name", [b"LIST", b"fmt ", b"ds64", b"JUNK"])
def test_a_chunk_of_four_gigabytes(name: bytes) -> None:
    stream = Slow(b"RIFF\xff\xff\xff\xffWAVE" + name + b"\xfe\xff\xff\xff" + bytes(1000))
    header, taken = read_wav_header(stream)
    assert header is None and len(taken) == 1020
    assert stream.most <= 1 << 16


@pytest.mark.parametrize(("body", "n_taken"), [(8, 12 + 10_000 * 16), (1 << 16, 1 << 24)])
def test_a_header_without_an_end(body: int, n_taken: int) -> None:
    chunk = b"LIST" + struct.pack("<I", body) + bytes(body)
    start = b"RIFF\xff\xff\xff\xffWAVE"

    class Endless(io.RawIOBase):
        def read(self, n_bytes: int = -1) -> bytes:
            at = (len(taken) - len(start)) % len(chunk)
            piece = (chunk * (n_bytes // len(chunk) + 2))[at : at + n_bytes]
            taken.extend(piece)
            return piece

    taken = bytearray(start)
    stream = io.BytesIO(start)
    stream.read = lambda n, ends=Endless(), real=stream.read: real(n) or ends.read(n)  # type: ignore
    tracemalloc.start()
    header, seen = read_wav_header(stream)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert header is None and len(seen) == n_taken and peak < 1 << 27


def test_chunks_before_the_samples_are_skipped() -> None:
    chunk = b"LIST" + struct.pack("<I", 100_001) + bytes(100_002)
    content = b"RIFF\0\0\0\0WAVE" + chunk + FMT + chunk + b"data" + struct.pack("<I", 6) + bytes(6)
    header, taken = read_wav_header(io.BytesIO(content))
    assert header is not None and (header.sample_rate, header.data_bytes) == (16000, 6)
    assert taken == content[:-6]


@pytest.mark.parametrize(
    ("start", "may"),
    [
        (b"RIFF....WAVE", True),
        (b"OggS", True),
        (b"\xff\xfb\x90", True),
        (b"ID3\x04", True),
        (b"\0" * 16, False),
        (b"hello", False),
        (b"\x89PNG", False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_first_bytes(start: bytes, may: bool) -> None:
    assert may_be_audio(start) is may
