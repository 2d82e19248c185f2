"""Convolutions: sizes, streaming, and what one position can see."""

from __future__ import annotations

import pytest
import torch

from aeolia.nn.conv import DownConv, UpConv
from made.blocks import in_blocks


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("width", [3, 5])
@pytest.mark.parametrize("frames", [1, 2, 4])
@torch.no_grad()
def test_blocks_equal_the_whole(frames: int, width: int) -> None:
    conv = DownConv(3, 4, frames, width)
    x, past = noise(2, 3, 9, 16), noise(2, 3, frames - 1, 16) if frames > 1 else None
    whole, last = conv(x, past)
    assert whole.shape == (2, 4, 9, 8)
    parts, past = in_blocks(conv, x, past, [1, 2, 1, 5], dim=2)
    assert torch.allclose(parts, whole, atol=1e-6)
    if frames > 1:
        assert torch.equal(past, last) and torch.equal(past, x[:, :, -(frames - 1) :])
    else:
        assert past is None and last is None


@torch.no_grad()
def test_the_future_does_not_reach_the_past() -> None:
    conv, x, past = DownConv(3, 4, 2, 5), noise(1, 3, 6, 16), torch.zeros(1, 3, 1, 16)
    changed = x.clone()
    changed[:, :, 4:] += 1.0
    before, after = conv(x, past)[0], conv(changed, past)[0]
    assert torch.equal(before[:, :, :4], after[:, :, :4])
    assert not torch.equal(before[:, :, 4:], after[:, :, 4:])


@torch.no_grad()
def test_down_then_up_keeps_frames_and_positions() -> None:
    up = UpConv(4, 2)
    x = noise(2, 4, 5, 8)
    y = up(x)
    assert y.shape == (2, 2, 5, 16)
    alone = torch.cat([up(x[:, :, i : i + 1]) for i in range(5)], dim=2)
    assert torch.allclose(y, alone, atol=1e-6)


@torch.no_grad()
def test_every_inner_position_has_as_many_inputs() -> None:
    """Otherwise transposed convolutions draw a checkerboard over the spectrum."""
    up = UpConv(1, 1)
    up.conv.weight.fill_(1.0)
    y = up(torch.ones(1, 1, 1, 8)) - up.conv.bias
    assert torch.allclose(y[..., 1:-1], torch.tensor(2.0))
