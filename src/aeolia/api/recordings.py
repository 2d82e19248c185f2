"""What the functions for arrays and files share: recordings come in and go through a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np

from aeolia.audio.files import PIPE, AudioReader, read_samples
from aeolia.errors import InputError
from aeolia.runtime.passage import FRAMES_PER_STEP, Passage

__all__ = ["Progress", "through", "whole_recording"]

#: Called with samples done and samples in all (None when not known).
Progress: TypeAlias = Callable[[int, int | None], None]

Returned = TypeVar("Returned")


def whole_recording(
    audio: np.ndarray | str | Path, sample_rate: int | None, function: str
) -> tuple[np.ndarray, int]:
    """An array [T] or [T, C] and its rate, of an array or of a file (of one channel: [T]).

    Raises:
        InputError: an array without rate or of impossible shape, or a file with one.
        AudioFileError: a file that cannot be read.
    """
    if isinstance(audio, (str, Path)):
        if sample_rate is not None:
            raise InputError(f"sample_rate was given for the file {audio}, which has its own")
        audio, sample_rate = read_samples(audio)
    elif sample_rate is None:
        raise InputError(f"sample_rate is missing: {function}(audio, sample_rate) for an array")
    audio = np.asarray(audio)
    if audio.ndim not in (1, 2):
        raise InputError(f"audio of shape {audio.shape} came; [T] or [T, C] is needed")
    if audio.ndim == 2 and audio.shape[1] > 1024:
        raise InputError(
            f"audio of shape {audio.shape} has {audio.shape[1]} channels; [T, C] is needed: "
            f"transpose it"
        )
    return audio, sample_rate


def through(
    reader: AudioReader,
    passage: Passage[Returned],
    progress: Progress | None,
    heard: Callable[[np.ndarray], None] | None = None,
) -> Iterator[Returned]:
    """A file's way through a stream, block by block, in constant memory.

    `heard` is called with every block [T, C] that is read.
    """
    n_done = 0
    for block in reader.blocks(_block_length(reader, passage)):
        if heard:
            heard(block)
        yield passage.push(block)
        n_done += len(block)
        if progress:
            progress(n_done, reader.info.frames)
    yield passage.flush()


def _block_length(reader: AudioReader, passage: Passage[Returned]) -> int:
    """Samples to read at a time: one long step of the model, or little when someone listens."""
    config = passage.config
    live = reader.path == PIPE
    frames = 4 if live else max(4, FRAMES_PER_STEP // passage.channels)
    return frames * config.hop_length * passage.sample_rate // config.sample_rate
