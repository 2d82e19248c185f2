"""Fusions: the identity at first whatever the condition, their formulas, their inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from aeolia.nn.fusion import FUSIONS, build_fusion

CHANNELS, WIDTH = 6, 5


def features(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn((3, CHANNELS, 4, 2), generator=generator),
        torch.randn((3, WIDTH), generator=generator),
    )


def trained(kind: str) -> nn.Module:
    """As if trained: every weight is something."""
    torch.manual_seed(1)
    fusion = build_fusion(kind, CHANNELS, WIDTH)
    with torch.no_grad():
        for parameter in fusion.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return fusion


@pytest.mark.parametrize("kind", FUSIONS)
def test_it_starts_as_the_identity(kind: str) -> None:
    x, condition = features()
    assert torch.equal(build_fusion(kind, CHANNELS, WIDTH)(x, 100.0 * condition), x)


@pytest.mark.parametrize("kind", FUSIONS)
def test_every_weight_learns(kind: str) -> None:
    x, condition = features()
    fusion = trained(kind)
    fusion(x, condition).square().sum().backward()
    assert all(parameter.grad.abs().max() > 0.0 for parameter in fusion.parameters())


@pytest.mark.parametrize("kind", FUSIONS)
@torch.no_grad()
def test_items_frames_and_positions_are_apart(kind: str) -> None:
    """Nothing but its own features and its own condition reaches an output."""
    (x, condition), fusion = features(), trained(kind)
    before = fusion(x, condition)
    changed_x, changed_condition = x.clone(), condition.clone()
    changed_x[1, :, 2, 1] += 1.0
    changed_condition[2] += 1.0
    moved = (fusion(changed_x, changed_condition) - before).abs().amax(1) > 1e-6
    expected = torch.zeros_like(moved)
    expected[1, 2, 1] = True
    expected[2] = True
    assert torch.equal(moved, expected)


@torch.no_grad()
def test_film_scales_and_shifts() -> None:
    (x, condition), fusion = features(), trained("film")
    weight, bias = fusion.modulate.weight.numpy(), fusion.modulate.bias.numpy()
    scale, shift = np.split(condition.numpy() @ weight.T + bias, 2, axis=1)
    expected = x.numpy() * (1.0 + scale[:, :, None, None]) + shift[:, :, None, None]
    np.testing.assert_allclose(fusion(x, condition).numpy(), expected, atol=1e-5)


@torch.no_grad()
def test_concatenation_is_a_layer_over_both() -> None:
    (x, condition), fusion = features(), trained("concat")
    beside = condition[:, :, None, None].expand(-1, -1, *x.shape[2:])
    expected = fusion.mix(torch.cat([x, beside], 1).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    np.testing.assert_allclose(fusion(x, condition).numpy(), expected.numpy(), atol=1e-5)


@torch.no_grad()
def test_attention_weighs_values_of_the_condition() -> None:
    (x, condition), fusion = features(), trained("attention")
    item, frame, position = 1, 3, 0
    tokens = fusion.tokens(condition[item]).numpy().reshape(8, 2 * CHANNELS)
    keys, values = tokens[:, :CHANNELS], tokens[:, CHANNELS:]
    query = fusion.query(x[item, :, frame, position]).numpy()
    scores = np.exp(keys @ query / np.sqrt(CHANNELS))
    answer = torch.from_numpy((scores / scores.sum()) @ values).float()
    expected = x[item, :, frame, position] + fusion.answer(answer)
    found = fusion(x, condition)[item, :, frame, position]
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-5)
