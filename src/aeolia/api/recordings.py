"""What the functions for arrays and files share: a recording is read and goes through a stream."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np

from aeolia.audio.files import PIPE, AudioReader, read_samples
from aeolia.audio.levels import as_floating, impossible
from aeolia.audio.mono import mono
from aeolia.errors import InputError
from aeolia.runtime.passage import BEGINNING_SECONDS, FRAMES_PER_STEP, Passage

__all__ = ["Held", "Progress", "Recording", "through", "whole_recording"]

#: Called during work on a file with samples done and samples in all (None when not known). What
#: it raises ends the work, and nothing is left at the target.
Progress: TypeAlias = Callable[[int, int | None], None]

Returned = TypeVar("Returned")


@dataclass(frozen=True)
class Recording:
    """A whole recording in memory."""

    #: [T] or [T, C].
    samples: np.ndarray
    sample_rate: int
    #: For messages: the path, or "the recording".
    name: str = "the recording"

    @property
    def channels(self) -> int:
        """C."""
        return 1 if self.samples.ndim == 1 else int(self.samples.shape[1])

    @property
    def mono(self) -> np.ndarray:
        """The channels as one, [T]; see `aeolia.audio.mono`."""
        return mono(self.samples)


def whole_recording(
    audio: np.ndarray | str | Path, sample_rate: int | None, function: str
) -> Recording:
    """A recording of an array [T] or [T, C] with its rate, or of a file (of one channel: [T]).

    Raises:
        InputError: an array without rate or of impossible shape, or a file with a rate.
        AudioFileError: a file that cannot be read.
    """
    if isinstance(audio, (str, Path)):
        if sample_rate is not None:
            raise InputError(f"sample_rate was given for the file {audio}, which has its own")
        samples, rate = read_samples(audio)
        return Recording(samples, rate, str(audio))
    if sample_rate is None:
        raise InputError(f"sample_rate is missing: {function}(audio, sample_rate) for an array")
    samples = as_floating(np.asarray(audio))
    if samples.ndim not in (1, 2):
        raise InputError(f"audio of shape {samples.shape} came; [T] or [T, C] is needed")
    if np.issubdtype(samples.dtype, np.floating) and (wrong := impossible(samples)):
        raise InputError(wrong)
    if samples.ndim == 2 and samples.shape[1] > 1024:
        raise InputError(
            f"audio of shape {samples.shape} has {samples.shape[1]} channels; [T, C] is needed: "
            f"transpose it"
        )
    return Recording(samples, sample_rate)


class Held:
    """Samples of a recording that wait for what a stream, which is behind, makes of them."""

    def __init__(self) -> None:
        self._blocks: deque[np.ndarray] = deque()

    def push(self, block: np.ndarray) -> None:
        """Hold samples [T, C] as well."""
        self._blocks.append(block)

    def pop(self, n_frames: int) -> np.ndarray:
        """The oldest `n_frames` samples [n_frames, C], which were pushed before."""
        taken = []
        while n_frames:
            block = self._blocks.popleft()
            taken.append(block[:n_frames])
            if n_frames < len(block):
                self._blocks.appendleft(block[n_frames:])
            n_frames -= len(taken[-1])
        return np.concatenate(taken) if taken else np.zeros((0, 1), np.float32)


def through(
    reader: AudioReader,
    passage: Passage[Returned],
    progress: Progress | None,
    observe: Callable[[np.ndarray], None] | None = None,
) -> Iterator[Returned]:
    """What a stream returns for a file, block by block, in constant memory.

    `observe` is called with every block [T, C] that is read.
    """
    n_done, n_frames = 0, _block_length(reader, passage)
    blocks = reader.blocks(n_frames)
    if reader.path != PIPE:  # where nobody waits for the first samples
        n_beginning = math.ceil(BEGINNING_SECONDS * reader.info.sample_rate / n_frames)
        beginning = list(islice(blocks, n_beginning))
        if beginning:
            passage.prepare(np.concatenate(beginning))
        blocks = chain(beginning, blocks)
    for block in blocks:
        if observe:
            observe(block)
        yield passage.push(block)
        n_done += len(block)
        if progress:
            progress(n_done, reader.info.frames)
    yield passage.flush()


def _block_length(reader: AudioReader, passage: Passage[Returned]) -> int:
    """Samples to read at a time: one long step of the model, or little when someone listens."""
    config = passage.config
    live = reader.path == PIPE
    frames = 1 if reader.is_raw else 4 if live else max(4, FRAMES_PER_STEP // passage.channels)
    return frames * config.hop_length * passage.sample_rate // config.sample_rate
