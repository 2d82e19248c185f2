"""Operations as they are asked for: checked, with uploads in place of their names."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

from aeolia.api.operations.operation import Operation
from aeolia.api.operations.registry import OPERATIONS, operation_from_json
from aeolia.audio.formats import AUDIO_SUFFIXES
from aeolia.errors import InputError, ModelError
from aeolia.runtime.catalogue import released_models
from aeolia.web.store import Store, Upload

__all__ = ["as_values", "read_operation", "target_name"]

#: Settings that are files: they name an upload, never a path of this machine.
_FILES = {"separate": ("speaker",), "morph": ("to",)}
#: Settings that write or read beside the job's own files.
_REFUSED = ("residual",)
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
#: What makes sound of no sound, and what reads no sound.
_MAKING = ("play_note", "play_score", "decode")


def read_operation(values: Mapping[str, Any], store: Store, own_models: bool) -> Operation[Any]:
    """The operation that JSON describes; files in it are names of uploads.

    Args:
        own_models: whether a model may be a path of this machine.

    Raises:
        ConfigError, InputError, ModelError: what cannot be.
        NotThereError: no such upload.
    """
    values = dict(values)
    name = str(values.get("operation"))
    for refused in _REFUSED:
        if values.pop(refused, None) is not None:
            raise InputError(f"{refused} is for the command line; leave it out here")
    for key in _FILES.get(name, ()):
        if isinstance(values.get(key), str):
            values[key] = str(store.upload(values[key]).path)
    model = values.get("model")
    if not own_models and model not in (None, *released_models()):
        raise ModelError(
            f"{model!r} is no model of this server; it has {', '.join(released_models())}"
        )
    operation = operation_from_json(json.dumps(values))
    operation.check()
    return operation


def target_name(operation: Operation[Any], source: Upload | None, suffix: str | None) -> str:
    """The output's name in its folder; "" where the folder takes several.

    Args:
        suffix: the format wanted, such as ".flac"; None for the input's.

    Raises:
        InputError: no such format, or none to choose.
    """
    if operation.name in ("separate", "morph"):
        return ""
    if operation.name == "encode":
        if suffix not in (None, ".npz"):
            raise InputError(f"{suffix!r} is no ending of an encoding; it is a file of NumPy, .npz")
        return "sound.npz"
    if suffix is None:
        own = "" if source is None or operation.name in _MAKING else source.path.suffix
        suffix = own or ".wav"
    if not _SUFFIX.fullmatch(suffix):
        known = " ".join(AUDIO_SUFFIXES)
        raise InputError(f"{suffix!r} is no ending of an audio file; give one of {known}")
    return f"sound{suffix}"


def as_values(name: str, query: Mapping[str, str]) -> dict[str, Any]:
    """An operation's JSON of a query such as ?model=denoise&rest=true&sources=vocals,drums.

    Raises:
        InputError: no such operation.
    """
    if name not in OPERATIONS:
        raise InputError(f"no operation is called {name!r}; there are {', '.join(OPERATIONS)}")
    lists = {
        field.name
        for field in dataclasses.fields(OPERATIONS[name])
        if str(field.type).startswith("tuple")
    }
    values = {key: _value(text, key in lists) for key, text in query.items()}
    return {"operation": name, **values}


def _value(text: str, is_list: bool) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.split(",") if is_list else text
