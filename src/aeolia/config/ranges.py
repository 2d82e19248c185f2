"""What a config's values may be, said in the field's own type: `steps: Annotated[int, AtLeast(1)]`.

`check_fields` in a config's `__post_init__` refuses what lies outside, in one line that names the
key, what came and what is possible; every number must be finite besides.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from aeolia.errors import ConfigError

__all__ = [
    "Above",
    "AtLeast",
    "Between",
    "Each",
    "OneOf",
    "Span",
    "check_fields",
    "check_unread",
    "shown",
]


class Limit(Protocol):
    """What a value may be."""

    def allows(self, value: Any) -> bool:
        """Whether `value`, of the field's type, is possible."""

    @property
    def words(self) -> str:
        """The rule, to follow "it must"."""


@dataclass(frozen=True)
class AtLeast:
    """A number that is not below `least`."""

    least: float

    def allows(self, value: Any) -> bool:
        return bool(value >= self.least)

    @property
    def words(self) -> str:
        return f"be at least {self.least:g}"


@dataclass(frozen=True)
class Above:
    """A number above `bound`."""

    bound: float

    def allows(self, value: Any) -> bool:
        return bool(value > self.bound)

    @property
    def words(self) -> str:
        return f"be above {self.bound:g}"


@dataclass(frozen=True)
class Between:
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def allows(self, value: Any) -> bool:
        return bool(self.low <= value <= self.high)

    @property
    def words(self) -> str:
        return f"be between {self.low:g} and {self.high:g}"


@dataclass(frozen=True)
class Span:
    """A pair (lowest, highest) that does not fall and lies within `low` and `high`."""

    low: float = -math.inf
    high: float = math.inf

    def allows(self, value: Any) -> bool:
        return bool(self.low <= value[0] <= value[1] <= self.high)

    @property
    def words(self) -> str:
        within = (
            ""
            if math.isinf(self.low) and math.isinf(self.high)
            else (f", from {self.low:g} to {self.high:g}")
        )
        return f"be two numbers, the lower first{within}"


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    choices: tuple[str, ...]

    def __init__(self, *choices: str) -> None:
        object.__setattr__(self, "choices", choices)

    def allows(self, value: Any) -> bool:
        return value in self.choices

    @property
    def words(self) -> str:
        return f"be one of {', '.join(self.choices)}"


@dataclass(frozen=True)
class Each:
    """A list whose entries all keep to `limit`; of at least `count` entries."""

    limit: Limit
    count: int = 0

    def allows(self, value: Any) -> bool:
        return len(value) >= self.count and all(self.limit.allows(item) for item in value)

    @property
    def words(self) -> str:
        return f"hold at least {self.count} values, and each must {self.limit.words}"


def shown(value: Any) -> str:
    """A value for a message of one line, long ones cut."""
    try:
        text = repr(list(value) if isinstance(value, tuple) else value)
    except (ValueError, RecursionError):  # numbers of thousands of digits, lists without an end
        text = f"a {type(value).__name__} too large to show"
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


def check_fields(config: Any) -> None:
    """Refuse a config dataclass with a value outside its field's limits, or a number not finite.

    Raises:
        ConfigError: naming the key, what came and what is possible.
    """
    hints = typing.get_type_hints(type(config), include_extras=True)
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if not _is_finite(value):
            raise ConfigError(f"{field.name} is {shown(value)}; numbers must be finite")
        if value is None:  # left open, where the type allows that
            continue
        for limit in getattr(hints[field.name], "__metadata__", ()):
            if not limit.allows(value):
                raise ConfigError(f"{field.name} is {shown(value)}; it must {limit.words}")


def _is_finite(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_finite(item) for item in value)
    return not isinstance(value, float) or math.isfinite(value)


def check_unread(config: Any, fields: Iterable[str], reader: str) -> None:
    """Refuse values that nothing would read, such as the channels of an encoder without any.

    Args:
        fields: keys that are not read here, and so must be as they are by default.
        reader: what does not read them, for the message: "an lstm encoder".

    Raises:
        ConfigError: one of them was set.
    """
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    for name in fields:
        value = getattr(config, name)
        if value != defaults[name]:
            raise ConfigError(
                f"{name} is {shown(value)}, and {reader} does not read it; leave it out"
            )
