"""Denoise arrays and files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.api.recordings import Progress, through, whole_recording
from aeolia.audio.files import AudioReader, AudioWriter
from aeolia.runtime.backend import Backend
from aeolia.runtime.catalogue import load
from aeolia.runtime.denoise import DenoisingStream

__all__ = ["FileReport", "Model", "denoise", "denoise_file", "denoising_stream"]

#: A released model's name, a model file, or a model that is already open.
Model: TypeAlias = str | Path | Backend


def denoising_stream(
    model: Model,
    sample_rate: int | None,
    channels: int,
    *,
    attenuation_limit_db: float | None = None,
    resample_quality: str = "HQ",
) -> DenoisingStream:
    """A stream through a model that is opened if it is not yet."""
    return DenoisingStream(
        load(model) if isinstance(model, (str, Path)) else model,
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
    samples, sample_rate = whole_recording(audio, sample_rate, "denoise")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    passage = denoising_stream(
        model, sample_rate, channels, attenuation_limit_db=attenuation_limit_db
    )
    return passage.process(samples)


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
            passage = denoising_stream(
                model, info.sample_rate, info.channels, attenuation_limit_db=attenuation_limit_db
            )
            frames = 0
            for block in through(reader, passage, progress):
                writer.write(block)
                frames += len(block)
    return FileReport(
        input=str(source),
        output=str(target),
        sample_rate=info.sample_rate,
        channels=info.channels,
        frames=frames,
        clipped_samples=writer.n_clipped,
        wall_seconds=time.perf_counter() - started,
    )
