"""Recurrent layers whose state is an argument and a result, frames first."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Recurrent"]


class Recurrent(nn.Module):
    """One GRU or LSTM layer over frames [F, B, D], with its state [B, H] (LSTM: [B, 2*H])."""

    def __init__(self, kind: str, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.kind = kind
        self.hidden_dim = hidden_dim
        layer = nn.GRU if kind == "gru" else nn.LSTM
        self.layer = layer(input_dim, hidden_dim)
        for name, weight in self.layer.named_parameters():
            if name.startswith("weight_hh"):
                for gate in weight.data.chunk(3 if kind == "gru" else 4):
                    nn.init.orthogonal_(gate)

    @property
    def state_width(self) -> int:
        return self.hidden_dim * (1 if self.kind == "gru" else 2)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """[F, B, D] and state [B, state_width] to [F, B, H] and the next state."""
        if self.kind == "gru":
            y, hidden = self.layer(x, state.unsqueeze(0))
            return y, hidden.squeeze(0)
        hidden, cell = state[:, : self.hidden_dim], state[:, self.hidden_dim :]
        y, (hidden, cell) = self.layer(
            x, (hidden.unsqueeze(0).contiguous(), cell.unsqueeze(0).contiguous())
        )
        return y, torch.cat([hidden.squeeze(0), cell.squeeze(0)], dim=1)
