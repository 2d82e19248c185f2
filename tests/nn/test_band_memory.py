"""Band memories: the identity at first, blocks equal the whole, causal in time, not in bands."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from aeolia.nn.band_memory import BandMemory
from made.blocks import in_blocks


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def random_memory(mixing: int = 0) -> BandMemory:
    torch.manual_seed(0)
    memory = BandMemory(6, 8, bands=7, mixing=mixing)
    for layer in (memory.mix_answer, memory.across_answer, memory.answer):
        if layer is not None:
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
    return memory.eval()


@pytest.fixture(params=[0, 3], ids=["plain", "mixing"])
def memory(request: pytest.FixtureRequest) -> BandMemory:
    return random_memory(request.param)


@torch.no_grad()
@pytest.mark.parametrize("mixing", [0, 3])
def test_it_starts_as_the_identity(mixing: int) -> None:
    x, state = noise(5, 2, 7, 6), noise(2, 7, 8)
    y, following = BandMemory(6, 8, 7, mixing)(x, state)
    assert torch.equal(y, x) and following.shape == state.shape


@torch.no_grad()
def test_blocks_equal_the_whole(memory: BandMemory) -> None:
    x, state = noise(9, 2, 7, 6), noise(2, 7, 8)
    whole, last = memory(x, state)
    parts, state = in_blocks(memory, x, state, [1, 3, 1, 4])
    assert torch.allclose(parts, whole, atol=1e-6)
    assert torch.allclose(state, last, atol=1e-6)


@torch.no_grad()
def test_a_band_depends_on_all_bands_of_its_frame_and_of_earlier_ones(memory: BandMemory) -> None:
    x, state = noise(6, 1, 7, 6), torch.zeros(1, 7, 8)
    before, _ = memory(x, state)
    other = x.clone()
    other[3, 0, 5, 2] += 1.0
    after, _ = memory(other, state)
    moved = (after - before).abs().amax(dim=3)[:, 0] > 1e-6
    assert not moved[:3].any() and moved[3:].all()


def test_every_weight_gets_a_gradient(memory: BandMemory) -> None:
    memory(noise(4, 2, 7, 6), torch.zeros(2, 7, 8))[0].square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in memory.parameters())


def test_it_trains_in_mixed_precision(memory: BandMemory) -> None:
    x, state = noise(4, 2, 7, 6), torch.zeros(2, 7, 8)
    expected, _ = memory(x, state)
    with torch.autocast("cpu", torch.bfloat16):
        y, following = memory(x, state)
    y.float().square().sum().backward()
    assert following.dtype == torch.float32
    assert torch.allclose(y.float(), expected, atol=0.1 * float(expected.abs().max().detach()))
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in memory.parameters())
