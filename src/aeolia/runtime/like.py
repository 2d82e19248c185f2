"""A model that is another one with other settings: a file of a line beside the other's.

    separate-studio.json   {"like": "separate", "chunk_seconds": 2.0}
    separate-studio.md     its card
    separate.onnx          the graph of both, and with it all weights

Opened it is as if it were an .onnx file of its own, which `aeolia export` writes of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aeolia.config.strict import read_object
from aeolia.errors import ConfigError, ModelError
from aeolia.files import read_text
from aeolia.runtime.graph_file import metadata_apart, read_graph, with_metadata

__all__ = ["SUFFIX", "graph_path", "read_model", "with_settings"]

SUFFIX = ".json"
_LIKE = "like"


def graph_path(path: Path) -> Path:
    """The .onnx file of a model: its own, or that of the model it is like.

    Raises:
        ModelError: `path` is a file that should say what it is like, and does not.
    """
    return path if path.suffix != SUFFIX else path.with_name(f"{_read(path)[0]}.onnx")


def with_settings(path: Path, config: str) -> str:
    """The other model's configuration in JSON with the name and the settings of this one.

    Raises:
        ModelError: as `graph_path`, or the configuration is none.
    """
    if path.suffix != SUFFIX:
        return config
    try:
        values = read_object(config, "the configuration")
    except ConfigError as error:
        raise ModelError(f"{path}: {error}; install Aeolia again") from error
    return json.dumps({**values, "name": path.stem, **_read(path)[1]})


def read_model(path: Path) -> bytes:
    """A model as the bytes of one .onnx file.

    Raises:
        ModelError: it cannot be read, see `read_graph`, or is not as it was released.
    """
    data = read_graph(graph_path(path))
    if path.suffix != SUFFIX:
        return data
    rest, metadata = metadata_apart(data)
    card = read_text(path.with_suffix(".md"), "model card", ModelError)
    config = with_settings(path, metadata.get("aeolia_config", ""))
    return with_metadata(rest, {**metadata, "aeolia_config": config, "aeolia_card": card})


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """The other model's name, and the settings that differ."""
    try:
        settings = read_object(read_text(path, "model file", ModelError), "it")
        like = settings.pop(_LIKE, None)
        # A name, so that the file beside this one is meant and no other.
        if not isinstance(like, str) or not like or Path(like).name != like:
            raise ConfigError(f'its key "{_LIKE}" names no model beside it')
    except ConfigError as error:
        raise ModelError(
            f"{path}: no model ({error}); name a released model or an .onnx file"
        ) from error
    return like, settings
