"""A released denoiser through ONNX Runtime.

Release format 1, beside what `runtime.released_file` says of every task: input `audio`
[batch, channels, samples], output `output` of the same shape. The first axis of each state is the
batch; those of sound, which each channel has of its own, have the channels as their second. Files
of older versions take `audio` [batch, 1, samples].
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aeolia.config import DenoiseConfig
from aeolia.errors import ModelError
from aeolia.runtime.backend import State
from aeolia.runtime.released_file import ReleasedFile, ReleasedModel

__all__ = ["OnnxBackend"]

_CHANNELS = "channels"


class OnnxBackend(ReleasedModel[DenoiseConfig]):
    """A released denoiser's `step`. Safe to share between threads and streams: it keeps nothing.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(self, path: str | Path | ReleasedFile) -> None:
        super().__init__(path, DenoiseConfig, {"audio"}, free_axis=_CHANNELS)
        channels = (*self._graph.session.inputs["audio"], None, None)[1]
        if channels not in (1, _CHANNELS):
            raise ModelError(
                f"{self.path}: it takes {channels} channels; a denoiser takes one, or any number: "
                f"export the model again with `aeolia export`"
            )
        #: Whether it takes several channels and filters them alike; older files take one.
        self.links_channels: bool = channels == _CHANNELS

    def initial_state(self, batch: int, channels: int = 1) -> State:
        """Zero state for `batch` independent recordings of so many channels each."""
        return {
            name: np.zeros((batch, *(channels if n == _CHANNELS else n for n in shape[1:])), "f4")
            for name, shape in self._graph.state_shapes.items()
        }

    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Run audio [B, C, T] (float32, T a multiple of hop_length) one step on.

        C is 1 unless `links_channels`.
        """
        return self._graph.step({"audio": audio}, state, audio.shape)
