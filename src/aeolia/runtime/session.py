"""A graph on ONNX Runtime whose answers can be relied on: finite, of their shape, stoppable.

A damaged or hostile model answers with infinities, with too few samples, or never. The first two
are errors here; the last is ended by `stop_running`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import ModelError
from aeolia.runtime.like import read_model

__all__ = ["Session", "open_session", "stop_running"]

#: A shape to be had; -1 where any size will do.
Shape = tuple[int, ...]


class Session:
    """An open graph. Safe to share between threads."""

    def __init__(self, path: Path, session: Any) -> None:
        self.path = path
        self._session = session
        #: Name of an input -> its shape, numbers and symbols.
        self.inputs: dict[str, tuple[Any, ...]] = {
            node.name: tuple(node.shape) for node in session.get_inputs()
        }
        self.outputs: list[str] = [node.name for node in session.get_outputs()]
        #: What the file says of itself.
        self.metadata: dict[str, str] = session.get_modelmeta().custom_metadata_map

    def __reduce__(self) -> tuple[Any, ...]:
        """Models pickle, as where their file lies: it is opened anew, which takes no more time."""
        return open_session, (self.path.absolute(),)

    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        shapes: Mapping[str, Shape],
        states: Mapping[str, Shape] | None = None,
    ) -> list[np.ndarray]:
        """The outputs named in `shapes` and then those in `states`, in that order.

        States may hold what they like, which saves the time to look: what is not finite in them
        reaches an output.

        Raises:
            ModelError: the graph fails, or an output is not finite or of another shape.
        """
        expected = {**shapes, **(states or {})}
        try:
            results: Sequence[Any] = self._session.run(list(expected), inputs, _options())
        except Exception as error:  # ONNX Runtime raises a dozen unrelated classes here.
            raise ModelError(
                f"{self.path}: the model failed ({first_words(error)}); it may be damaged: copy "
                f"it again, or export it again with `aeolia export`"
            ) from error
        for (name, shape), result in zip(expected.items(), results, strict=True):
            if not isinstance(result, np.ndarray) or result.dtype != np.float32:
                raise ModelError(
                    f"{self.path}: its {name} is no array of 32-bit floating-point numbers; export "
                    f"the model again with `aeolia export`"
                )
            if result.shape != shape and not _matches(result.shape, shape):
                raise ModelError(
                    f"{self.path}: its {name} has the shape {list(result.shape)} where "
                    f"{['any' if size < 0 else size for size in shape]} is needed; export the "
                    f"model again with `aeolia export`"
                )
            if name in shapes and not np.isfinite(result).all():
                raise ModelError(
                    f"{self.path}: its {name} is not finite (NaN or infinity); the model is "
                    f"damaged, or this input is beyond it: copy or export it again, or use another"
                )
        return list(results)


def _matches(found: Shape, needed: Shape) -> bool:
    return len(found) == len(needed) and all(
        size in (-1, there) for there, size in zip(found, needed, strict=True)
    )


def open_session(path: Path) -> Session:
    """A graph on ONNX Runtime, on one thread.

    Raises:
        ModelError: the file is missing, no readable ONNX model, or refers to another file.
    """
    data = read_model(path)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread per stream: steps are too small to share, and several streams scale better.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Decaying recurrent states would otherwise reach denormals and slow down tenfold.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    options.log_severity_level = 4
    try:
        # From the bytes that were looked at, so that the file cannot change in between.
        session = onnxruntime.InferenceSession(
            data, sess_options=options, providers=["CPUExecutionProvider"]
        )
        return Session(path, session)
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes here.
        raise ModelError(
            f"{path}: not a readable ONNX model ({first_words(error)}); the file may be "
            f"damaged: copy it again, or export it again with `aeolia export`"
        ) from error


def first_words(error: Exception) -> str:
    """The gist of an ONNX Runtime error: its message carries codes, paths and line breaks."""
    text = " ".join(str(error).split())
    for mark in (" : ", "failed:"):
        text = text.rsplit(mark, 1)[-1]
    # A place in its sources, and the function there with its types.
    text = re.sub(r"^/\S+:\d+ [^()]*\(.*?\)+ ?(?=[A-Z])", "", text)
    return text.strip()[:80] or type(error).__name__


@lru_cache(maxsize=1)
def _options() -> Any:
    """What all runs of the process share, so that all can be stopped."""
    import onnxruntime

    return onnxruntime.RunOptions()


def stop_running(stop: bool = True) -> None:
    """Let every run that is going on fail, in whatever thread, until called with False."""
    if _options.cache_info().currsize:
        _options().terminate = stop
