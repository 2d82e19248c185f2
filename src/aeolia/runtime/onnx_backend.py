"""Released models through ONNX Runtime: no PyTorch, one thread, no hidden state.

Release format 1. Inputs `audio` [batch, 1, samples] and `state_<name>` (batch first, other axes
fixed); outputs `output` and `next_state_<name>`. Metadata: `aeolia_format` = "1",
`aeolia_config` = ModelConfig as JSON, `aeolia_card` = the model's card in Markdown.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.config import ModelConfig, config_from_dict
from aeolia.errors import ConfigError, ModelError
from aeolia.runtime.backend import State

__all__ = ["FORMAT", "OnnxBackend"]

#: The release format that this version reads and writes.
FORMAT = "1"

_STATE = "state_"
_NEXT_STATE = "next_state_"


class OnnxBackend:
    """A released model's `step`. Safe to share between threads and streams: it keeps nothing.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(self, path: str | Path, task: str = "denoise") -> None:
        self.path = Path(path)
        self._session = _open_session(self.path)
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.config: ModelConfig = _read_config(self.path, metadata, task)
        self.card: str = metadata.get("aeolia_card", "")
        self._state_shapes = self._read_state_shapes()
        self._output_names = ["output", *(f"next_{name}" for name in self._state_shapes)]

    def _read_state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Input name -> shape without the batch axis, checked against the release format."""
        inputs = {node.name: node.shape for node in self._session.get_inputs()}
        outputs = {node.name for node in self._session.get_outputs()}
        states = {name: shape for name, shape in inputs.items() if name.startswith(_STATE)}
        wanted = {"output", *(f"next_{name}" for name in states)}
        fixed = all(isinstance(size, int) for shape in states.values() for size in shape[1:])
        if set(inputs) != {"audio", *states} or not wanted <= outputs or not fixed:
            raise ModelError(
                f"{self.path}: the graph has inputs {sorted(inputs)} and outputs "
                f"{sorted(outputs)}; release format {FORMAT} has audio, {_STATE}*, output and "
                f"{_NEXT_STATE}*; export the model again with `aeolia export`"
            )
        return {name: tuple(shape[1:]) for name, shape in states.items()}

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


def _open_session(path: Path) -> Any:
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


def _read_config(path: Path, metadata: dict[str, str], task: str) -> ModelConfig:
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
        values = json.loads(metadata.get("aeolia_config", ""))
    except json.JSONDecodeError as error:
        raise ModelError(
            f"{path}: its metadata aeolia_config is not JSON ({error}); export the model again"
        ) from error
    found = values.get("task") if isinstance(values, dict) else None
    if found != task:
        raise ModelError(f"{path}: a model for the task {found!r}; {task!r} needs another one")
    try:
        return config_from_dict(ModelConfig, values)
    except ConfigError as error:
        raise ModelError(f"{path}: its configuration cannot be used: {error}") from error
