"""Operations as they are asked for: checked, with uploads in place of their names."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from aeolia.api.operations.operation import Operation
from aeolia.api.operations.registry import OPERATIONS, operation_from_json
from aeolia.audio.files import AudioReader
from aeolia.audio.formats import AUDIO_SUFFIXES, FILM_SUFFIXES, output_suffix, suffix_of
from aeolia.errors import AeoliaError, InputError, ModelError
from aeolia.runtime.catalogue import released_models
from aeolia.web.store import Store, Upload

__all__ = ["FILES", "accepted_suffix", "as_values", "check_model", "read_operation", "target_name"]

#: Settings that are files: they name an upload, never a path of this machine.
FILES = {"separate": ("speaker",), "morph": ("to",), "export_sfz": ("timbre",)}
#: Settings that write or read beside the job's own files.
_REFUSED = ("residual",)
#: Names of formats in requests, and the ending that they mean.
_MEDIA_TYPES = {
    **dict.fromkeys(("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"), ".wav"),
    **dict.fromkeys(("audio/flac", "audio/x-flac"), ".flac"),
    **dict.fromkeys(("audio/mpeg", "audio/mp3"), ".mp3"),
    **dict.fromkeys(("audio/ogg", "audio/vorbis"), ".ogg"),
    "audio/opus": ".opus",
    **dict.fromkeys(("audio/aiff", "audio/x-aiff"), ".aiff"),
    **dict.fromkeys(("audio/mp4", "audio/m4a", "audio/x-m4a"), ".m4a"),
    "video/mp4": ".mp4",
}
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
    for key in FILES.get(name, ()):
        given = values.get(key)
        if isinstance(given, str):
            values[key] = str(store.upload(given).path)
        elif isinstance(given, list):
            values[key] = [str(store.upload(str(one)).path) for one in given]
    check_model(values.get("model"), own_models)
    operation = operation_from_json(json.dumps(values))
    try:
        operation.check()
    except AeoliaError as error:  # such as a clip of a speaker in which nobody speaks
        raise InputError(store.in_owners_words(str(error))) from error
    return operation


def check_model(model: Any, own_models: bool) -> Any:
    """The same model, where it may be named.

    Raises:
        ModelError: it is none of the released ones, and paths are not for everybody.
    """
    if not own_models and model not in (None, *released_models()):
        raise ModelError(
            f"{model!r} is no model of this server; it has {', '.join(released_models())}"
        )
    return model


def target_name(operation: Operation[Any], source: Upload | None, suffix: str | None) -> str:
    """The output's name in its folder; "" where the folder takes several.

    Args:
        suffix: the format wanted, such as ".flac"; None for the input's.

    Raises:
        InputError: no such format, or none to choose.
        AudioFileError: a file without a name's ending that cannot be read.
    """
    if operation.name in ("separate", "morph", "export_sfz"):
        return ""
    if operation.name == "encode":
        if suffix not in (None, ".npz"):
            raise InputError(f"{suffix!r} is no ending of an encoding; it is a file of NumPy, .npz")
        return "sound.npz"
    if suffix is None:
        own = "" if source is None or operation.name in _MAKING else _suffix_like(source)
        suffix = own or ".wav"
    elif suffix not in (*AUDIO_SUFFIXES, *FILM_SUFFIXES):
        known = " ".join(AUDIO_SUFFIXES)
        raise InputError(f"{suffix!r} is no ending of an audio file; give one of {known}")
    return f"sound{suffix}"


def _suffix_like(source: Upload) -> str:
    """The ending of an output in the format of its source, whatever the source is called."""
    if suffix := output_suffix(source.path):
        return suffix
    with AudioReader(source.path) as reader:
        return suffix_of(reader.info)


def accepted_suffix(accept: str) -> str | None:
    """The format that a request's header Accept asks for first; None where it names none.

    Ranges such as */* leave the choice to us (RFC 9110, 12.5.1).
    """
    wanted: list[tuple[float, str]] = []
    for part in accept.split(","):
        kind, *parameters = (text.strip().lower() for text in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            share = float(quality)
        except ValueError:
            continue
        if kind in _MEDIA_TYPES and share > 0:
            wanted.append((-share, _MEDIA_TYPES[kind]))
    # The first of those that are wanted most: sorting keeps the order.
    return min(wanted, key=lambda one: one[0])[1] if wanted else None


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
