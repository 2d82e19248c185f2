"""Recurrences over the bands of a frame and over the frames of a band, side by side."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.nn.recurrent import MinimalGRU

__all__ = ["BandMemory"]


class BandMemory(nn.Module):
    """A recurrence over the bands of a frame, both ways, then one over the frames of a band.

    The decoder's first recurrence sees all bands through one narrow vector. This one keeps a
    state for every band and passes information between the bands, because the partials of one
    voice are at equal distances in frequency. Weights are shared by all frames and all bands, as
    in dual-path networks (Luo et al., 2020; Le et al., 2021). It starts as the identity.

    The recurrence over bands has the same weights for every step from one band to the next. With
    `mixing` a few values of each of the `bands` are also mixed all at once, with weights of their
    own for every band (the full-band module of SpatialNet, Quan & Li, 2024), because what belongs
    to one voice shows in the pattern of the whole frame.

    Args:
        channels: C, values of each band and frame.
        width: values of each band's state; half as many in each direction over the bands.
        bands: Q, used with `mixing` only.
        mixing: values of each band that are mixed over all bands; 0 for none.
    """

    def __init__(self, channels: int, width: int, bands: int = 0, mixing: int = 0) -> None:
        super().__init__()
        self.width = width
        self.mix_norm = nn.LayerNorm(channels) if mixing else None
        self.mix_in = nn.Linear(channels, mixing) if mixing else None
        self.mix = nn.Linear(bands * mixing, bands * mixing) if mixing else None
        self.mix_answer = nn.Linear(mixing, channels) if mixing else None
        self.across_norm = nn.LayerNorm(channels)
        self.up = MinimalGRU(channels, width // 2)
        self.down = MinimalGRU(channels, width // 2)
        self.across_answer = nn.Linear(width // 2 * 2, channels)
        self.norm = nn.LayerNorm(channels)
        self.recurrent = MinimalGRU(channels, width)
        self.answer = nn.Linear(width, channels)
        for layer in (self.mix_answer, self.across_answer, self.answer):
            if layer is not None:
                nn.init.zeros_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Features [F, N, Q, C] and state [N, Q, width] to [F, N, Q, C] and the next state.

        F frames, N items, Q bands, C channels.
        """
        if self.mix is not None:
            assert self.mix_norm and self.mix_in and self.mix_answer  # made together
            y = nn.functional.silu(self.mix(self.mix_in(self.mix_norm(x)).flatten(2)))
            x = x + self.mix_answer(y.unflatten(2, (x.shape[2], -1)))
        bands = self.across_norm(x).permute(2, 0, 1, 3)  # [Q, F, N, C]
        frames, batch = bands.shape[1:3]
        flat = bands.flatten(1, 2)
        start = state.new_zeros(flat.shape[1], self.width // 2)
        upwards, _ = self.up(flat, start)
        downwards, _ = self.down(flat.flip(0), start)
        y = self.across_answer(torch.cat([upwards, downwards.flip(0)], dim=2))
        x = x + y.unflatten(1, (frames, batch)).permute(1, 2, 0, 3)
        y, state = self.recurrent(self.norm(x).flatten(1, 2), state.flatten(0, 1))
        x = x + self.answer(y).unflatten(1, (batch, -1))
        return x, state.unflatten(0, (batch, -1))
