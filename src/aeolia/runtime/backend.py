"""The one protocol that the playing wing and the workshop share.

A backend runs a model's pure `step`. ONNX Runtime implements it for released models
(`runtime.onnx_backend`), PyTorch for models in training (`models.torch_backend`), so a model is
validated through the very stream that users run.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from aeolia.config import ModelConfig

__all__ = ["Backend", "State"]

#: Named state arrays, batch first.
State = dict[str, np.ndarray]


class Backend(Protocol):
    """A model's `step` with explicit state; no hidden buffers."""

    config: ModelConfig

    def initial_state(self, batch: int) -> State:
        """Zero state for `batch` independent channels."""
        ...

    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Run audio [B, 1, T] (float32, T a multiple of hop_length) one step on.

        The output has the input's shape and lags it by `config.delay` samples.
        """
        ...
