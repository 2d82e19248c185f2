"""Where the condition enters: its embedding, and the decoder whose blocks read it.

The condition names the requested source: classes (multi-hot) or a speaker (the unit vector of a
voice). Axes: B batch, S sources, K condition, E embedded condition, F frames, Q frequency
positions, D latent.
"""

from __future__ import annotations

from torch import Tensor, nn

from aeolia.config import SeparateConfig
from aeolia.models.spectral.decoder import ConvDecoder
from aeolia.nn.axes import merge_axes, split_axis
from aeolia.nn.fusion import build_fusion
from aeolia.nn.state import State

__all__ = ["ConditionEmbedding", "ConditionalDecoder"]


class ConditionEmbedding(nn.Module):
    """The requested source as the vector that the fusions read.

    Classes: every class has a learned vector and a multi-hot condition is their sum, so that
    sums of classes mean sums. Speakers: a projection of the voice's unit vector. A small layer
    follows, so that the effect of a sum need not be the sum of the effects.
    """

    def __init__(self, config: SeparateConfig) -> None:
        super().__init__()
        width = config.condition_dim
        speaker = config.condition == "speaker"
        self.vectors = nn.Linear(width if speaker else len(config.classes), width, bias=False)
        # Elements of a unit vector are small; both kinds come to elements of unit order.
        self.scale = width**0.5 if speaker else 1.0
        if not speaker:
            nn.init.normal_(self.vectors.weight)
        self.layer = nn.Linear(width, width)

    def forward(self, condition: Tensor) -> Tensor:
        """Condition [..., K] to [..., E]."""
        return nn.functional.silu(self.layer(self.vectors(condition * self.scale)))


class ConditionalDecoder(ConvDecoder):
    """The convolutional decoder with a fusion before every block and gates that read the condition.

    It starts as the plain decoder: fusions as the identity, gates as the plain ones.
    """

    def __init__(self, config: SeparateConfig) -> None:
        super().__init__(config)
        widths = tuple(reversed(config.channels))
        self.fusions = nn.ModuleList(
            build_fusion(config.fusion, width, config.condition_dim) for width in widths
        )
        shifts = [
            nn.Linear(config.condition_dim, width, bias=False)
            for width in widths[: len(self.gates)]
        ]
        for shift in shifts:
            nn.init.zeros_(shift.weight)
        self.gate_shifts = nn.ModuleList(shifts)

    def decode(
        self, latent: Tensor, skips: list[Tensor], embedded: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Latent [B, S, F, D], skips [B, C, F, Q] (or none), embedded condition [B, S, E].

        Returns [B, S, C, F, Q] and the next state.
        """
        batch = latent.shape[0]
        condition = merge_axes(embedded)
        x, following = self.unfold(merge_axes(latent), state)
        for i, (conv, activation) in enumerate(zip(self.convs, self.activations, strict=True)):
            if skips:
                gate = self.gates[i] + self.gate_shifts[i](condition)[:, :, None, None]
                x = x + merge_axes(split_axis(gate, batch) * skips[-1 - i].unsqueeze(1))
            x = self.fusions[i](x, condition)
            if i == self.memory_block:
                x = self.remember(x, state, following)
            x = conv(activation(x))
        return split_axis(x, batch), following
