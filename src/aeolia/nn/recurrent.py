"""Recurrent layers whose state is an argument and a result, frames first."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["MinimalGRU", "Recurrent"]


class Recurrent(nn.Module):
    """One GRU or LSTM layer over frames [F, B, D], with its state [B, H] (LSTM: [B, 2*H]).

    `kind` is "gru" (Cho et al., 2014) or "lstm" (Hochreiter & Schmidhuber, 1997).
    """

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
        """Values of one item's state: H, for an LSTM 2 * H (hidden, then cell)."""
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
    """A GRU whose gate and candidate depend on the input alone (Feng et al., 2024), frames first.

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
        follow: Callable[[Tensor, Tensor], Tensor] = _Follow.apply
        y = follow(self.project(x).to(state.dtype), state)
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

    those of g[t] and n[t] are D[t] * (n[t] - h[t-1]) and D[t] * g[t]. On a CPU everything is done
    frame by frame, for what one frame needs stays in the processor's cache; on a GPU, where every
    frame costs the start of some kernels, many frames at once.
    """

    @staticmethod
    def forward(ctx: Any, projected: Tensor, state: Tensor) -> Tensor:
        by_frame = projected.device.type == "cpu"
        follow = _follow_by_frame if by_frame else _follow_in_blocks
        gates, candidates, y = follow(projected, state)
        ctx.save_for_backward(gates, candidates, state, y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        by_frame = grad.device.type == "cpu"
        return (_gradients_by_frame if by_frame else _gradients_in_blocks)(grad, *ctx.saved_tensors)


def _follow_by_frame(projected: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gates, candidates and h, [F, N, H] each."""
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
    return gates, candidates, y


def _gradients_by_frame(
    grad: Tensor, gates: Tensor, candidates: Tensor, state: Tensor, y: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of the projections [F, N, 2 * H] and of the state [N, H]."""
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


def _follow_in_blocks(projected: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As `_follow_by_frame`."""
    into_gates, into_candidates = projected.chunk(2, dim=2)
    gates, candidates = into_gates.sigmoid(), into_candidates.tanh()
    return gates, candidates, _scan(1.0 - gates, gates * candidates, state)


def _gradients_in_blocks(
    grad: Tensor, gates: Tensor, candidates: Tensor, state: Tensor, y: Tensor
) -> tuple[Tensor, Tensor]:
    """As `_gradients_by_frame`."""
    kept = torch.cat([torch.zeros_like(gates[:1]), 1.0 - gates[1:].flip(0)])
    total = _scan(kept, grad.flip(0), torch.zeros_like(state)).flip(0)
    by_gate = total * gates
    steps = candidates - torch.cat([state.unsqueeze(0), y[:-1]])
    result = torch.cat(
        [(total - by_gate) * gates * steps, by_gate * (1.0 - candidates.square())], dim=2
    )
    return result, total[0] - by_gate[0]


def _scan(kept: Tensor, added: Tensor, state: Tensor) -> Tensor:
    """h[t] = kept[t] * h[t-1] + added[t] from h[-1] = state, in `added`; `kept` is used up.

    Frames are cut into about as many blocks as a block has frames. Blocks are followed side by
    side as if each began with zeros, and then what each hands on to the next is added: about two
    times the square root of the number of frames, one after the other.
    """
    frames = len(added)
    size = math.isqrt(frames)
    whole = frames // size * size
    h, decay = (x[:whole].unflatten(0, (-1, size)) for x in (added, kept))
    for t in range(1, size):
        h[:, t].addcmul_(decay[:, t], h[:, t - 1])
        decay[:, t].mul_(decay[:, t - 1])
    before = torch.empty_like(h[:, 0])
    for block in range(len(h)):
        before[block] = state
        state = torch.addcmul(h[block, -1], decay[block, -1], state)
    h.addcmul_(decay, before.unsqueeze(1))
    for t in range(whole, frames):
        added[t].addcmul_(kept[t], added[t - 1])
    return added
