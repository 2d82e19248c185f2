"""Opening a released file: the session, its configuration and its card, with errors in words.

Release format 1: an ONNX graph whose metadata holds `aeolia_format` = "1", `aeolia_config` = the
model's configuration as JSON, and `aeolia_card` = its card in Markdown. Recurrent state enters
through inputs `state_<name>` and leaves through outputs `next_state_<name>`; what the step makes
is `output`; the other inputs depend on the task.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from aeolia.config import AnyConfig, DenoiseConfig, SeparateConfig, SynthConfig, read_config
from aeolia.errors import ConfigError, ModelError
from aeolia.runtime.backend import State
from aeolia.runtime.session import Session, open_session

__all__ = ["FORMAT", "ReleasedFile", "ReleasedModel", "StepGraph", "open_released"]

#: The release format that this version reads and writes.
FORMAT = "1"

_STATE = "state_"

#: Values of state for a channel: a hundred times what our largest model has.
_MOST_STATE = 1 << 24

ConfigOfTask = TypeVar("ConfigOfTask", DenoiseConfig, SeparateConfig, SynthConfig)


@dataclass(frozen=True)
class StepGraph:
    """A graph that is one step with explicit state. Safe to share between threads."""

    session: Session
    #: Name of a state input -> its shape; the first axis is a symbol or a number.
    state_shapes: dict[str, tuple[Any, ...]]

    def initial_state(self, batch: int) -> State:
        """Zeros, for graphs whose states all have the batch as their first axis."""
        return {
            name: np.zeros((batch, *shape[1:]), np.float32)
            for name, shape in self.state_shapes.items()
        }

    def step(
        self, inputs: dict[str, np.ndarray], state: State, shape: tuple[int, ...]
    ) -> tuple[np.ndarray, State]:
        """One step: what `output` gives, which must have `shape`, and the state for the next one.

        Raises:
            ModelError: the model fails, or an output is not finite or of another shape.
        """
        following = {f"next_{name}": state[name].shape for name in self.state_shapes}
        output, *states = self.session.run({**inputs, **state}, {"output": shape}, following)
        return output, dict(zip(self.state_shapes, states, strict=True))


@dataclass(frozen=True)
class ReleasedFile:
    """An opened model file of the release format. Safe to share between threads."""

    path: Path
    session: Session
    config: AnyConfig
    #: Markdown; empty if the file has none.
    card: str

    def step_graph(self, inputs: set[str], free_axis: str | None = None) -> StepGraph:
        """The graph as one step; `inputs` are those it must have beside its state.

        Args:
            free_axis: a symbol that the second axis of a state may be; all others but the first
                are numbers.

        Raises:
            ModelError: it has others, or lacks an output.
        """
        shapes, outputs = self.session.inputs, set(self.session.outputs)
        states = {name: shape for name, shape in shapes.items() if name.startswith(_STATE)}
        needed = ["output", *(f"next_{name}" for name in states)]
        values = [_without(free_axis, shape[1:]) for shape in states.values()]
        fixed = all(
            shape and all(isinstance(size, int) and size > 0 for size in sizes)
            for shape, sizes in zip(states.values(), values, strict=True)
        )
        if set(shapes) != inputs | set(states) or not outputs.issuperset(needed) or not fixed:
            raise ModelError(
                f"{self.path}: the graph has inputs {sorted(shapes)} and outputs "
                f"{sorted(outputs)}; release format {FORMAT} has {', '.join(sorted(inputs))}, "
                f"{_STATE}*, output and next_{_STATE}*; export the model again with "
                f"`aeolia export`"
            )
        n_values = sum(map(math.prod, values))
        if n_values > _MOST_STATE:
            raise ModelError(
                f"{self.path}: its state has {n_values} values; at most {_MOST_STATE} are kept for "
                f"a channel: use a smaller model"
            )
        return StepGraph(self.session, states)


class ReleasedModel(Generic[ConfigOfTask]):
    """What the released models of all tasks share. Safe to share between threads and streams.

    Args:
        path: of the model file, or the file opened already.
        kind: the class of its configuration.
        inputs: of its graph, beside the state.
        free_axis: see `ReleasedFile.step_graph`.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(
        self,
        path: str | Path | ReleasedFile,
        kind: type[ConfigOfTask],
        inputs: set[str],
        free_axis: str | None = None,
    ) -> None:
        file = open_released(path, kind.task)
        assert isinstance(file.config, kind), "its task was checked"
        self.path, self.card = file.path, file.card
        self.config: ConfigOfTask = file.config
        self._graph = file.step_graph(inputs, free_axis)


def _without(free_axis: str | None, sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Sizes of axes but for a first one that is free."""
    return sizes[1:] if sizes and free_axis is not None and sizes[0] == free_axis else sizes


def open_released(path: str | Path | ReleasedFile, task: str | None = None) -> ReleasedFile:
    """Open a model file, checking that it is of this format and, if given, for this task.

    One that is open already is returned as it is, which spares reading it twice where the file
    itself says what class of model it is for.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """
    file = path if isinstance(path, ReleasedFile) else _opened(Path(path))
    if task is not None and file.config.task != task:
        raise ModelError(
            f"{file.path}: a model for the task {file.config.task!r}; {task!r} needs another one: "
            f"`aeolia models` lists those inside"
        )
    return file


def _opened(path: Path) -> ReleasedFile:
    session = open_session(path)
    config = _config_of(path, session.metadata)
    return ReleasedFile(path, session, config, session.metadata.get("aeolia_card", ""))


def _config_of(path: Path, metadata: dict[str, str]) -> AnyConfig:
    version = metadata.get("aeolia_format")
    if version is None:
        raise ModelError(
            f"{path}: an ONNX model, but not one of Aeolia's (its metadata has no "
            f"aeolia_format); use a model written by `aeolia export`"
        )
    if version != FORMAT:
        raise ModelError(
            f"{path}: release format {version!r}, but this version of Aeolia reads format "
            f"{FORMAT}; install the Aeolia that wrote it, or export the model again"
        )
    try:
        return read_config(metadata.get("aeolia_config", ""))
    except ConfigError as error:
        raise ModelError(f"{path}: its configuration cannot be used: {error}") from error
