"""A released denoiser through ONNX Runtime: no PyTorch, one thread, no hidden state.

Release format 1, beside what `runtime.released_file` says of every task: input `audio`
[batch, 1, samples], output `output` of the same shape, the first axis of each state the batch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aeolia.config import DenoiseConfig
from aeolia.runtime.backend import State
from aeolia.runtime.released_file import ReleasedFile, ReleasedModel

__all__ = ["OnnxBackend"]


class OnnxBackend(ReleasedModel[DenoiseConfig]):
    """A released denoiser's `step`. Safe to share between threads and streams: it keeps nothing.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(self, path: str | Path | ReleasedFile) -> None:
        super().__init__(path, DenoiseConfig, {"audio"})

    def initial_state(self, batch: int) -> State:
        """Zero state for `batch` independent channels."""
        return self._graph.initial_state(batch)

    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Run audio [B, 1, T] (float32, T a multiple of hop_length) one step on."""
        return self._graph.step({"audio": audio}, state, audio.shape)
