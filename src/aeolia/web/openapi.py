"""The HTTP API of operations as OpenAPI 3.1 has it, made from their classes.

What a setting is for stands above it in the class, in a comment that begins with "#:"; its type
and range are those of its annotation.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from typing import Any

import aeolia
from aeolia.api.operations.registry import OPERATIONS
from aeolia.config.ranges import Above, AtLeast, Between, OneOf
from aeolia.web.routes.requests import FILES

__all__ = ["description"]

#: Fields that are for the command line, or say how files of a shell are read.
_LEFT_OUT = ("residual", "options")
_COMMENTED = re.compile(r"((?:^ +#: .*\n)+) +(\w+):", re.M)
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}

_COMMON = [
    ("name", "What the file is called; its ending tells the format. Without it, its content does."),
    (
        "format",
        "Ending of the output, such as .flac. Without it, what the header Accept asks for, such as "
        "audio/flac; else the input's format.",
    ),
]


def description() -> dict[str, Any]:
    """All operations, each a path."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aeolia",
            "version": aeolia.__version__,
            "description": "Audio autoencoders: denoise, separate, synthesise. A request's body is "
            "the file, its query has the settings, and the answer is what was made.",
        },
        "paths": {f"/api/{name}": {"post": _operation(cls)} for name, cls in OPERATIONS.items()},
    }


def _operation(cls: Any) -> dict[str, Any]:
    documented = inspect.getdoc(cls) or ""
    described: dict[str, Any] = {
        "operationId": cls.name,
        "summary": documented.partition("\n")[0].partition(": `")[0],
        "parameters": [*_settings(cls), *_common(cls.reads)],
        "responses": {
            "200": {
                "description": "The file, or a ZIP of several.",
                "content": {"application/octet-stream": {}, "application/zip": {}},
            },
            **{
                status: {"description": words, "content": {"application/json": {"schema": _ERROR}}}
                for status, words in _FAILURES.items()
            },
        },
    }
    if cls.reads:
        any_bytes: dict[str, Any] = {"application/octet-stream": {}}
        described["requestBody"] = {"required": True, "content": any_bytes}
    return described


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "What came, and what is needed."}},
}
_FAILURES = {
    "400": "A file or a setting that cannot be.",
    "404": "A file that an earlier request sent is not there.",
    "413": "The file is too large.",
}


def _common(reads: bool) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
        for name, words in _COMMON
        if reads or name != "name"
    ]


def _settings(cls: Any) -> list[dict[str, Any]]:
    hints = typing.get_type_hints(cls, include_extras=True)
    words = _comments(cls)
    settings = []
    for field in dataclasses.fields(cls):
        if field.name in _LEFT_OUT:
            continue
        schema = _schema(hints[field.name])
        needed = field.default is dataclasses.MISSING
        if not needed and field.default is not None:
            schema["default"] = field.default
        setting: dict[str, Any] = {"name": field.name, "in": "query", "required": needed}
        setting["description"] = words.get(field.name, "")
        if field.name in FILES.get(cls.name, ()):
            setting["description"] = "A file: the id that POST /api/files?name=NAME answered."
        if schema.get("items") == {"type": "string"}:
            setting["description"] += " Commas between, or JSON."
            setting |= {"style": "form", "explode": False}
        settings.append({**setting, "schema": schema})
    return settings


def _schema(hint: Any) -> dict[str, Any]:
    """JSON Schema of an annotation; {} for what may be anything."""
    if typing.get_origin(hint) is typing.Annotated:
        inner, *limits = typing.get_args(hint)
        schema = _schema(inner)
        for limit in limits:
            schema |= _limit(limit)
        return schema
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        if len(kinds) == 1:
            return _schema(kinds[0])
        return {"anyOf": [_schema(kind) for kind in kinds]}
    if typing.get_origin(hint) is tuple:
        items = typing.get_args(hint)
        if items[-1] is Ellipsis:
            return {"type": "array", "items": _schema(items[0])}
        return {"type": "array", "prefixItems": [_schema(item) for item in items]}
    return {"type": _PLAIN[hint]} if hint in _PLAIN else {}


def _limit(limit: Any) -> dict[str, Any]:
    if isinstance(limit, AtLeast):
        return {"minimum": limit.least}
    if isinstance(limit, Above):
        return {"exclusiveMinimum": limit.bound}
    if isinstance(limit, Between):
        return {"minimum": limit.low, "maximum": limit.high}
    return {"enum": list(limit.choices)} if isinstance(limit, OneOf) else {}


def _comments(cls: Any) -> dict[str, str]:
    """What is said of each field, by its name; that of a class stands before its bases'."""
    found: dict[str, str] = {}
    for one in cls.__mro__:
        if isinstance(one, type) and dataclasses.is_dataclass(one):
            for comment, name in _COMMENTED.findall(inspect.getsource(one)):
                text = " ".join(line.strip().removeprefix("#: ") for line in comment.splitlines())
                found.setdefault(name, text)
    return found
