"""`aeolia.Stream`: audio that arrives block by block, through a model of any task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from aeolia.api.denoising import Model, open_denoiser
from aeolia.api.instruments import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.api.separation import Separator, read_request
from aeolia.api.voices import Speaker
from aeolia.errors import InputError
from aeolia.runtime.backend import State
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.passage import Passage
from aeolia.runtime.separate.stream import SeparationStream
from aeolia.runtime.synth.transfer import TransferStream

__all__ = ["Stream"]

#: What the options are for, and for what doing without them.
_DENOISING, _SEPARATING, _TRANSFERRING = "denoising", "separating", "transferring"
_TASKS = {
    **dict.fromkeys(("attenuation_limit_db", "dual_mono"), _DENOISING),
    **dict.fromkeys(("sources", "speaker", "stems", "rest"), _SEPARATING),
    **dict.fromkeys(("to", "transpose", "snap"), _TRANSFERRING),
}


class Stream(Passage[Any]):
    """Process audio that arrives block by block, of any size; any blocks give the same result.

    `push` takes a block [T] (one channel) or [T, C] and returns what is ready. `flush` returns the
    rest, and the stream is ready for another recording. `process` takes a whole recording, `reset`
    forgets what came, `latency` says by how many samples the output can lag, and `remarks` what was
    odd about the recording that `flush` or `process` finished, such as an offset. What is known of
    a recording's beginning may be given to `prepare`, as files and `process` do: a very quiet
    recording is then as good from its first word on. With `sources`,
    `speaker`, `stems` or `rest` it separates, and returns a dict of arrays by source; with `to` it
    transfers; otherwise it denoises. Streams may share an opened model, also between threads; a
    stream itself is for one thread at a time.

    Args:
        model: a released model's name, a model file, or an opened model; None for
            the released denoiser that fits `sample_rate`, see `aeolia.denoise`; "transfer" with
            `to` stands for the synthesiser "notes".
        sample_rate: of the blocks, in Hz, 8000 to 192000; the model's own when None.
        channels: C, of the blocks.
        attenuation_limit_db, dual_mono: see `aeolia.denoise`.
        sources, speaker, stems, rest: see `aeolia.separate`.
        to, transpose, snap: see `aeolia.transfer`.
        resample_quality: used where `sample_rate` is not the model's: "HQ" is transparent, "LQ"
            has less latency.

    Raises:
        InputError, ModelError: with one line on what is wrong.

    >>> import numpy, soundfile
    >>> noisy, sample_rate = soundfile.read("examples/fan.noisy.wav")
    >>> stream = aeolia.Stream("denoise", sample_rate)
    >>> blocks = [stream.push(block) for block in numpy.array_split(noisy, 100)]
    >>> blocks.append(stream.flush())
    >>> numpy.concatenate(blocks).shape == noisy.shape
    True
    >>> round(stream.latency_seconds, 3)
    0.032
    """

    @overload
    def __new__(
        cls,
        model: Model | None = ...,
        sample_rate: int | None = ...,
        channels: int = ...,
        *,
        attenuation_limit_db: float | None = ...,
        dual_mono: bool = ...,
        resample_quality: str = ...,
    ) -> _Denoising: ...
    @overload
    def __new__(
        cls,
        model: Separator | None,
        sample_rate: int | None = ...,
        channels: int = ...,
        *,
        sources: Sequence[str],
        rest: bool = ...,
        resample_quality: str = ...,
    ) -> _Separating: ...
    @overload
    def __new__(
        cls,
        model: Separator | None,
        sample_rate: int | None = ...,
        channels: int = ...,
        *,
        speaker: Speaker,
        rest: bool = ...,
        resample_quality: str = ...,
    ) -> _Separating: ...
    @overload
    def __new__(
        cls,
        model: Separator | None,
        sample_rate: int | None = ...,
        channels: int = ...,
        *,
        stems: bool,
        resample_quality: str = ...,
    ) -> _Separating: ...
    @overload
    def __new__(
        cls,
        model: Synthesiser,
        sample_rate: int | None = ...,
        channels: int = ...,
        *,
        to: str,
        transpose: float = ...,
        snap: bool = ...,
        resample_quality: str = ...,
    ) -> _Transferring: ...
    def __new__(cls, model: Any = None, *_: Any, **options: Any) -> Stream:
        """A stream of the task that the options name; its own class then opens the model."""
        if cls is not Stream:
            return super().__new__(cls)
        given = _given(options)
        if "to" in given or model == "transfer":
            return super().__new__(_Transferring)
        separates = any(_TASKS.get(name) == _SEPARATING for name in given)
        return super().__new__(_Separating if separates else _Denoising)

    # The tasks' own classes have these three; `__new__` makes no stream of another class.

    def _initial_state(self) -> State:
        raise NotImplementedError

    def _step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        raise NotImplementedError

    def _result(self, output: np.ndarray, input_block: np.ndarray) -> Any:
        raise NotImplementedError


class _Denoising(DenoisingStream, Stream):
    def __init__(
        self,
        model: Model | None = None,
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        attenuation_limit_db: float | None = None,
        dual_mono: bool = False,
        resample_quality: str = "HQ",
        **unread: Any,
    ) -> None:
        _refuse(unread, _DENOISING)
        super().__init__(
            open_denoiser(model, sample_rate),
            sample_rate,
            channels,
            attenuation_limit_db=attenuation_limit_db,
            dual_mono=dual_mono,
            resample_quality=resample_quality,
        )


class _Separating(SeparationStream, Stream):
    def __init__(
        self,
        model: Separator | None,
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        sources: Sequence[str] | None = None,
        speaker: Speaker | None = None,
        stems: bool = False,
        rest: bool = False,
        resample_quality: str = "HQ",
        **unread: Any,
    ) -> None:
        _refuse(unread, _SEPARATING)
        request = read_request(model, sources=sources, speaker=speaker, stems=stems, rest=rest)
        super().__init__(
            request.backend,
            request.sources,
            sample_rate,
            channels,
            rest=request.rest,
            resample_quality=resample_quality,
        )


class _Transferring(TransferStream, Stream):
    def __init__(
        self,
        model: Synthesiser,
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        to: str | None = None,
        transpose: float = 0.0,
        snap: bool = False,
        resample_quality: str = "HQ",
        **unread: Any,
    ) -> None:
        _refuse(unread, _TRANSFERRING)
        if to is None:
            raise InputError(
                'Stream("transfer") needs an instrument: Stream("transfer", to="tuba")'
            )
        opened = open_synthesiser(NOTES_MODEL if model == "transfer" else model)
        super().__init__(
            opened,
            opened.instrument(to),
            sample_rate,
            channels,
            transpose=transpose,
            snap=snap,
            resample_quality=resample_quality,
        )


def _given(options: dict[str, Any]) -> list[str]:
    """Options that were set: not None, and not False."""
    return [name for name, value in options.items() if value is not None and value is not False]


def _refuse(unread: dict[str, Any], task: str) -> None:
    """An option of another task is an error, and one that nobody knows a TypeError as ever."""
    for name in unread:
        if name not in _TASKS:
            raise TypeError(f"Stream() has no argument {name!r}")
    for name in _given(unread):
        raise InputError(f"{name} is for {_TASKS[name]}; leave it out when {task}")
