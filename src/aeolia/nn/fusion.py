"""Ways for a condition to enter a network's features, all of one form, chosen by config.

    fusion(x [N, C, F, Q], condition [N, K]) -> [N, C, F, Q]

F frames, Q frequency positions (1 for a latent), K the width of the embedded condition. Each
starts as the identity, whatever the condition, so that a network trained without one is a warm
start for a network with one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["FUSIONS", "Concatenation", "CrossAttention", "FiLM", "build_fusion"]

#: Keys and values that cross-attention makes of one condition.
_TOKENS = 8


class FiLM(nn.Module):
    """Scale and shift per channel, both linear in the condition (Perez et al., 2018)."""

    def __init__(self, channels: int, condition_dim: int) -> None:
        super().__init__()
        self.modulate = _zeroed(nn.Linear(condition_dim, 2 * channels))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x [N, C, F, Q] and condition [N, K] to [N, C, F, Q]."""
        scale, shift = self.modulate(condition)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, x, 1.0 + scale)


class Concatenation(nn.Module):
    """A linear map of the channels and the condition side by side, at every frame and position."""

    def __init__(self, channels: int, condition_dim: int) -> None:
        super().__init__()
        self.channels = channels
        self.mix = _zeroed(nn.Linear(channels + condition_dim, channels))
        with torch.no_grad():
            self.mix.weight[:, :channels] = torch.eye(channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x [N, C, F, Q] and condition [N, K] to [N, C, F, Q]."""
        # W [x; c] = W_x x + W_c c: the condition's part is the same at all frames and positions.
        from_x, from_condition = self.mix.weight.split(
            [self.channels, self.mix.in_features - self.channels], dim=1
        )
        constant = nn.functional.linear(condition, from_condition, self.mix.bias)
        return nn.functional.conv2d(x, from_x[:, :, None, None]) + constant[:, :, None, None]


class CrossAttention(nn.Module):
    """Attention of every frame and position to a few tokens made of the condition.

    Scaled dot products of one query per frame and position with the tokens' keys weigh the
    tokens' values (Vaswani et al., 2017); the result is added to the features.
    """

    def __init__(self, channels: int, condition_dim: int) -> None:
        super().__init__()
        self.channels = channels
        self.query = nn.Linear(channels, channels)
        self.tokens = nn.Linear(condition_dim, _TOKENS * 2 * channels)
        self.answer = _zeroed(nn.Linear(channels, channels))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x [N, C, F, Q] and condition [N, K] to [N, C, F, Q]."""
        tokens = self.tokens(condition).reshape(-1, _TOKENS, 2 * self.channels)
        keys, values = tokens.split(self.channels, dim=2)  # [N, tokens, C]
        query = self.query(x.permute(0, 2, 3, 1))  # [N, F, Q, C]
        scores = torch.matmul(query, keys.transpose(1, 2).unsqueeze(1)) * self.channels**-0.5
        answer: Tensor = self.answer(torch.matmul(scores.softmax(dim=3), values.unsqueeze(1)))
        return x + answer.permute(0, 3, 1, 2)


FUSIONS: dict[str, type[FiLM] | type[Concatenation] | type[CrossAttention]] = {
    "film": FiLM,
    "concat": Concatenation,
    "attention": CrossAttention,
}


def build_fusion(kind: str, channels: int, condition_dim: int) -> nn.Module:
    """The fusion that `kind` names (see `FUSIONS`), for features of `channels` channels."""
    return FUSIONS[kind](channels, condition_dim)


def _zeroed(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
