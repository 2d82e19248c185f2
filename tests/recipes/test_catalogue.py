"""Presets: the promises made about them hold, and names are checked."""

from __future__ import annotations

import pytest

from aeolia.errors import ConfigError
from aeolia.recipes.catalogue import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_called_by_its_name(name: str) -> None:
    assert preset(name).model.name == name


@pytest.mark.parametrize(
    ("name", "sample_rate", "latency_ms"), [("denoise", 48000, 40.0), ("denoise-16k", 16000, 32.0)]
)
def test_latency_is_as_promised(name: str, sample_rate: int, latency_ms: float) -> None:
    config = preset(name).model
    assert config.sample_rate == sample_rate
    assert config.latency_ms <= latency_ms


def test_the_textbook_autoencoder_has_nothing_but_its_latent() -> None:
    for name in ("textbook", "textbook-lstm"):
        assert not preset(name).model.skips and preset(name).model.output == "magnitude"


def test_full_band_shares_the_lower_bands() -> None:
    low, high = preset("denoise-low").model, preset("denoise").model
    assert low.sample_rate / low.win_length == high.sample_rate / high.win_length
    assert high.band_groups[: len(low.band_groups)] == low.band_groups
    assert (low.n_linear_bins, low.channels) == (high.n_linear_bins, high.channels)


@pytest.mark.parametrize(
    ("name", "message"),
    [("denoise-16", "did you mean 'denoise-16k'"), ("zzz", "known: denoise, denoise-16k,")],
)
def test_an_unknown_name(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        preset(name)
