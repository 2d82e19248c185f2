"""Released models through ONNX Runtime: no PyTorch, one thread, no hidden state.

Release format 1, beside what `runtime.released_file` says of every task:

denoise: input `audio` [batch, 1, samples]; output `output` of the same shape; state batch first.

separate: inputs `audio` [1, channels, samples], `condition` [1, sources, K], `partition` [1];
output `output` [1, sources, channels, samples]. The first axis of each state is a symbol that
says how many there are of it: `one`, `channels`, `sources` or `streams` (sources * channels).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aeolia.config import ModelConfig
from aeolia.errors import ModelError
from aeolia.runtime.backend import State
from aeolia.runtime.released_file import FORMAT, ReleasedFile, open_released

__all__ = ["FORMAT", "OnnxBackend", "OnnxSeparator"]


class OnnxBackend:
    """A released denoiser's `step`. Safe to share between threads and streams: it keeps nothing.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(self, path: str | Path) -> None:
        file = open_released(path, "denoise")
        self.path, self.card = file.path, file.card
        self.config = _model_config(file)
        self._session = file.session
        shapes = file.state_shapes({"audio"}, {"output"})
        self._state_shapes = {name: shape[1:] for name, shape in shapes.items()}
        self._output_names = ["output", *(f"next_{name}" for name in shapes)]

    def initial_state(self, batch: int) -> State:
        """Zero state for `batch` independent channels."""
        return {
            name: np.zeros((batch, *shape), np.float32)
            for name, shape in self._state_shapes.items()
        }

    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Run audio [B, 1, T] (float32, T a multiple of hop_length) one step on."""
        output, *states = self._session.run(self._output_names, {"audio": audio, **state})
        return output, dict(zip(self._state_shapes, states, strict=True))


class OnnxSeparator:
    """A released separator's `step`. Safe to share between threads and streams.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(self, path: str | Path) -> None:
        file = open_released(path, "separate")
        self.path, self.card = file.path, file.card
        self.config = _model_config(file)
        self._session = file.session
        self._state_shapes = file.state_shapes({"audio", "condition", "partition"}, {"output"})
        self._output_names = ["output", *(f"next_{name}" for name in self._state_shapes)]
        self._check_axes()

    def _check_axes(self) -> None:
        known = [axis for axis in _axis_sizes(1, 1) if axis != 1]
        for name, shape in self._state_shapes.items():
            if shape[0] not in _axis_sizes(1, 1):
                raise ModelError(
                    f"{self.path}: the first axis of {name} is {shape[0]!r}; it must be one of "
                    f"{', '.join(map(str, known))}: export the model again with `aeolia export`"
                )

    def initial_state(self, channels: int, sources: int) -> State:
        """Zero state for one mixture of `channels`, of which `sources` are asked for."""
        sizes = _axis_sizes(channels, sources)
        return {
            name: np.zeros((sizes[shape[0]], *shape[1:]), np.float32)
            for name, shape in self._state_shapes.items()
        }

    def step(
        self, audio: np.ndarray, condition: np.ndarray, partition: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        """Run audio [1, C, T] one step on, with condition [1, S, K] and partition [1].

        Returns the sources [1, S, C, T] and the next state; see `runtime.backend`.
        """
        inputs = {"audio": audio, "condition": condition, "partition": partition, **state}
        output, *states = self._session.run(self._output_names, inputs)
        return output, dict(zip(self._state_shapes, states, strict=True))


def _axis_sizes(channels: int, sources: int) -> dict[str | int, int]:
    """How many there are of a state, by the first axis of its input."""
    return {
        "one": 1,
        "channels": channels,
        "sources": sources,
        "streams": sources * channels,
        1: 1,  # exporters may write the number of what there is one of
    }


def _model_config(file: ReleasedFile) -> ModelConfig:
    assert isinstance(file.config, ModelConfig), "its task was checked"
    return file.config
