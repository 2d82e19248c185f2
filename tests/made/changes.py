"""Other values of a config's keys, to see whether a change of a key changes anything."""

from __future__ import annotations

import dataclasses
import hashlib
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from aeolia.config.ranges import OneOf
from aeolia.errors import ConfigError

__all__ = ["changes_of", "digest", "keys_of"]


def keys_of(config: type[Any]) -> list[str]:
    """The keys that can have more than one value: not the `task`, which names the config."""
    hints = typing.get_type_hints(config, include_extras=True)
    only = [key for key in hints if _choices(hints[key]) and len(_choices(hints[key])) == 1]
    return [field.name for field in dataclasses.fields(config) if field.name not in only]


def changes_of(config: Any, key: str, tried: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The config with other values of one key: all choices, or numbers near its own.

    Args:
        tried: values to begin with, by key. A dictionary in place of a value gives the key's
            value and those of other keys that must change with it.
    """
    own = getattr(config, key)
    values: list[Any] = list(tried.get(key, ()))
    hints = typing.get_type_hints(type(config), include_extras=True)
    values += _choices(hints[key])
    if isinstance(own, bool):
        values.append(not own)
    elif isinstance(own, int):
        values += [own + 1, 2 * own, own // 2]
    elif isinstance(own, float):
        values += [own + 0.3, 2.0 * own, 0.5 * own]
    changed = []
    for value in values:
        together = value if isinstance(value, dict) else {key: value}
        if together[key] == own or type(together[key]) is not type(own):
            continue  # a key of this name in another config
        try:
            changed.append(dataclasses.replace(config, **together))
        except ConfigError:
            continue  # refused
    return changed


def _choices(hint: Any) -> list[Any]:
    limits = [limit for limit in getattr(hint, "__metadata__", ()) if isinstance(limit, OneOf)]
    return [choice for limit in limits for choice in limit.choices]


def digest(*tensors: torch.Tensor) -> str:
    """Shapes and samples of tensors, in short."""
    parts = [str(tuple(t.shape)).encode() + t.detach().numpy().tobytes() for t in tensors]
    return hashlib.sha256(b"".join(parts)).hexdigest()
