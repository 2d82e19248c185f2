"""A released separator through ONNX Runtime.

Release format 1, beside what `runtime.released_file` says of every task: inputs `audio`
[1, channels, samples], `condition` [1, sources, K], `partition` [1]; output `output`
[1, sources, channels, samples]. The first axis of each state is a symbol that says how many there
are of it: `one`, `channels`, `sources` or `streams` (sources * channels).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aeolia.config import SeparateConfig
from aeolia.errors import ModelError
from aeolia.runtime.backend import State
from aeolia.runtime.released_file import ReleasedFile, ReleasedModel

__all__ = ["OnnxSeparator"]


class OnnxSeparator(ReleasedModel[SeparateConfig]):
    """A released separator's `step`. Safe to share between threads and streams: it keeps nothing.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(self, path: str | Path | ReleasedFile) -> None:
        super().__init__(path, SeparateConfig, {"audio", "condition", "partition"})
        known = _axis_sizes(1, 1)
        for name, shape in self._graph.state_shapes.items():
            if shape[0] not in known:
                raise ModelError(
                    f"{self.path}: the first axis of {name} is {shape[0]!r}; it must be one of "
                    f"{', '.join(str(axis) for axis in known if axis != 1)}: export the model "
                    f"again with `aeolia export`"
                )

    def initial_state(self, channels: int, sources: int) -> State:
        """Zero state for one mixture of `channels`, of which `sources` are requested."""
        sizes = _axis_sizes(channels, sources)
        return {
            name: np.zeros((sizes[shape[0]], *shape[1:]), np.float32)
            for name, shape in self._graph.state_shapes.items()
        }

    def step(
        self, audio: np.ndarray, condition: np.ndarray, partition: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        """Run audio [1, C, T] one step on, with condition [1, S, K] and partition [1].

        Returns the sources [1, S, C, T] and the next state; see `runtime.backend`.
        """
        inputs = {"audio": audio, "condition": condition, "partition": partition}
        _, channels, length = audio.shape
        return self._graph.step(inputs, state, (1, condition.shape[1], channels, length))


def _axis_sizes(channels: int, sources: int) -> dict[str | int, int]:
    """How many there are of a state, by the first axis of its input."""
    return {
        "one": 1,
        "channels": channels,
        "sources": sources,
        "streams": sources * channels,
        1: 1,  # exporters may write the number of what there is one of
    }
