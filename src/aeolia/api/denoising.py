"""Denoise arrays and files."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aeolia.api.file_options import USUAL, FileOptions
from aeolia.api.opening import once
from aeolia.api.recordings import Held, Progress, through, whole_recording
from aeolia.api.reports.report import FileReport
from aeolia.api.tracks import track_by_track
from aeolia.audio.files import PIPE, Outputs
from aeolia.audio.publishing import LoudnessSpool
from aeolia.errors import InputError
from aeolia.runtime.backend import Backend
from aeolia.runtime.catalogue import find_model
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend

__all__ = ["DENOISERS", "Model", "denoise", "denoise_file", "open_denoiser"]

#: A released model's name, a model file, or a model that is already open.
Model: TypeAlias = str | Path | Backend


#: The released models of this task, for audio up to 16 kHz and above: causal ones, and those that
#: hear a recording ahead.
_CAUSAL = ("denoise-16k", "denoise")
_AHEAD = ("denoise-studio-16k", "denoise-studio")
DENOISERS = (*_CAUSAL, *_AHEAD)
_NARROW_RATE = 16_000
#: Outputs of a file.
_OUTPUT, _RESIDUAL = "output", "residual"


def open_denoiser(
    model: Model | None, sample_rate: int | None = None, *, whole: bool = False
) -> Backend:
    """The model; a name or a file is opened, once a process.

    Args:
        model: None for the released model that fits: for audio of 16 kHz and less the narrow one,
            which hears all of it, costs less and needs no resampling up.
        sample_rate: of the audio, in Hz; None for the full band.
        whole: the audio is there as a whole, so that a model may hear it ahead.

    Raises:
        ModelError: no such model, or one of another task.
    """
    if model is None:
        narrow, wide = _AHEAD if whole else _CAUSAL
        model = narrow if sample_rate is not None and sample_rate <= _NARROW_RATE else wide
    return once(OnnxBackend, find_model(model)) if isinstance(model, (str, Path)) else model


def denoise(
    audio: np.ndarray | str | Path,
    sample_rate: int | None = None,
    *,
    model: Model | None = None,
    attenuation_limit_db: float | None = None,
    dual_mono: bool = False,
) -> np.ndarray:
    """Remove noise from an array [T] or [T, C], or from a file.

    One filter serves all channels, so that voices stay where they are between them. Music is noise
    here: `separate(..., sources=["speech+music"])` keeps it and takes out the noise alone.

    Args:
        audio: samples, which need `sample_rate`; or the path of an audio file.
        sample_rate: of the array, in Hz; not for a path, whose file states it.
        model: a released model's name, a model file, or what `load` returned; None for
            "denoise-studio-16k" up to 16 kHz and "denoise-studio" above, which hear two seconds
            ahead; "denoise-16k" and "denoise" give what a `Stream` gives live.
        attenuation_limit_db: lower noise by at most this much; None for no limit.
        dual_mono: the channels are recordings of their own, such as two microphones that two
            people wear: each has its own filter.

    Returns:
        float32 array of the input's shape and rate. A file of one channel gives [T].

    Raises:
        InputError, ModelError: with one line on what is wrong.

    >>> import soundfile
    >>> noisy, sample_rate = soundfile.read("examples/fan.noisy.wav")
    >>> clean = aeolia.denoise(noisy, sample_rate)
    >>> clean.shape == noisy.shape
    True
    """
    recording = whole_recording(audio, sample_rate, "denoise")
    stream = DenoisingStream(
        open_denoiser(model, recording.sample_rate, whole=True),
        recording.sample_rate,
        recording.channels,
        attenuation_limit_db=attenuation_limit_db,
        dual_mono=dual_mono,
    )
    return stream.process(recording.samples)


def denoise_file(
    source: str | Path,
    target: str | Path,
    *,
    model: Model | None = None,
    attenuation_limit_db: float | None = None,
    dual_mono: bool = False,
    residual: str | Path | None = None,
    lufs: float | None = None,
    true_peak_db: float = -1.0,
    options: FileOptions = USUAL,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> FileReport:
    """Denoise a file of any length into another, in constant memory.

    The output has the input's length, rate, channels and tags, and, where its suffix allows,
    container and sample format. "-" is a WAV on standard input or output. Nothing is left at
    `target` unless all went well.

    Args:
        model, attenuation_limit_db, dual_mono: see `denoise`; a pipe's model is a stream's.
        residual: a file for what was taken out. It and the output sum to the input, sample for
            sample, unless one of them is written in a lossy format or clips.
        lufs: loudness of the output by ITU-R BS.1770, by one gain for all of it; None leaves the
            level as it is.
        true_peak_db: where its highest peak may lie, in dBTP; the gain is less where it must be.

    Raises:
        AudioFileError, InputError, ModelError: with one line on what is wrong.

    >>> report = aeolia.denoise_file("examples/fan.noisy.wav", "clean.wav", residual="noise.wav")
    >>> print(report)
    examples/fan.noisy.wav -> clean.wav, noise.wav: 6.4 s in ... s (... x real time)
    """
    if options.all_tracks:
        if residual is not None:
            raise InputError("all tracks and a residual came, which is one sound; give one")
        one = partial(
            denoise_file,
            model=model,
            attenuation_limit_db=attenuation_limit_db,
            dual_mono=dual_mono,
            lufs=lufs,
            true_peak_db=true_peak_db,
            progress=progress,
        )
        return track_by_track(source, target, options, overwrite, one)
    started = time.perf_counter()
    paths = {_OUTPUT: target} if residual is None else {_OUTPUT: target, _RESIDUAL: residual}
    _check_apart(target, residual)
    if lufs is not None and residual is not None:
        raise InputError("a loudness and a residual were given, which would not sum; give one")
    with options.reader(source) as reader:
        info = reader.info
        remainder = None if residual is None else _RESIDUAL
        form = options.form(info, target)
        with Outputs(paths, form, remainder=remainder, overwrite=overwrite) as outputs:
            stream = DenoisingStream(
                # Somebody may be waiting at the other end of a pipe.
                open_denoiser(model, info.sample_rate, whole=str(source) != PIPE),
                info.sample_rate,
                info.channels,
                attenuation_limit_db=attenuation_limit_db,
                dual_mono=dual_mono,
            )
            frames, held = 0, Held()
            spool = None if lufs is None else LoudnessSpool(info.sample_rate, info.channels)
            for block in through(reader, stream, progress, held.push if remainder else None):
                blocks = {_OUTPUT: block}
                if remainder:
                    blocks[remainder] = held.pop(len(block)) - block
                frames += len(block)
                if spool:
                    spool.write(block)
                else:
                    outputs.write(blocks)
            if spool and lufs is not None:
                with spool:
                    for block in spool.levelled(lufs, true_peak_db):
                        outputs.write({_OUTPUT: block})
    clipped = sum(outputs.n_clipped.values())
    more = {} if residual is None else {"residual": str(residual)}
    return FileReport.since(
        started,
        source,
        target,
        info,
        frames,
        clipped,
        warnings=(
            *reader.remarks,
            *stream.remarks,
            *outputs.remarks,
            *([spool.remark] if spool else []),
        ),
        **more,
    )


def _check_apart(target: str | Path, residual: str | Path | None) -> None:
    if residual is None:
        return
    if str(residual) == PIPE:
        raise InputError("the residual goes into a file, and - (standard output) came; name a file")
    if os.path.abspath(residual) == os.path.abspath(target):
        raise InputError(f"{target} is to be the output and the residual; name another residual")
