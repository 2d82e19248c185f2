"""Separate audio that arrives in blocks of any size: one output per requested source.

    block -> `runtime.passage` -> sources [T, S, C] -> what remains of the mixture -> dict

The encoder of a model runs once and its decoder once per source. With a remainder, all outputs
sum to the mixture sample by sample, at any sample rate, since it is computed at the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.config import SeparateConfig
from aeolia.errors import InputError
from aeolia.runtime.backend import SeparationBackend, State
from aeolia.runtime.passage import Passage
from aeolia.runtime.separate.sources import Source, file_label, is_partition

__all__ = ["SeparationStream"]

#: Which class of a complete set takes what the model cannot tell, the first of these it has.
_TAKERS = ("noise", "other")


class SeparationStream(Passage[dict[str, np.ndarray]]):
    """One mixture's way through a separator; see `runtime.passage` for what it promises.

    `push`, `flush` and `process` return a dict of arrays: the sources in the order requested,
    and then what remains, all of the same length.

    Args:
        backend: the model; its state for this stream is kept here, so backends can be shared.
        sources: the requested ones, from `runtime.separate.sources` or of a voice.
        sample_rate: of the blocks, in Hz, 8000 to 192000; the model's own when None.
        channels: of the mixture and of every output; one filter serves all, so that a source
            stays where it is in the stereo image.
        rest: name under which mixture minus sources is returned; None for not at all.
        resample_quality: see `runtime.passage`.

    Raises:
        InputError: an argument out of range, or two outputs of the same name.
    """

    def __init__(
        self,
        backend: SeparationBackend,
        sources: Sequence[Source],
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        rest: str | None = None,
        resample_quality: str = "HQ",
    ) -> None:
        config = backend.config
        self.backend = backend
        #: Names of the outputs, in order.
        self.names = [source.name for source in sources] + ([rest] if rest else [])
        _check(config, sources, self.names)
        self._rest = rest
        self._n_sources = len(sources)
        self._condition = np.stack([source.condition for source in sources])[None].astype("f4")
        whole = config.is_complete and is_partition(sources)
        self._partition = np.array([float(whole)], np.float32)
        #: Name of the output that is the mixture minus all others; None if there is no such.
        self.remainder: str | None = rest or (_taker(config, sources) if whole else None)
        super().__init__(
            config,
            sample_rate,
            channels,
            n_outputs=len(sources) * int(channels),
            keeps_input=self.remainder is not None,
            resample_quality=resample_quality,
            linked=True,
            chunk=config.chunk,
        )

    def _initial_state(self) -> State:
        return self.backend.initial_state(self.channels, self._n_sources)

    def _step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        sources, state = self.backend.step(audio[None], self._condition, self._partition, state)
        return sources.reshape(self._n_outputs, -1), state

    def _result(self, output: np.ndarray, input_block: np.ndarray) -> dict[str, np.ndarray]:
        sources = output.reshape(len(output), self._n_sources, self.channels)
        parts = [sources[:, index] for index in range(self._n_sources)]
        if self.remainder is not None:
            left = input_block - sources.sum(axis=1)
            if self._rest:
                parts.append(left)
            else:
                # The model's sources sum to its input; resampling took a little from that.
                taker = self.names.index(self.remainder)
                parts[taker] = parts[taker] + left
        return {name: self._form(part) for name, part in zip(self.names, parts, strict=True)}


def _check(config: SeparateConfig, sources: Sequence[Source], names: list[str]) -> None:
    width = len(config.classes) if config.condition == "classes" else config.condition_dim
    if not sources:
        raise InputError("no source is requested; name at least one")
    for source in sources:
        if source.condition.shape != (width,):
            raise InputError(
                f"the condition of {source.name!r} has shape {source.condition.shape}; the model "
                f"{config.name} needs [{width}]"
            )
    labels = [file_label(name) for name in names]
    if len(set(labels)) < len(labels):
        raise InputError(f"two outputs have the same name: {', '.join(names)}; rename one")


def _taker(config: SeparateConfig, sources: Sequence[Source]) -> str:
    """The source that gets what lies above the model's band: that with noise, or the last."""
    for name in _TAKERS:
        if name in config.classes:
            index = config.classes.index(name)
            return next(source.name for source in sources if source.condition[index])
    return sources[-1].name
