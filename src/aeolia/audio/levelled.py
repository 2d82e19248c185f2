"""Writing sound whose peak is not known beforehand: lowered as a whole if it would clip.

The blocks go to a temporary file first, so memory does not grow with the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.audio.files import AudioInfo, output_writer
from aeolia.audio.levels import decibels, gain_below
from aeolia.files import Spool

__all__ = ["CEILING_DB", "Levelled", "lowering", "write_levelled"]

#: Where the highest peak of a mix may lie, in dBFS.
CEILING_DB = -1.0

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Levelled:
    """What became of the level."""

    #: Samples per channel.
    frames: int
    #: Of the sound as it was made, in dBFS.
    peak_db: float
    #: 0.0, or what the whole was lowered by, as a number below 0.
    gain_db: float


def lowering(peak: float) -> float:
    """Gain, at most 1, that brings a peak down to the ceiling."""
    return gain_below(10.0 ** (CEILING_DB / 20.0), peak)


def write_levelled(
    blocks: Iterable[np.ndarray],
    path: str | Path,
    info: AudioInfo,
    *,
    overwrite: bool = False,
    done: Callable[[int], None] = lambda frames: None,
) -> Levelled:
    """Write blocks [T] or [T, C] to a file of the form `info`, never clipped, all or nothing.

    `done` is called with the number of samples made so far.

    Raises:
        AudioFileError: the output exists or cannot be written.
    """
    peak, frames = 0.0, 0
    # Opened first: a name that cannot be written is an error before the work, not after it.
    with output_writer(path, info, overwrite=overwrite) as writer, Spool() as spool:
        for block in blocks:
            spool.write(np.ascontiguousarray(block, "<f4").tobytes())
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            frames += len(block)
            done(frames)
        gain = lowering(peak)
        spool.rewind()
        while data := spool.read(4 * _BLOCK * info.channels):
            samples = np.frombuffer(data, "<f4").reshape(-1, info.channels)
            writer.write(np.float32(gain) * samples)
    return Levelled(frames, decibels(peak), 20.0 * float(np.log10(gain)))
