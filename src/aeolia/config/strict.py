"""Strict JSON for config dataclasses: an unknown key or a value of another type is an error.

A config is saved inside every checkpoint and every released model; silently ignoring a misspelt
key would train or run something else than was asked for.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import difflib
import json
import sys
import typing
from contextlib import suppress
from typing import Any, TypeVar

from aeolia.config.ranges import shown
from aeolia.errors import ConfigError

__all__ = ["config_from_dict", "config_from_json", "config_to_json", "read_object"]

T = TypeVar("T")


def config_from_dict(cls: type[T], values: dict[str, Any]) -> T:
    """Build the config dataclass `cls` from plain JSON values.

    Raises:
        ConfigError: an unknown key (the nearest known one is named), a missing one, or a value of
            wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    arguments = {}
    for key, value in values.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(fields)}"
            raise ConfigError(f"{cls.__name__} has no key {shown(key)}{hint}")
        arguments[key] = _coerce(f"{cls.__name__}.{key}", value, hints[key])
    for name, field in fields.items():
        needed = field.default is field.default_factory is dataclasses.MISSING
        if needed and name not in arguments:
            raise ConfigError(f"{cls.__name__} needs the key {name!r}")
    return cls(**arguments)


def _coerce(where: str, value: Any, hint: Any) -> Any:
    """Turn JSON lists back into tuples, objects into dataclasses; refuse values of another type."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{where} is {shown(value)}; it must be an object")
        return config_from_dict(hint, value)
    if typing.get_origin(hint) in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            raise ConfigError(f"{where} is {shown(value)}; it must be an object")
        _, kind = typing.get_args(hint)
        return {key: _coerce(f"{where}.{key}", item, kind) for key, item in value.items()}
    if hint is Any:
        return value
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} is {shown(value)}; it must be a list")
        args = typing.get_args(hint)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_coerce(where, item, args[0]) for item in value)
        if len(args) != len(value):
            raise ConfigError(f"{where} is {shown(value)}; it must have {len(args)} values")
        return tuple(_coerce(where, item, arg) for item, arg in zip(value, args, strict=True))
    if types := typing.get_args(hint):  # a value of one type or another, such as None
        if value is None and type(None) in types:
            return None
        *first, last = [option for option in types if option is not type(None)]
        for option in first:
            with suppress(ConfigError):
                return _coerce(where, value, option)
        return _coerce(where, value, last)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > sys.float_info.max:
            raise ConfigError(f"{where} is a number beyond {sys.float_info.max:.3g}")
        return float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise ConfigError(f"{where} is {shown(value)}; it must be of type {hint.__name__}")
    return value


def config_from_json(cls: type[T], text: str) -> T:
    """Parse strict JSON into `cls`; see `config_from_dict` and `read_object`."""
    return config_from_dict(cls, read_object(text, cls.__name__))


def read_object(text: str, what: str) -> dict[str, Any]:
    """The JSON object in `text`, strictly: no key twice, no NaN or Infinity.

    Args:
        what: the object's name, for messages.

    Raises:
        ConfigError: it is not JSON, or not an object.
    """
    try:
        values = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits
        raise ConfigError(f"{what} is not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{what} must be a JSON object, not {type(values).__name__}")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shown(twice)} stands twice")
    return values


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def config_to_json(config: Any) -> str:
    """The config as indented JSON; `config_from_json` reads it back unchanged."""
    return json.dumps(dataclasses.asdict(config), indent=2)
