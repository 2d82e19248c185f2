"""A causal network over frames whose taps into the past are an explicit state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.nn.state import Shapes, State

__all__ = ["FrameLayer", "FrameNetwork"]


class FrameLayer(nn.Module):
    """A ConvNeXt block (Liu et al., 2022) over time, modulated by a condition.

    Depthwise causal taps, normalised over channels only, scaled and shifted by the condition
    (Perez et al., 2018), widened and narrowed again, added to the input.
    """

    def __init__(self, channels: int, condition_dim: int, taps: int, dilation: int) -> None:
        super().__init__()
        self.past_frames = (taps - 1) * dilation
        self.taps = nn.Conv1d(channels, channels, taps, dilation=dilation, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.modulation = nn.Linear(condition_dim, 2 * channels)
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = nn.Linear(2 * channels, channels)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        nn.init.normal_(self.narrow.weight, std=0.02)
        nn.init.zeros_(self.narrow.bias)

    def forward(self, x: Tensor, condition: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """[V, F, C], condition [V, K], past [V, C, past_frames] to [V, F, C] and the next past."""
        joined = torch.cat([past, x.transpose(1, 2)], dim=2)
        y = self.norm(self._tapped(joined, x.shape[1]).transpose(1, 2))
        scale, shift = self.modulation(condition).unsqueeze(1).chunk(2, dim=2)
        y = y * (1.0 + scale) + shift
        y = self.narrow(nn.functional.silu(self.widen(y)))
        return x + y, joined[:, :, -self.past_frames :]

    def _tapped(self, joined: Tensor, frames: int) -> Tensor:
        """`self.taps` of [V, C, past + F], [V, C, F]: a few sums, which runtimes do sooner than a
        convolution with a group a channel."""
        step = self.taps.dilation[0]
        weights = self.taps.weight[:, 0]
        taps = [
            weights[:, i : i + 1] * joined[:, :, i * step : i * step + frames]
            for i in range(weights.shape[1])
        ]
        assert self.taps.bias is not None
        return sum(taps, start=self.taps.bias.unsqueeze(1))


class FrameNetwork(nn.Module):
    """Layers of ever wider reach: the taps of each lie twice as far apart as in the one before."""

    def __init__(
        self, input_dim: int, channels: int, condition_dim: int, layers: int, taps: int
    ) -> None:
        super().__init__()
        self.channels = channels
        self.enter = nn.Linear(input_dim + condition_dim, channels)
        self.layers = nn.ModuleList(
            FrameLayer(channels, condition_dim, taps, 2**i) for i in range(layers)
        )
        self.leave = nn.LayerNorm(channels)

    def state_shapes(self) -> Shapes:
        """Name and shape (without the voices' axis) of every state tensor."""
        return {
            f"past{i}": (self.channels, layer.past_frames)  # type: ignore[misc]
            for i, layer in enumerate(self.layers)
        }

    def forward(self, features: Tensor, condition: Tensor, state: State) -> tuple[Tensor, State]:
        """Features [V, F, N] and condition [V, K] to [V, F, C] and the next state."""
        spread = condition.unsqueeze(1).expand(-1, features.shape[1], -1)
        x = self.enter(torch.cat([features, spread], dim=2))
        following: State = {}
        for i, layer in enumerate(self.layers):
            x, following[f"past{i}"] = layer(x, condition, state[f"past{i}"])
        return self.leave(x), following
