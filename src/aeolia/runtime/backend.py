"""The protocols that the playing wing and the workshop share.

A backend runs a model's pure `step`. ONNX Runtime implements it for released models
(`runtime.onnx_backend`), PyTorch for models in training (`models.torch_backend`), so a model is
validated through the very stream that users run.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from aeolia.config import DenoiseConfig, SeparateConfig

__all__ = ["Backend", "SeparationBackend", "State"]

#: Named state arrays; their first axis is the batch, or in a separator what there are several of.
State = dict[str, np.ndarray]


class Backend(Protocol):
    """A model's `step` with explicit state; no hidden buffers."""

    config: DenoiseConfig

    @property
    def links_channels(self) -> bool:
        """Whether it takes several channels, C > 1, and filters them alike."""
        ...

    def initial_state(self, batch: int, channels: int = 1) -> State:
        """Zero state for `batch` independent recordings of so many channels each."""
        ...

    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Run audio [B, C, T] (float32, T a multiple of hop_length) one step on.

        The output has the input's shape and lags it by `config.delay` samples.
        """
        ...


class SeparationBackend(Protocol):
    """A separator's `step`: one mixture in, the requested sources out."""

    config: SeparateConfig

    def initial_state(self, channels: int, sources: int) -> State:
        """Zero state for one mixture of `channels`, of which `sources` are requested."""
        ...

    def step(
        self, audio: np.ndarray, condition: np.ndarray, partition: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        """Run audio [1, C, T] (float32, T a multiple of hop_length) one step on.

        Args:
            condition: [1, S, K], one row a source: multi-hot over `config.classes`, or a voice.
            partition: [1]; 1.0 where the sources are all of the mixture and sum to it, else 0.0.

        Returns:
            sources [1, S, C, T], lagging the input by `config.delay` samples, and the next state.
        """
        ...
