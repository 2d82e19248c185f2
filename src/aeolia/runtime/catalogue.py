"""The released models inside the package, by name; other model files, by path."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias, overload

from aeolia.errors import ModelError
from aeolia.runtime.checksums import released_folder
from aeolia.runtime.like import SUFFIX, graph_path
from aeolia.runtime.onnx_backend import OnnxBackend
from aeolia.runtime.released_file import ReleasedFile, open_released
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["OnnxModel", "find_model", "load", "model_files", "released_models"]

#: An opened model of any task.
OnnxModel: TypeAlias = OnnxBackend | OnnxSeparator | OnnxSynthesiser

_MODELS: dict[str, Callable[[ReleasedFile], OnnxModel]] = {
    "denoise": OnnxBackend,
    "separate": OnnxSeparator,
    "synth": OnnxSynthesiser,
}


def released_models() -> dict[str, Path]:
    """Name -> file of every model that came with the package, sorted by name.

    A file with a dot in its stem, such as `separate-speaker.voice.onnx`, is a part of a model; a
    .json file is a model that has another's weights (`runtime.like`).

    >>> list(aeolia.released_models())[:4]
    ['denoise', 'denoise-16k', 'denoise-studio', 'denoise-studio-16k']
    """
    folder = released_folder()
    found = (*folder.glob("*.onnx"), *folder.glob(f"*{SUFFIX}"))
    return dict(sorted((path.stem, path) for path in found if "." not in path.stem))


def find_model(name_or_path: str | Path) -> Path:
    """The file of a released model's name, or the path itself when it names a file.

    Raises:
        ModelError: neither; the nearest released name is given.
    """
    released = released_models()
    name = str(name_or_path)
    if name in released:
        return released[name]
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.is_dir():
        raise ModelError(f"{name}: a folder, not a model file; name the .onnx file in it")
    if path.suffix == ".onnx" or len(path.parts) > 1:
        raise ModelError(
            f"{name}: no such model file; check the path, or use a released model: "
            f"{', '.join(released) or 'none is installed'}"
        )
    near = difflib.get_close_matches(name, released, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ModelError(
        f"no model is named {name!r}; {hint}released models: "
        f"{', '.join(released) or 'none is installed'}; or give the path of an .onnx file"
    )


def model_files(name_or_path: str | Path) -> tuple[Path, ...]:
    """A model's file and, behind it, those of its graph and its parts.

    Raises:
        ModelError: no such model, see `find_model`.
    """
    path = find_model(name_or_path)
    graph = graph_path(path)
    parts = graph.parent.glob(f"{glob.escape(graph.stem)}.*.onnx")
    return tuple(dict.fromkeys((path, graph, *sorted(parts))))


@overload
def load(
    name_or_path: Literal["denoise", "denoise-16k", "denoise-studio", "denoise-studio-16k"] = ...,
    task: Literal["denoise"] | None = ...,
) -> OnnxBackend: ...
@overload
def load(
    name_or_path: Literal["separate", "separate-speaker", "separate-studio"],
    task: Literal["separate"] | None = ...,
) -> OnnxSeparator: ...
@overload
def load(
    name_or_path: Literal["notes", "drums"], task: Literal["synth", "synthesise"] | None = ...
) -> OnnxSynthesiser: ...
@overload
def load(name_or_path: str | Path, task: Literal["denoise"]) -> OnnxBackend: ...
@overload
def load(name_or_path: str | Path, task: Literal["separate"]) -> OnnxSeparator: ...
@overload
def load(name_or_path: str | Path, task: Literal["synth", "synthesise"]) -> OnnxSynthesiser: ...
@overload
def load(name_or_path: str | Path, task: str | None = ...) -> OnnxModel: ...
def load(name_or_path: str | Path = "denoise", task: str | None = None) -> OnnxModel:
    """Open a released model by name, or any model file of the release format by path.

    Args:
        name_or_path: such as "separate", "notes" or "mine.onnx".
        task: "denoise", "separate" or "synth" to refuse models of other tasks; otherwise the file
            decides what is returned. "synthesise", its earlier name, means "synth".

    Returns:
        The opened model; what it can do depends on its task, which is `config.task`. Safe to
        share between threads.

    Raises:
        ModelError: no such model, a file that is none, or a model of another task.

    >>> model = aeolia.load("denoise-16k")
    >>> model.config.task, model.config.sample_rate
    ('denoise', 16000)
    >>> clean = aeolia.denoise("examples/cafe.noisy.wav", model=model)
    """
    file = open_released(find_model(name_or_path), "synth" if task == "synthesise" else task)
    return _MODELS[file.config.task](file)
