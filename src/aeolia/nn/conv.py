"""Causal convolutions over (frames, frequency positions): the only place that pads in time.

Features are [B, C, F, Q]. A convolution that looks at past frames keeps them in an explicit
state; along frequency the edges are padded with zeros.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["DownConv", "UpConv"]


class DownConv(nn.Module):
    """Convolution that halves the frequency positions and sees `frames` frames, none ahead.

    State: the last `frames - 1` input frames, [B, C, frames - 1, Q].
    """

    def __init__(self, c_in: int, c_out: int, frames: int, width: int) -> None:
        super().__init__()
        self.frames = frames
        self.conv = nn.Conv2d(c_in, c_out, (frames, width), (1, 2), (0, width // 2))

    def forward(self, x: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """[B, C, F, Q] and the past frames (None where frames is 1) to [B, C', F, Q/2]."""
        if past is None:
            return self.conv(x), None
        x = torch.cat([past, x], dim=2)
        return self.conv(x), x[:, :, -(self.frames - 1) :]


class UpConv(nn.Module):
    """Transposed convolution that doubles the frequency positions, one frame at a time."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        # Width 4 at stride 2 gives every output position the same number of inputs.
        self.conv = nn.ConvTranspose2d(c_in, c_out, (1, 4), (1, 2), (0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, F, Q] to [B, C', F, 2*Q]."""
        y: Tensor = self.conv(x)
        return y
