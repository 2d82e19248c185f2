"""Sounds made of sounds that are there: a stretch of one, and the sum of several at levels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from aeolia.audio.files import AudioReader, AudioWriter
from aeolia.errors import InputError

__all__ = ["MOST_LEVEL", "peaks_of", "write_mix", "write_stretch"]

#: 12 dB more than it was.
MOST_LEVEL = 4.0
_BLOCK = 1 << 16
#: A waveform is looked at in pieces of so many samples, whatever its width.
_PIECE = 1024


def peaks_of(source: Path, width: int) -> tuple[float, list[float]]:
    """Seconds of a file, and the highest magnitude in each of `width` columns.

    Raises:
        AudioFileError: the file cannot be read.
    """
    pieces: list[np.ndarray] = []
    n_frames = 0
    with AudioReader(source) as reader:
        for block in reader.blocks(_PIECE * 64):
            magnitude = np.abs(block).max(axis=1)
            whole = np.pad(magnitude, (0, -len(magnitude) % _PIECE)).reshape(-1, _PIECE)
            pieces.append(whole.max(axis=1))
            n_frames += len(block)
        seconds = n_frames / reader.info.sample_rate
    peaks = np.concatenate([*pieces, np.zeros(1, np.float32)])
    starts = np.linspace(0, max(len(peaks) - 1, 1), width, endpoint=False).astype(int)
    return seconds, [round(float(value), 4) for value in np.maximum.reduceat(peaks, starts)]


def write_stretch(source: Path, target: Path, start: float, stop: float) -> None:
    """A part of a file as a WAV of 32-bit floats.

    Args:
        start, stop: in seconds.

    Raises:
        AudioFileError: the file cannot be read.
        InputError: it has nothing there.
    """
    with AudioReader(source) as reader:
        rate = reader.info.sample_rate
        if not 0 <= start < stop:
            raise InputError(f"from {start:g} to {stop:g} s is no stretch; the end comes later")
        left = round(start * rate)
        while left and (skipped := len(reader.read(min(left, _BLOCK)))):
            left -= skipped
        wanted = round(stop * rate) - round(start * rate)
        form = dataclasses.replace(reader.info, container="WAV", subtype="FLOAT", frames=None)
        n_written = 0
        with AudioWriter(target, form) as writer:
            while n_written < wanted and len(block := reader.read(min(_BLOCK, wanted - n_written))):
                writer.write(block)
                n_written += len(block)
            if not n_written:
                raise InputError(f"the recording ends before {start:g} s")


def write_mix(target: Path, sources: Sequence[Path], levels: Sequence[float]) -> None:
    """Files of one length and format, each at its level, as one of the same format.

    Raises:
        AudioFileError: a file cannot be read.
        InputError: not a level for each, or one that is not from 0 to `MOST_LEVEL`.
    """
    if len(levels) != len(sources) or not all(0 <= level <= MOST_LEVEL for level in levels):
        raise InputError(
            f"levels {', '.join(f'{level:g}' for level in levels)} for {len(sources)} sounds; one "
            f"for each is needed, 0 to {MOST_LEVEL:g}"
        )
    with ExitStack() as stack:
        readers = [stack.enter_context(AudioReader(source)) for source in sources]
        writer = stack.enter_context(AudioWriter(target, readers[0].info))
        while True:
            blocks = [reader.read(_BLOCK) for reader in readers]
            if not len(blocks[0]):
                break
            scaled = [level * block for level, block in zip(levels, blocks, strict=True)]
            writer.write(np.sum(scaled, axis=0))
