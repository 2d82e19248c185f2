"""Weights moved to a model of more bands, channels or layers, or refused in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from aeolia.config import DenoiseConfig
from aeolia.config.classes import CLASSES, KIT
from aeolia.errors import ModelError
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.spectral.transplant import transplant
from made.random_separators import BY_CLASS, random_separator, some_conditions
from made.tiny_models import TINY, TINY_TEXTBOOK, noise, random_model, with_layers

#: The same bins and bands up to 8 kHz, and 16 bands more above.
WIDE = replace(
    TINY,
    name="wide",
    sample_rate=48000,
    win_length=1536,
    hop_length=768,
    band_groups=((8000, 16), (24000, 16)),
)


@pytest.mark.parametrize("config", [TINY, TINY_TEXTBOOK, with_layers(TINY, "conv_gru", "lstm")])
def test_transplanting_into_the_same_structure_copies(config: DenoiseConfig) -> None:
    model, source = random_model(config, seed=1), random_model(config, seed=2)
    transplant(model, source.state_dict())
    for name, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)


@pytest.mark.parametrize("kind", ["conv_gru", "lstm"])
@torch.no_grad()
def test_a_wider_band_starts_from_the_narrow_model(kind: str) -> None:
    """The grown model reads only the known bands, and its output there is the narrow one's."""
    narrow = random_model(with_layers(TINY, kind, kind))
    wide = random_model(with_layers(WIDE, kind, kind), seed=5)
    transplant(wide, narrow.state_dict())
    features = noise(2, 3, 7, 48).abs()
    features[..., 32:] = 0.0
    narrow_latent, narrow_skips, _ = narrow.encoder(features[..., :32], narrow.initial_state(2))
    wide_latent, wide_skips, _ = wide.encoder(features, wide.initial_state(2))
    if kind == "lstm":
        assert torch.allclose(wide_latent, narrow_latent, atol=1e-6)
        features[..., 32:] = 1.0
        assert torch.allclose(wide.encoder(features, wide.initial_state(2))[0], wide_latent)
    else:
        # The topmost positions of each layer see a little of the new bands next to them.
        assert (wide_latent - narrow_latent).abs().max() < 0.2 * narrow_latent.abs().max()
        assert torch.allclose(wide_skips[0][..., :15], narrow_skips[0][..., :15], atol=1e-6)
    latent = noise(2, 7, 4)
    narrow_values, _ = narrow.decoder(latent, [], narrow.initial_state(2))
    wide_values, _ = wide.decoder(latent, [], wide.initial_state(2))
    assert wide_values.shape == (2, 6, 7, 48)
    known = 32 if kind == "lstm" else 24
    assert torch.allclose(wide_values[..., :known], narrow_values[..., :known], atol=1e-6)
    if kind == "lstm":  # new bands get the values of the highest known one
        highest = narrow_values[..., 31:].expand(2, 6, 7, 16)
        assert torch.allclose(wide_values[..., 32:], highest, atol=1e-6)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (with_layers(TINY, "conv", "conv_gru"), TINY, "hold no encoder.recurrent"),
        (TINY, with_layers(TINY, "conv", "conv_gru"), "hold encoder.recurrent.*this model has not"),
        (TINY, replace(TINY, hidden_dim=16), "is .* here it is"),
        (TINY, replace(TINY, filter_taps=5), "start from a model of the same layers"),
        (replace(TINY, channels=(4, 6, 4)), TINY, "start from a model of the same layers"),
        (replace(TINY, channels=(4, 4, 6)), TINY, "start from a model of the same layers"),
        (WIDE, TINY, "more bands than this model"),
    ],
)
def test_weights_of_another_structure(
    source: DenoiseConfig, target: DenoiseConfig, message: str
) -> None:
    model = random_model(target)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ModelError, match=message) as caught:
        transplant(model, random_model(source).state_dict())
    assert "\n" not in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    "change",
    [
        {"channels": (4, 6, 4)},
        {"channels": (6, 8, 10)},
        {"band_memory": 4, "band_memories": 2},
        {"channels": (4, 8, 8), "band_memory": 4},
    ],
)
@torch.no_grad()
def test_more_channels_and_layers_start_as_the_smaller_model(change: dict[str, object]) -> None:
    small, large = random_model(TINY), random_model(replace(TINY, **change), seed=5)
    for memory in large.decoder.memories:  # type: ignore[union-attr]
        for layer in (memory.answer, memory.across_answer):  # as a fresh one is
            layer.weight.zero_(), layer.bias.zero_()
    transplant(large, small.state_dict())
    audio = noise(2, 1, 9 * 256)
    assert torch.allclose(large(audio), small(audio), atol=1e-6)
    if "channels" in change:  # what is new has an output, so that it can learn
        assert (large.encoder.convs[1].conv.weight[4:].abs().flatten(1).sum(1) > 0).all()  # type: ignore[union-attr]


@torch.no_grad()
def test_a_separator_with_more_channels_starts_as_the_smaller_one() -> None:
    small = random_separator(BY_CLASS)
    torch.manual_seed(5)
    large = ConditionalAutoencoder(replace(BY_CLASS, channels=(4, 6, 8), band_memory=4)).eval()
    transplant(large, small.state_dict())
    audio, conditions = noise(2, 1, 9 * 256), some_conditions(small, 2, 3)
    found = large(audio, conditions, torch.zeros(2))[0]
    assert torch.allclose(found, small(audio, conditions, torch.zeros(2))[0], atol=1e-6)


@torch.no_grad()
def test_a_separator_with_more_and_wider_memories_starts_as_the_smaller_one() -> None:
    small = random_separator(replace(BY_CLASS, band_memory=4))
    torch.manual_seed(5)
    wider = replace(BY_CLASS, band_memory=6, band_memories=2, band_mixing=3)
    large = ConditionalAutoencoder(wider).eval()
    transplant(large, small.state_dict())
    audio, conditions = noise(2, 1, 9 * 256), some_conditions(small, 2, 3)
    found = large(audio, conditions, torch.zeros(2))[0]
    assert torch.allclose(found, small(audio, conditions, torch.zeros(2))[0], atol=1e-6)
    for name in ("up", "recurrent"):  # what is new has an output, so that it can learn
        project = getattr(large.decoder.memories[0], name).project
        assert (project.weight.abs().sum(1) > 0).all()


@torch.no_grad()
def test_more_bands_and_channels_at_once() -> None:
    small = random_model(TINY)
    large = random_model(replace(WIDE, channels=(4, 6, 8)), seed=5)
    only_bands = random_model(WIDE, seed=6)
    transplant(only_bands, small.state_dict())
    transplant(large, small.state_dict())
    audio = noise(1, 1, 9 * 768)
    assert torch.allclose(large(audio), only_bands(audio), atol=1e-6)


def test_the_parts_of_a_kit_begin_as_the_drums() -> None:
    kit = replace(BY_CLASS, classes=KIT)
    known, model = random_separator(BY_CLASS, seed=1), random_separator(kit, seed=2)
    transplant(model, known.state_dict())
    name = "embedding.vectors.weight"
    before, after = known.state_dict(), model.state_dict()
    assert {key for key in after if after[key].shape != before[key].shape} == {name}
    drums = before[name][:, CLASSES.index("drums")]
    assert torch.equal(after[name], drums[:, None].expand(-1, len(KIT)))
    assert all(torch.equal(after[key], before[key]) for key in after if key != name)
    again = random_separator(BY_CLASS, seed=3)
    fresh = again.state_dict()[name].clone()
    transplant(again, model.state_dict())
    assert torch.equal(again.state_dict()[name], fresh), "a kit says nothing of other classes"
