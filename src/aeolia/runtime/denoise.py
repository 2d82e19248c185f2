"""Denoise audio that arrives in blocks of any size: one output channel per input channel.

block -> `runtime.passage` -> mix with the aligned input (attenuation limit) -> block

One filter serves all channels of a recording, so that a voice stays where it is between them; or,
for channels that are recordings of their own (dual mono), each has one.
"""

from __future__ import annotations

import numpy as np

from aeolia.errors import InputError
from aeolia.runtime.backend import Backend, State
from aeolia.runtime.passage import FRAMES_PER_STEP, Passage

__all__ = ["FRAMES_PER_STEP", "DenoisingStream"]


class DenoisingStream(Passage[np.ndarray]):
    """One recording's way through a denoiser; see `runtime.passage` for what it promises.

    Args:
        backend: the model; its state for this stream is kept here, so backends can be shared.
        sample_rate, resample_quality: see `runtime.passage`.
        channels: of the recording, which one filter serves.
        attenuation_limit_db: noise is lowered by at most this many decibels, by mixing the
            input back in; None means no limit.
        dual_mono: each channel has a filter of its own, as with a model of one channel.

    Raises:
        InputError: an argument out of range.
    """

    def __init__(
        self,
        backend: Backend,
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        attenuation_limit_db: float | None = None,
        dual_mono: bool = False,
        resample_quality: str = "HQ",
    ) -> None:
        self.backend = backend
        self._links = backend.links_channels and not dual_mono
        self._dry_share = _dry_share(attenuation_limit_db)
        super().__init__(
            backend.config,
            sample_rate,
            channels,
            n_outputs=int(channels),
            keeps_input=self._dry_share > 0.0,
            resample_quality=resample_quality,
            linked=self._links,
            chunk=backend.config.chunk,
        )

    def _initial_state(self) -> State:
        if self._links:
            return self.backend.initial_state(1, self.channels)
        return self.backend.initial_state(self.channels)

    def _step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        if self._links:
            output, state = self.backend.step(audio[None], state)
            return output[0], state
        output, state = self.backend.step(audio[:, None, :], state)
        return output[:, 0, :], state

    def _result(self, output: np.ndarray, input_block: np.ndarray) -> np.ndarray:
        if self._dry_share:
            output = self._dry_share * input_block + (1.0 - self._dry_share) * output
        return self._form(output)


def _dry_share(attenuation_limit_db: float | None) -> float:
    """Share a of the input in the output, a = 10**(-limit / 20): noise keeps at least that."""
    if attenuation_limit_db is None:
        return 0.0
    if not attenuation_limit_db >= 0:
        raise InputError(
            f"attenuation_limit_db is {attenuation_limit_db}; it must be 0 (leave all noise) "
            f"or more, such as 12"
        )
    return float(10.0 ** (-attenuation_limit_db / 20.0))
