"""`aeolia.Stream`: audio that arrives block by block, through a model of any task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from aeolia.api.denoising import Model, denoising_stream
from aeolia.api.reshaping import transfer_stream
from aeolia.api.separation import Separator, Speaker, separation_stream
from aeolia.api.synthesis import NOTES_MODEL, Synthesiser
from aeolia.errors import InputError
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.separate.stream import SeparationStream
from aeolia.runtime.synth.transfer import TransferStream

__all__ = ["Stream"]


@overload
def Stream(
    model: Model = ...,
    sample_rate: int | None = ...,
    channels: int = ...,
    *,
    attenuation_limit_db: float | None = ...,
    resample_quality: str = ...,
) -> DenoisingStream: ...
@overload
def Stream(
    model: Separator,
    sample_rate: int | None = ...,
    channels: int = ...,
    *,
    sources: Sequence[str],
    rest: bool = ...,
    resample_quality: str = ...,
) -> SeparationStream: ...
@overload
def Stream(
    model: Separator,
    sample_rate: int | None = ...,
    channels: int = ...,
    *,
    speaker: Speaker,
    rest: bool = ...,
    resample_quality: str = ...,
) -> SeparationStream: ...
@overload
def Stream(
    model: Synthesiser,
    sample_rate: int | None = ...,
    channels: int = ...,
    *,
    to: str,
    transpose: float = ...,
    snap: bool = ...,
    resample_quality: str = ...,
) -> TransferStream: ...
def Stream(
    model: Model | Separator | Synthesiser = "denoise",
    sample_rate: int | None = None,
    channels: int = 1,
    *,
    sources: Sequence[str] | None = None,
    speaker: Speaker | None = None,
    rest: bool = False,
    to: str | None = None,
    transpose: float = 0.0,
    snap: bool = False,
    attenuation_limit_db: float | None = None,
    resample_quality: str = "HQ",
) -> DenoisingStream | SeparationStream | TransferStream:
    """Process audio that arrives block by block, of any size.

    >>> stream = Stream("denoise", sample_rate=48000)             # doctest: +SKIP
    >>> for block in microphone: speaker.play(stream.push(block)) # doctest: +SKIP
    >>> speaker.play(stream.flush())                              # doctest: +SKIP

    `model` is a released model's name, a model file, or an opened model. With `sources`, such as
    ["speech", "music"], or `speaker`, a clip or a saved voice, it separates, and `push` and
    `flush` return a dict of arrays by source; `rest` adds what remains of the mixture. With `to`,
    an instrument's name, it transfers (`model` is "transfer" or a synthesiser). For the other
    arguments, `push`, `flush`, `process`, `reset` and `latency` see `aeolia.runtime.passage`,
    `aeolia.runtime.denoise`, `aeolia.runtime.separate.stream` and `aeolia.runtime.synth.transfer`.
    """
    if to is not None:
        return transfer_stream(
            NOTES_MODEL if model == "transfer" else model,  # type: ignore[arg-type]
            sample_rate,
            channels,
            to=to,
            transpose=transpose,
            snap=snap,
            resample_quality=resample_quality,
        )
    if model == "transfer":
        raise InputError('Stream("transfer") needs an instrument: Stream("transfer", to="tuba")')
    if sources is None and speaker is None and not rest:
        return denoising_stream(
            model,  # type: ignore[arg-type]  # a separator that is already open fails in words
            sample_rate,
            channels,
            attenuation_limit_db=attenuation_limit_db,
            resample_quality=resample_quality,
        )
    if attenuation_limit_db is not None:
        raise InputError("attenuation_limit_db is for denoising; leave it out when separating")
    return separation_stream(
        model,  # type: ignore[arg-type]
        sample_rate,
        channels,
        sources=sources,
        speaker=speaker,
        rest=rest,
        resample_quality=resample_quality,
    )
