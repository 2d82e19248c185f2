"""All keys of a config class in words: name, default, and what its value may be."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterable
from typing import Any

__all__ = ["KeyFacts", "keys_of"]


@dataclasses.dataclass(frozen=True)
class KeyFacts:
    """What is known of a key."""

    name: str
    #: As JSON writes it.
    default: str
    #: The type, and the rules that the value keeps to.
    possible: str


def keys_of(
    config: type[Any], changes: Any = None, leave_out: Iterable[str] = ()
) -> list[KeyFacts]:
    """The keys of a config class in its own order.

    Args:
        changes: an object whose values are shown as defaults, in place of the class's own.
        leave_out: keys that nobody sets.
    """
    hints = typing.get_type_hints(config, include_extras=True)
    default = config() if changes is None else changes
    return [
        KeyFacts(
            field.name,
            json.dumps(getattr(default, field.name)),
            _possible(hints[field.name]),
        )
        for field in dataclasses.fields(config)
        if field.name not in leave_out
    ]


def _possible(hint: Any) -> str:
    """A type's name, then its rules."""
    limits = getattr(hint, "__metadata__", ())
    plain = hint.__origin__ if limits else hint
    name = plain.__name__ if isinstance(plain, type) and not typing.get_args(plain) else str(plain)
    return ", ".join(
        [name.replace("NoneType", "null"), *(limit.words.removeprefix("be ") for limit in limits)]
    )
