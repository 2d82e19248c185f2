"""Hash and level of outputs, as the ledger has them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from aeolia.audio.files import AudioReader
from aeolia.audio.levels import decibels, impossible
from aeolia.audio.wav_pipe import WavPipeReader, read_wav_header
from aeolia.errors import AudioFileError

__all__ = ["measured"]

_BLOCK = 1 << 16


def measured(paths: Sequence[Path]) -> dict[str, Any]:
    """SHA-256 of each output's bytes, and peak and RMS level of all together, in dBFS.

    Memory does not grow with their length.

    Raises:
        AudioFileError: an output cannot be read again, or holds a sample that is not finite.
    """
    hashes, peak, energy, n_samples = [], 0.0, 0.0, 0
    for path in paths:
        with open(path, "rb") as file:
            hashed = _Hashed(file)
            for block in _blocks(path, hashed):
                peak = max(peak, float(np.abs(block).max(initial=0.0)))
                energy += float(np.square(block, dtype=np.float64).sum())
                n_samples += block.size
            hashes.append(hashed.to_the_end())
    levels: dict[str, float | None] = {"peak_dbfs": None, "rms_dbfs": None}
    if n_samples:
        levels = {"peak_dbfs": decibels(peak), "rms_dbfs": decibels((energy / n_samples) ** 0.5)}
    return {"sha256": hashes, **levels}


class _Hashed:
    """A file that hashes what is read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, n_bytes: int) -> bytes:
        data = self._file.read(n_bytes)
        self._hash.update(data)
        return data

    def to_the_end(self) -> str:
        """The hash of the whole file."""
        while self.read(1 << 20):
            pass
        return self._hash.hexdigest()


def _blocks(path: Path, file: Any) -> Iterator[np.ndarray]:
    """An output's samples in blocks [T, C]; none where it holds no sound."""
    if path.suffix == ".npz":
        return
    if path.suffix.lower() == ".wav":
        # Read once, for the hash too: to open a file anew takes longer than a second of sound.
        header, _ = read_wav_header(file)
        if header is not None and header.subtype is not None and header.length_is_known:
            reader, n_read = WavPipeReader(file, header, str(path)), 0
            while len(block := reader.read(_BLOCK)):
                if wrong := impossible(block, n_read, header.sample_rate):
                    raise AudioFileError(f"{path}: {wrong}")
                n_read += len(block)
                yield block
            return
    with AudioReader(path) as again:
        yield from again.blocks(_BLOCK)
