"""WAV through pipes, which cannot be seeked: read and written strictly from front to back.

Reads what tools write into pipes: PCM of 8 to 32 bits and floating point, plain, extensible or
RF64, with a true length in the header or a placeholder. Header layout: Microsoft and IBM,
Multimedia Programming Interface and Data Specifications 1.0 (1991); RF64: EBU Tech 3306.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from aeolia.audio.formats import AudioInfo, integer_bits, quantise
from aeolia.audio.lengths import advice
from aeolia.errors import AudioFileError

__all__ = ["PIPE_SUBTYPES", "WavHeader", "WavPipeReader", "WavPipeWriter", "read_wav_header"]

#: Sample formats that can be read from and written to a pipe -> bytes per sample.
PIPE_SUBTYPES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SUBTYPES = {
    (_PCM, 8): "PCM_U8",
    (_PCM, 16): "PCM_16",
    (_PCM, 24): "PCM_24",
    (_PCM, 32): "PCM_32",
    (_FLOAT, 32): "FLOAT",
    (_FLOAT, 64): "DOUBLE",
}

#: Programs that cannot know the length yet write 0, 2**32 - 1, or a little under 2**31.
_PLACEHOLDER_BYTES = 0x7FFF_0000
_UNKNOWN_BYTES = 0xFFFF_FFFF
#: What may stand before the samples.
_MOST_HEADER = 1 << 24
_MOST_CHUNKS = 10_000


@dataclass(frozen=True)
class WavHeader:
    """The parts of a WAV header that matter; `subtype` is None if it has no name above."""

    sample_rate: int
    channels: int
    subtype: str | None
    #: Of the data chunk; may be a placeholder.
    data_bytes: int

    @property
    def length_is_known(self) -> bool:
        """Whether `data_bytes` is a promise rather than a placeholder."""
        return 0 < self.data_bytes < _PLACEHOLDER_BYTES


class _Recorder:
    """Reads a stream and remembers the bytes, for when another reader has to start over."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.seen = stream, bytearray()

    def read(self, n_bytes: int) -> bytes:
        """So many bytes, or fewer at the end of the stream or of what a header may have."""
        start = len(self.seen)
        stop = min(start + n_bytes, _MOST_HEADER)
        # In pieces: what a header claims is not what comes, and a pipe sets as much aside.
        while piece := self.stream.read(min(stop - len(self.seen), 1 << 16)):
            self.seen += piece
        return bytes(self.seen[start:])


def read_wav_header(stream: BinaryIO) -> tuple[WavHeader | None, bytes]:
    """Read up to the first sample. Returns None if it is no WAV, and all bytes taken.

    A header of more than 16 MB, pictures and all, or 10 000 chunks is taken for none.
    """
    recorder = _Recorder(stream)
    riff = recorder.read(12)
    if len(riff) < 12 or riff[:4] not in (b"RIFF", b"RF64") or riff[8:] != b"WAVE":
        return None, bytes(recorder.seen)
    fmt, long_size = b"", 0
    for _ in range(_MOST_CHUNKS):
        head = recorder.read(8)
        if len(head) < 8:
            return None, bytes(recorder.seen)
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            break
        body = recorder.read(size + size % 2)
        if name == b"fmt ":
            fmt = body
        elif name == b"ds64" and len(body) >= 16:
            long_size = struct.unpack("<Q", body[8:16])[0]
    else:
        return None, bytes(recorder.seen)
    if len(fmt) < 16:
        return None, bytes(recorder.seen)
    tag, channels, sample_rate, _, _, bits = struct.unpack("<HHIIHH", fmt[:16])
    if tag == _EXTENSIBLE and len(fmt) >= 26:
        tag = struct.unpack("<H", fmt[24:26])[0]
    subtype = _SUBTYPES.get((tag, bits))
    data_bytes = long_size if riff[:4] == b"RF64" and size == _UNKNOWN_BYTES else size
    return WavHeader(sample_rate, channels, subtype, data_bytes), bytes(recorder.seen)


class WavPipeReader:
    """Samples of a WAV stream after its header.

    Raises:
        AudioFileError: in `read`, when the stream ends before the length its header promises.
    """

    def __init__(
        self, stream: BinaryIO, header: WavHeader, name: str, *, salvage: bool | None = None
    ) -> None:
        subtype = header.subtype
        assert subtype is not None, "the caller spools formats that have no name here"
        self._stream, self._header, self._salvage = stream, header, salvage
        #: What the user should know of the stream, a sentence each.
        self.remarks: list[str] = []
        self._frame_bytes = PIPE_SUBTYPES[subtype] * header.channels
        known = header.length_is_known
        self.info = AudioInfo(
            name=name,
            sample_rate=header.sample_rate,
            channels=header.channels,
            frames=header.data_bytes // self._frame_bytes if known and not salvage else None,
            subtype=subtype,
        )
        unlimited = header.data_bytes in (0, _UNKNOWN_BYTES)
        self._left: float = float("inf") if unlimited else header.data_bytes

    def read(self, n_frames: int) -> np.ndarray:
        """The next n_frames samples [T, C] as float32, fewer only at the end."""
        n_bytes = int(min(n_frames * self._frame_bytes, self._left))
        data = self._stream.read(n_bytes) if n_bytes else b""
        self._left -= len(data)
        if len(data) < n_bytes and self._header.length_is_known:
            n_promised = self._header.data_bytes // self._frame_bytes
            promise = (
                f"truncated: its header promises {n_promised} samples, but "
                f"{int(self._left)} bytes are missing"
            )
            if not self._salvage:
                raise AudioFileError(f"{self.info.name}: {promise}; {advice(self._salvage)}")
            self.remarks.append(f"{promise}; what is there was taken")
            self._left = 0
        data = data[: len(data) - len(data) % self._frame_bytes]
        return _decode(data, self.info.subtype).reshape(-1, self.info.channels)


def _decode(data: bytes, subtype: str) -> np.ndarray:
    """Little-endian samples as float32, full scale 1.0."""
    if subtype in ("FLOAT", "DOUBLE"):
        return np.frombuffer(data, "<f4" if subtype == "FLOAT" else "<f8").astype(np.float32)
    if subtype == "PCM_U8":
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    if subtype == "PCM_24":
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return (padded.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    bits = integer_bits(subtype) or 16
    return (np.frombuffer(data, f"<i{bits // 8}") / 2.0 ** (bits - 1)).astype(np.float32)


class WavPipeWriter:
    """Writes a WAV from front to back, with a placeholder when the length is not known."""

    def __init__(self, stream: BinaryIO, info: AudioInfo, *, header: bool = True) -> None:
        self._stream, self._subtype = stream, info.subtype
        self.n_clipped = 0
        if header:
            self._write(_header(info))

    def write(self, block: np.ndarray) -> None:
        """Append samples [T, C]; passed on at once, so that a listener hears them."""
        bits = integer_bits(self._subtype)
        if bits is None:
            data = block.astype("<f4" if self._subtype == "FLOAT" else "<f8").tobytes()
        else:
            integers, n_clipped = quantise(block, bits)
            self.n_clipped += n_clipped
            data = _encode(integers, self._subtype)
        self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError as error:
            raise AudioFileError(
                f"standard output: cannot be written ({error.strerror}); its reader may have ended"
            ) from error


def _encode(integers: np.ndarray, subtype: str) -> bytes:
    if subtype == "PCM_U8":
        return ((integers >> 8) + 128).astype(np.uint8).tobytes()
    if subtype == "PCM_24":
        four = np.ascontiguousarray(integers, "<i4").view(np.uint8).reshape(-1, 4)
        return four[:, 1:].tobytes()
    return integers.astype(f"<i{integers.itemsize}").tobytes()


def _header(info: AudioInfo) -> bytes:
    width = PIPE_SUBTYPES[info.subtype]
    data_bytes = _UNKNOWN_BYTES
    if info.frames is not None:
        data_bytes = min(info.frames * info.channels * width, _UNKNOWN_BYTES)
    riff_bytes = min(data_bytes + 36, _UNKNOWN_BYTES)
    tag = _FLOAT if info.subtype in ("FLOAT", "DOUBLE") else _PCM
    frame_bytes = info.channels * width
    fmt = struct.pack(
        "<HHIIHH",
        tag,
        info.channels,
        info.sample_rate,
        min(info.sample_rate * frame_bytes, _UNKNOWN_BYTES),
        frame_bytes,
        8 * width,
    )
    return (
        b"RIFF"
        + struct.pack("<I", riff_bytes)
        + b"WAVEfmt "
        + struct.pack("<I", len(fmt))
        + fmt
        + b"data"
        + struct.pack("<I", data_bytes)
    )
