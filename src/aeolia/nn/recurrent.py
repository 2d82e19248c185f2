"""Recurrent layers whose state is an argument and a result, frames first."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["MinimalGRU", "Recurrent"]


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


class MinimalGRU(nn.Module):
    """A GRU whose gate and candidate hear the input alone (Feng et al., 2024), frames first.

        g = sigmoid(W_g x + b_g),  n = tanh(W_n x + b_n),  h <- h + g * (n - h)

    All that is left to do one frame after the other is elementwise, so it trains about twice
    as fast as a GRU. It is a GRU whose recurrent weights are zero, and exported as one.
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.project = nn.Linear(input_dim, 2 * hidden_dim)
        # Memories of two to some sixty frames, to begin with.
        with torch.no_grad():
            self.project.bias[:hidden_dim] = -torch.linspace(0.0, 4.0, hidden_dim)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """[F, N, D] and state [N, H] to [F, N, H] and the next state."""
        if torch.onnx.is_in_onnx_export():
            return self._as_gru(x, state)
        # Under autocast the projection is in half precision; the memory stays in the state's own.
        y = _Follow.apply(self.project(x).to(state.dtype), state)
        return y, y[-1]

    def _as_gru(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The same by PyTorch's GRU: its gates are (reset, keep = 1 - g, candidate)."""
        (gate, candidate), (gate_bias, candidate_bias) = (
            tensor.chunk(2) for tensor in (self.project.weight, self.project.bias)
        )
        weights = [
            torch.cat([torch.zeros_like(gate), -gate, candidate]),
            gate.new_zeros(3 * self.hidden_dim, self.hidden_dim),
            torch.cat([torch.zeros_like(gate_bias), -gate_bias, candidate_bias]),
            gate.new_zeros(3 * self.hidden_dim),
        ]
        y, last = torch.gru(x, state.unsqueeze(0), weights, True, 1, 0.0, False, False, False)
        return y, last.squeeze(0)


class _Follow(torch.autograd.Function):
    """Projections [F, N, 2 * H] and state [N, H] to h [F, N, H]; see `MinimalGRU`.

    With the gradient D[t] of h[t], that of what comes after included,

        D[t] = grad[t] + (1 - g[t+1]) * D[t+1],

    those of g[t] and n[t] are D[t] * (n[t] - h[t-1]) and D[t] * g[t]. Everything is done frame
    by frame, for what one frame needs stays in the processor's cache.
    """

    @staticmethod
    def forward(ctx: Any, projected: Tensor, state: Tensor) -> Tensor:
        frames, items, width = projected.shape
        y = projected.new_empty(frames, items, width // 2)
        gates, candidates = torch.empty_like(y), torch.empty_like(y)
        before = state
        for values, gate, candidate, now in zip(projected, gates, candidates, y, strict=True):
            into_gate, into_candidate = values.chunk(2, dim=1)
            torch.sigmoid(into_gate, out=gate)
            # tanh(x) = 2 sigmoid(2 x) - 1: PyTorch's own takes twice as long.
            torch.add(into_candidate, into_candidate, out=candidate).sigmoid_().mul_(2.0).sub_(1.0)
            before = torch.lerp(before, candidate, gate, out=now)
        ctx.save_for_backward(gates, candidates, state, y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        gates, candidates, state, y = ctx.saved_tensors
        result = grad.new_empty(*y.shape[:2], 2 * y.shape[2])
        following = torch.zeros_like(state)
        for t in range(len(y) - 1, -1, -1):
            gate, candidate = gates[t], candidates[t]
            total = grad[t] + following
            by_gate = total * gate
            following = total - by_gate
            into_gate, into_candidate = result[t].chunk(2, dim=1)
            # d tanh = 1 - n^2 and d sigmoid = g * (1 - g).
            torch.addcmul(by_gate, by_gate * candidate, candidate, value=-1.0, out=into_candidate)
            step = candidate - (y[t - 1] if t else state)
            torch.mul(following * gate, step, out=into_gate)
        return result, following
