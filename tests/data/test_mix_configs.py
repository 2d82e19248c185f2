"""The configs of mixtures: every key is checked, in words, and they go through JSON unchanged."""

from __future__ import annotations

import dataclasses
import math
import typing
from typing import Any

import pytest

from aeolia.config import config_from_dict, config_from_json, config_to_json
from aeolia.config.ranges import AtLeast, Between, OneOf, Span
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.data.separate.mix_config import ClassMixConfig, KitMixConfig, SpeakerMixConfig
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.errors import ConfigError

CONFIGS = (MixConfig, ClassMixConfig, KitMixConfig, SpeakerMixConfig, NoteMixConfig)
KEYS = [(config, field.name) for config in CONFIGS for field in dataclasses.fields(config)]
#: Free by nature: any names of instruments and songs, and what is so or not.
UNLIMITED = {"held_out", "hold_out", "general_midi"}


def impossible_values(limit: Any) -> list[Any]:
    """Values just outside of a limit."""
    if isinstance(limit, AtLeast):
        return [type(limit.least)(limit.least - 1)]
    if isinstance(limit, Between):
        return [limit.low - 0.01, limit.high + 0.01]
    if isinstance(limit, Span):
        return [
            (limit.low - 1.0, limit.high),
            (limit.low, limit.high + 1.0),
            (limit.high, limit.low),
        ]
    assert isinstance(limit, OneOf)
    return ["", limit.choices[0].upper()]


@pytest.mark.parametrize(("config", "key"), KEYS)
def test_every_key_is_checked(config: type, key: str) -> None:
    hint = typing.get_type_hints(config, include_extras=True)[key]
    limits = getattr(hint, "__metadata__", ())
    assert bool(limits) is (key not in UNLIMITED)
    for limit in limits:
        for value in impossible_values(limit):
            with pytest.raises(ConfigError, match=f"{key} is .*; it must "):
                config(**{key: value})
    if isinstance(default := getattr(config(), key), float | tuple) and key not in UNLIMITED:
        with pytest.raises(ConfigError, match=f"{key} is .*finite"):
            config(**{key: (math.nan, 1.0) if isinstance(default, tuple) else math.nan})


@pytest.mark.parametrize("config", CONFIGS)
def test_strict_json(config: type) -> None:
    made = config(seed=7)
    assert config_from_json(config, config_to_json(made)) == made
    with pytest.raises(ConfigError, match="did you mean 'seed'"):
        config_from_dict(config, {"sead": 1})


@pytest.mark.parametrize(
    ("config", "values", "message"),
    [
        (MixConfig, {"noise_only": 0.6, "clean_only": 0.6}, "together exceed 1"),
        (ClassMixConfig, {"beside_speech": 0.7, "music_alone": 0.7}, "together exceed 1"),
        (SpeakerMixConfig, {"absent": 0.7, "alone": 0.7}, "together exceed 1"),
        (
            MixConfig,
            dict.fromkeys(("recorded", "coloured", "gaussian", "babble", "tones"), 0.0),
            "give one noise a share",
        ),
    ],
)
def test_what_does_not_fit_together(config: type, values: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config(**values)
