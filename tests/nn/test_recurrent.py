"""Recurrent layers: against PyTorch's own, and with the state handed on between blocks."""

from __future__ import annotations

import pytest
import torch

from aeolia.nn.recurrent import (
    MinimalGRU,
    Recurrent,
    _follow_by_frame,
    _follow_in_blocks,
    _gradients_by_frame,
    _gradients_in_blocks,
)
from made.blocks import in_blocks


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("layer", "width"),
    [(Recurrent("gru", 5, 8), 8), (Recurrent("lstm", 5, 8), 16), (MinimalGRU(5, 8), 8)],
    ids=["gru", "lstm", "minimal"],
)
@torch.no_grad()
def test_blocks_equal_the_whole(layer: Recurrent | MinimalGRU, width: int) -> None:
    x, state = noise(9, 2, 5), noise(2, width)
    whole, last = layer(x, state)
    assert whole.shape == (9, 2, 8) and last.shape == (2, width)
    parts, state = in_blocks(layer, x, state, [1, 3, 1, 4])
    assert torch.allclose(parts, whole, atol=1e-6)
    assert torch.allclose(state, last, atol=1e-6)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@torch.no_grad()
def test_from_zero_it_is_pytorchs_layer(kind: str) -> None:
    layer = Recurrent(kind, 5, 8)
    x = noise(6, 3, 5)
    expected, _ = layer.layer(x)
    found, state = layer(x, torch.zeros(3, layer.state_width))
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.allclose(state[:, :8], expected[-1], atol=1e-6)


@pytest.mark.parametrize(("kind", "gates"), [("gru", 3), ("lstm", 4)])
def test_recurrent_weights_start_as_rotations(kind: str, gates: int) -> None:
    for gate in Recurrent(kind, 5, 8).layer.weight_hh_l0.detach().chunk(gates):
        assert torch.allclose(gate @ gate.T, torch.eye(8), atol=1e-5)


def minimal() -> MinimalGRU:
    torch.manual_seed(0)
    return MinimalGRU(5, 8).double()


def test_minimal_gru_follows_its_formula() -> None:
    layer, x, state = minimal(), noise(6, 3, 5).double(), noise(3, 8).double()
    y, last = layer(x, state)
    gate, candidate = layer.project(x).chunk(2, dim=2)
    for t in range(6):
        state = state + torch.sigmoid(gate[t]) * (torch.tanh(candidate[t]) - state)
        assert torch.allclose(y[t], state, atol=1e-12)
    assert torch.equal(last, y[-1])


def test_minimal_gru_is_a_gru_without_recurrent_weights() -> None:
    layer, x, state = minimal(), noise(6, 3, 5).double(), noise(3, 8).double()
    for found, expected in zip(layer._as_gru(x, state), layer(x, state), strict=True):
        assert torch.allclose(found, expected, atol=1e-12)


def test_minimal_gru_has_the_gradients_that_its_formula_has() -> None:
    layer = minimal()
    x, state = noise(5, 2, 5).double().requires_grad_(), noise(2, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x, state: layer(x, state), (x, state))
    weights = noise(5, 2, 8).double()
    gradients = []
    for way in (layer.forward, layer._as_gru):
        layer.zero_grad()
        (way(x, state)[0] * weights).sum().backward()
        gradients.append([p.grad.clone() for p in layer.parameters() if p.grad is not None])
    for own, other in zip(*gradients, strict=True):
        assert torch.allclose(own, other, atol=1e-12)


@pytest.mark.parametrize("frames", [1, 2, 3, 16, 187])
def test_blocks_of_frames_give_what_single_frames_give(frames: int) -> None:
    projected, state = noise(frames, 3, 8).double(), noise(3, 4).double()
    expected, found = _follow_by_frame(projected, state), _follow_in_blocks(projected, state)
    for one, other in zip(expected, found, strict=True):
        assert torch.allclose(one, other, atol=1e-12)
    gates, candidates, y = expected
    grad = noise(frames, 3, 4).double() + 1.0
    gradients = _gradients_by_frame(grad, gates, candidates, state, y)
    for one, other in zip(
        gradients, _gradients_in_blocks(grad, gates, candidates, state, y), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-12)
