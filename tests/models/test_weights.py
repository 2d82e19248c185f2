"""Steps on weights: what each computes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from aeolia.errors import ModelError
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.weights import average, cut_bands, join_bands, to_half
from made.tiny_models import TINY, noise, random_model, with_layers

#: The same bands up to 4 kHz: as many positions after the convolutions as the lower half of TINY.
LOW = replace(TINY, name="low", n_linear_bins=8, band_groups=((4000, 8),))
POSITIONS = LOW.n_positions >> len(LOW.channels)


def weights_of(seed: int, config: object = TINY) -> dict[str, Tensor]:
    return random_model(config, seed=seed).state_dict()  # type: ignore[arg-type]


def test_the_average_is_the_mean_of_each_weight() -> None:
    one, two, three = (weights_of(seed) for seed in (1, 2, 3))
    for name, value in average(one, two, three).items():
        torch.testing.assert_close(value, torch.stack([one[name], two[name], three[name]]).mean(0))


def test_half_precision_is_the_nearest_half() -> None:
    full = weights_of(1)
    for name, value in to_half(full).items():
        assert value.dtype == torch.float16
        torch.testing.assert_close(value.float(), full[name], rtol=2.0**-11, atol=1e-7)


@torch.no_grad()
def test_the_low_bands_of_a_model_are_a_model_of_the_low_bands() -> None:
    """Where the bands above are silent, the encoder's dense layer gives the same."""
    wide, low = random_model(TINY), DenoisingAutoencoder(LOW)
    low.load_state_dict(cut_bands(wide.state_dict(), POSITIONS))
    features = noise(5, 4, 4)  # frames, channels, positions
    features[..., POSITIONS:] = 0.0
    expected = wide.encoder.squeeze(features.flatten(1))
    found = low.encoder.squeeze(features[..., :POSITIONS].flatten(1))
    torch.testing.assert_close(found, expected)
    hidden = noise(5, TINY.hidden_dim)
    above = wide.decoder.widen(hidden).unflatten(1, (4, -1))
    torch.testing.assert_close(low.decoder.widen(hidden).unflatten(1, (4, -1)), above[..., :2])


def test_joined_bands_cut_again_are_what_they_were() -> None:
    low, high = weights_of(1, LOW), weights_of(2)
    joined = join_bands(low, high)
    assert {name: value.shape for name, value in joined.items()} == {
        name: value.shape for name, value in high.items()
    }
    for name, value in cut_bands(joined, POSITIONS).items():
        assert torch.equal(value, low[name])
    above, own = (w["decoder.widen.bias"].unflatten(0, (4, -1)) for w in (joined, high))
    assert torch.equal(above[:, POSITIONS:], own[:, POSITIONS:])


def test_other_structures_are_refused() -> None:
    small, other = weights_of(1, LOW), weights_of(1)
    for step in (
        lambda: average(small, other),
        lambda: cut_bands(small, 2 * POSITIONS),
        lambda: join_bands(other, small),
        lambda: cut_bands(weights_of(1, with_layers(TINY, "conv_gru", "lstm")), 1),
    ):
        with pytest.raises(ModelError) as caught:
            step()
        assert "\n" not in str(caught.value)
