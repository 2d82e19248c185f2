"""The network over frames: its taps are a causal convolution, in blocks as in the whole."""

from __future__ import annotations

import torch

from aeolia.nn.frame_network import FrameLayer, FrameNetwork


def test_taps_are_the_convolution_of_their_weights() -> None:
    torch.manual_seed(0)
    layer = FrameLayer(6, 4, taps=3, dilation=4)
    joined = torch.randn(2, 6, layer.past_frames + 10)
    assert torch.allclose(layer._tapped(joined, 10), layer.taps(joined), atol=1e-6)


def test_blocks_equal_the_whole() -> None:
    torch.manual_seed(0)
    network = FrameNetwork(5, 8, 4, layers=3, taps=3)
    features, condition = torch.randn(2, 12, 5), torch.randn(2, 4)
    state = {name: torch.zeros(2, *shape) for name, shape in network.state_shapes().items()}
    whole, last = network(features, condition, state)
    parts = []
    for block in features.split([1, 4, 7], dim=1):
        part, state = network(block, condition, state)
        parts.append(part)
    assert torch.allclose(torch.cat(parts, dim=1), whole, atol=1e-5)
    assert all(torch.allclose(state[name], last[name], atol=1e-5) for name in last)
