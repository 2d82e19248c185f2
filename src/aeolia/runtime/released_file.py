"""Opening a released file: the session, its configuration and its card, with errors in words.

Release format 1: an ONNX graph whose metadata holds `aeolia_format` = "1", `aeolia_config` = the
model's configuration as JSON, and `aeolia_card` = its card in Markdown. Recurrent state enters
through inputs `state_<name>` and leaves through outputs `next_state_<name>`; what the step makes
is `output`; the other inputs depend on the task.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from aeolia.config import AnyConfig, DenoiseConfig, SeparateConfig, SynthConfig, read_config
from aeolia.errors import ConfigError, ModelError
from aeolia.runtime.backend import State

__all__ = ["FORMAT", "ReleasedFile", "ReleasedModel", "StepGraph", "open_released", "open_session"]

#: The release format that this version reads and writes.
FORMAT = "1"

_STATE = "state_"

ConfigOfTask = TypeVar("ConfigOfTask", DenoiseConfig, SeparateConfig, SynthConfig)


@dataclass(frozen=True)
class StepGraph:
    """A graph that is one step with explicit state. Safe to share between threads."""

    #: An onnxruntime.InferenceSession.
    session: Any
    #: Name of a state input -> its shape; the first axis is a symbol or a number.
    state_shapes: dict[str, tuple[Any, ...]]
    #: `output`, then the next states in the order of `state_shapes`.
    output_names: list[str]

    def initial_state(self, batch: int) -> State:
        """Zeros, for graphs whose states all have the batch as their first axis."""
        return {
            name: np.zeros((batch, *shape[1:]), np.float32)
            for name, shape in self.state_shapes.items()
        }

    def step(self, inputs: dict[str, np.ndarray], state: State) -> tuple[np.ndarray, State]:
        """One step: what `output` gives, and the state for the next one."""
        output, *states = self.session.run(self.output_names, {**inputs, **state})
        return output, dict(zip(self.state_shapes, states, strict=True))


@dataclass(frozen=True)
class ReleasedFile:
    """An opened model file of the release format. Safe to share between threads."""

    path: Path
    #: An onnxruntime.InferenceSession.
    session: Any
    config: AnyConfig
    #: Markdown; empty if the file has none.
    card: str

    def step_graph(self, inputs: set[str]) -> StepGraph:
        """The graph as one step; `inputs` are those it must have beside its state.

        Raises:
            ModelError: it has others, or lacks an output.
        """
        shapes = {node.name: tuple(node.shape) for node in self.session.get_inputs()}
        outputs = {node.name for node in self.session.get_outputs()}
        states = {name: shape for name, shape in shapes.items() if name.startswith(_STATE)}
        needed = ["output", *(f"next_{name}" for name in states)]
        fixed = all(isinstance(size, int) for shape in states.values() for size in shape[1:])
        if set(shapes) != inputs | set(states) or not outputs.issuperset(needed) or not fixed:
            raise ModelError(
                f"{self.path}: the graph has inputs {sorted(shapes)} and outputs "
                f"{sorted(outputs)}; release format {FORMAT} has {', '.join(sorted(inputs))}, "
                f"{_STATE}*, output and next_{_STATE}*; export the model again with "
                f"`aeolia export`"
            )
        return StepGraph(self.session, states, needed)


class ReleasedModel(Generic[ConfigOfTask]):
    """What the released models of all tasks share. Safe to share between threads and streams.

    Args:
        path: of the model file, or the file opened already.
        kind: the class of its configuration.
        inputs: of its graph, beside the state.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(
        self, path: str | Path | ReleasedFile, kind: type[ConfigOfTask], inputs: set[str]
    ) -> None:
        file = open_released(path, kind.task)
        assert isinstance(file.config, kind), "its task was checked"
        self.path, self.card = file.path, file.card
        self.config: ConfigOfTask = file.config
        self._graph = file.step_graph(inputs)


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
            f"{file.path}: a model for the task {file.config.task!r}; {task!r} needs another one"
        )
    return file


def _opened(path: Path) -> ReleasedFile:
    session = open_session(path)
    metadata = session.get_modelmeta().custom_metadata_map
    config = _config_of(path, metadata)
    return ReleasedFile(path, session, config, metadata.get("aeolia_card", ""))


def open_session(path: Path) -> Any:
    """An ONNX Runtime session on one thread.

    Raises:
        ModelError: the file is missing or no readable ONNX model.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file; name a released model or an .onnx file")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread per stream: steps are too small to share, and several streams scale better.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Decaying recurrent states would otherwise reach denormals and slow down tenfold.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes here.
        raise ModelError(
            f"{path}: not a readable ONNX model ({_first_words(error)}); the file may be "
            f"damaged: copy it again, or export it again with `aeolia export`"
        ) from error


def _first_words(error: Exception) -> str:
    """The gist of an ONNX Runtime error: its message carries codes, paths and line breaks."""
    text = " ".join(str(error).split())
    for mark in (" : ", "failed:"):
        text = text.rsplit(mark, 1)[-1]
    return text.strip()[:80] or type(error).__name__


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
