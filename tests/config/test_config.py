"""Model configs: strict JSON, and values that cannot be built are refused in words."""

from __future__ import annotations

import dataclasses
import json

import pytest

from aeolia.config import (
    DenoiseConfig,
    SpectralConfig,
    config_from_dict,
    config_from_json,
    config_to_json,
)
from aeolia.errors import ConfigError
from aeolia.recipes.catalogue import PRESETS
from made.tiny_models import TINY


@pytest.mark.parametrize(
    "config", [TINY, *(preset.model for preset in PRESETS.values())], ids=lambda config: config.name
)
def test_json_gives_the_config_back(config: SpectralConfig) -> None:
    assert config_from_json(type(config), config_to_json(config)) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"hidden_dimm": 3}', "no key 'hidden_dimm'; did you mean 'hidden_dim'"),
        ('{"qqq": 3}', "no key 'qqq'; known: name, task"),
        ("[1]", "must be a JSON object, not list"),
        ("{", "not valid JSON"),
        ('{"hidden_dim": NaN}', "NaN is no number of JSON"),
        ('{"name": "a", "name": "b"}', "the key 'name' stands twice"),
        ("[" * 100000, "not valid JSON"),
        ('{"hidden_dim": 1' + 5000 * "0" + "}", "not valid JSON"),
        ('{"hidden_dim": 1' + 400 * "0" + "}", "hidden_dim is 1.*; it must be between"),
        ('{"compression": 1' + 400 * "0" + "}", "compression is a number beyond"),
        ('{"compression": 1e400}', "compression is inf; numbers must be finite"),
        ('{"hidden_dim": "8"}', "hidden_dim is '8'; it must be of type int"),
        ('{"hidden_dim": 8.5}', "hidden_dim is 8.5; it must be of type int"),
        ('{"hidden_dim": true}', "hidden_dim is True; it must be of type int"),
        ('{"channels": 8}', "channels is 8; it must be a list"),
        ('{"band_groups": [[8000, 16, 1]]}', "must have 2 values"),
        ('{"skips": 1}', "skips is 1; it must be of type bool"),
    ],
)
def test_json_that_does_not_fit(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        config_from_json(DenoiseConfig, text)


def test_whole_numbers_pass_for_fractions() -> None:
    config = config_from_dict(DenoiseConfig, {"compression": 1})
    assert config.compression == 1.0 and isinstance(config.compression, float)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "sing"}, "task is 'sing'; it must be one of denoise"),
        ({"encoder": "lstm"}, "skips is true, and an lstm has none"),
        (
            {"encoder": "lstm", "decoder": "lstm", "skips": False},
            "channels .* of lstm layers",
        ),
        ({"band_mixing": 2}, "band_mixing is 2, and a band_memory of 0 does not read it"),
        ({"output": "magnitude", "filter_taps": 2}, "magnitudes does not read it; leave it out"),
        ({"band_memory": 1}, "band_memory is 1; it must be 0, or 2 and more"),
        ({"encoder": "gru"}, "encoder is 'gru'"),
        ({"decoder": "gru"}, "decoder is 'gru'"),
        ({"output": "mask"}, "output is 'mask'"),
        ({"hidden_dim": 0}, "hidden_dim is 0"),
        ({"filter_taps": 0}, "filter_taps is 0"),
        ({"hop_length": 300}, "must be a multiple of hop_length"),
        ({"hop_length": 512}, "at least twice it"),
        ({"win_length": 513, "hop_length": 171}, "it must be even"),
        ({"channels": ()}, "channels is"),
        ({"channels": (4, 0)}, "channels is"),
        ({"channels": (4,) * 6}, "must divide by"),
        ({"compression": 0.0}, "compression is 0.0"),
        ({"n_linear_bins": 0}, "n_linear_bins is 0; it must be between 1 and 256"),
        ({"n_linear_bins": 257}, "n_linear_bins is 257"),
        ({"band_groups": ()}, "band_groups has"),
        ({"band_groups": ((8000, 0),)}, "band_groups has"),
        ({"band_groups": ((400, 16),)}, "must rise from the end of the linear bins, 500 Hz"),
        ({"band_groups": ((8000, 8), (8000, 8))}, "must rise"),
        ({"band_memory": -1}, "band_memory is -1; it must be between 0"),
        ({"band_mixing": -1}, "band_mixing is -1; it must be between 0"),
        ({"band_memories": 0}, "band_memories is 0"),
    ],
)
def test_values_that_cannot_be_built(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        dataclasses.replace(TINY, **change)
    assert "\n" not in str(caught.value)


def test_lengths_that_follow() -> None:
    config = dataclasses.replace(TINY, hop_length=128)
    assert (config.n_bins, config.n_positions) == (257, 32)
    assert config.delay == 512 - 128
    assert config.latency_ms == 32.0


def test_json_is_plain() -> None:
    values = json.loads(config_to_json(TINY))
    assert values["channels"] == [4, 4, 4] and values["name"] == "tiny"
