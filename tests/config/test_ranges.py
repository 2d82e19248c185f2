"""Limits of config values: what is refused, in which words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from aeolia.config import config_from_dict
from aeolia.config.ranges import (
    Above,
    AtLeast,
    Between,
    Each,
    OneOf,
    Span,
    check_fields,
    check_unread,
)
from aeolia.errors import ConfigError


@dataclass(frozen=True)
class Example:
    steps: Annotated[int, AtLeast(1)] = 5
    rate: Annotated[float, Above(0.0)] = 0.5
    share: Annotated[float, Between(0.0, 1.0)] = 0.5
    level_db: Annotated[tuple[float, float], Span(-120.0, 0.0)] = (-40.0, -10.0)
    kind: Annotated[str, OneOf("conv", "lstm")] = "conv"
    channels: Annotated[tuple[int, ...], Each(AtLeast(1), count=1)] = (4, 8)

    def __post_init__(self) -> None:
        check_fields(self)
        if self.kind == "lstm":
            check_unread(self, ["channels"], "an lstm")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"steps": 0}, "steps is 0; it must be at least 1"),
        ({"rate": 0.0}, "rate is 0.0; it must be above 0"),
        ({"rate": math.nan}, "rate is nan; numbers must be finite"),
        ({"share": 1.5}, "share is 1.5; it must be between 0 and 1"),
        ({"level_db": [-10, -40]}, "level_db .* the lower first, from -120 to 0"),
        ({"level_db": [-math.inf, 0]}, "numbers must be finite"),
        ({"kind": "gru"}, "kind is 'gru'; it must be one of conv, lstm"),
        ({"channels": []}, "channels is .*; it must hold at least 1 values"),
        ({"channels": [4, 0]}, "each must be at least 1"),
        ({"kind": "lstm", "channels": [2]}, "channels is .* an lstm does not read it"),
    ],
)
def test_what_lies_outside_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config_from_dict(Example, values)


def test_what_lies_inside_is_taken() -> None:
    values = {"steps": 1, "share": 1, "level_db": [-20, -20], "channels": [1]}
    config = config_from_dict(Example, values)
    assert (config.steps, config.share, config.level_db) == (1, 1.0, (-20.0, -20.0))
    assert config_from_dict(Example, {"kind": "lstm"}).channels == (4, 8)
