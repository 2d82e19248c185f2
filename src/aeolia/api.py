"""The package in Python: open a model, denoise arrays, files and streams.

Arrays are [T] (one channel) or [T, C], float, full scale 1.0, as soundfile reads and writes
them. What comes back has the same length, rate and channels, aligned to the sample, as float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.audio.files import PIPE, AudioReader, AudioWriter
from aeolia.errors import InputError
from aeolia.runtime import stream
from aeolia.runtime.backend import Backend
from aeolia.runtime.catalogue import load, released_models

__all__ = ["FileReport", "Stream", "denoise", "denoise_file", "load", "released_models"]

#: A released model's name, a model file, or a model that is already open.
Model: TypeAlias = str | Path | Backend

#: Called with samples done and samples in all (None when not known).
Progress: TypeAlias = Callable[[int, int | None], None]


def _backend(model: Model) -> Backend:
    return load(model) if isinstance(model, (str, Path)) else model


class Stream(stream.Stream):
    """Denoise audio that arrives block by block, of any size.

    >>> stream = Stream("denoise", sample_rate=48000)            # doctest: +SKIP
    >>> for block in microphone: speaker.play(stream.push(block)) # doctest: +SKIP
    >>> speaker.play(stream.flush())                              # doctest: +SKIP

    `model` is a released model's name, a model file, or an opened model; for the other
    arguments, `push`, `flush`, `process`, `reset` and `latency` see `aeolia.runtime.stream`.
    """

    def __init__(
        self,
        model: Model = "denoise",
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        attenuation_limit_db: float | None = None,
        resample_quality: str = "HQ",
    ) -> None:
        super().__init__(
            _backend(model),
            sample_rate,
            channels,
            attenuation_limit_db=attenuation_limit_db,
            resample_quality=resample_quality,
        )


def denoise(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    model: Model = "denoise",
    attenuation_limit_db: float | None = None,
) -> np.ndarray:
    """Remove noise from an array [T] or [T, C], or from a file.

    Args:
        audio: samples, which need `sample_rate`; or the path of an audio file.
        sample_rate: of the array, in Hz; not for a path, whose file tells it.
        model: a released model's name, a model file, or what `load` returned.
        attenuation_limit_db: lower noise by at most this much; None for no limit.

    Returns:
        float32 array of the input's shape and rate. A file of one channel gives [T].

    Raises:
        InputError, ModelError: with one line on what is wrong.
    """
    if isinstance(audio, (str, Path)):
        if sample_rate is not None:
            raise InputError(f"sample_rate was given for the file {audio}, which has its own")
        with AudioReader(audio) as reader:
            blocks = list(reader.blocks(1 << 16))
            sample_rate = reader.info.sample_rate
        audio = np.concatenate(blocks)
        audio = audio[:, 0] if audio.shape[1] == 1 else audio
    elif sample_rate is None:
        raise InputError("sample_rate is missing: denoise(audio, sample_rate) for an array")
    audio = np.asarray(audio)
    if audio.ndim not in (1, 2):
        raise InputError(f"audio of shape {audio.shape} came; [T] or [T, C] is needed")
    if audio.ndim == 2 and audio.shape[1] > 1024:
        raise InputError(
            f"audio of shape {audio.shape} has {audio.shape[1]} channels; [T, C] is needed: "
            f"transpose it"
        )
    channels = 1 if audio.ndim == 1 else audio.shape[1]
    passage = Stream(model, sample_rate, channels, attenuation_limit_db=attenuation_limit_db)
    return passage.process(audio)


@dataclass(frozen=True)
class FileReport:
    """What `denoise_file` did."""

    input: str
    output: str
    sample_rate: int
    channels: int
    #: Samples per channel.
    frames: int
    #: Samples beyond full scale that an integer output had to clamp.
    clipped_samples: int
    #: Time it took.
    wall_seconds: float

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.frames / self.sample_rate


def denoise_file(
    source: str | Path,
    target: str | Path,
    *,
    model: Model = "denoise",
    attenuation_limit_db: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> FileReport:
    """Denoise a file of any length into another, in constant memory.

    The output has the input's length, rate, channels and tags, and, where its suffix allows,
    container and sample format. "-" is a WAV on standard input or output. Nothing is left at
    `target` unless all went well.

    Raises:
        AudioFileError, ModelError: with one line on what is wrong.
    """
    started = time.perf_counter()
    with AudioReader(source) as reader:
        info = reader.info
        with AudioWriter(target, info, overwrite=overwrite) as writer:
            passage = Stream(
                model, info.sample_rate, info.channels, attenuation_limit_db=attenuation_limit_db
            )
            n_done = 0
            for block in reader.blocks(_block_length(passage, live=str(source) == PIPE)):
                writer.write(passage.push(block))
                n_done += len(block)
                if progress:
                    progress(n_done, info.frames)
            writer.write(passage.flush())
    return FileReport(
        input=str(source),
        output=str(target),
        sample_rate=info.sample_rate,
        channels=info.channels,
        frames=n_done,
        clipped_samples=writer.n_clipped,
        wall_seconds=time.perf_counter() - started,
    )


def _block_length(passage: stream.Stream, live: bool) -> int:
    """Samples to read at a time: one long step of the model, or little when someone listens."""
    config = passage.backend.config
    frames = 4 if live else max(4, stream.FRAMES_PER_STEP // passage.channels)
    return frames * config.hop_length * passage.sample_rate // config.sample_rate
