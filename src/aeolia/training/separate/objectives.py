"""What one optimiser step minimises when a separator is trained, by class or by speaker.

Batches are `ClassBatch` of `aeolia.data.separate.classes` and `SpeakerBatch` of
`aeolia.data.separate.speakers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed
from torch import Tensor, nn

from aeolia.config import SeparateConfig
from aeolia.config.classes import MUSIC
from aeolia.training.separate.config import ClassLossConfig, SpeakerLossConfig
from aeolia.training.separate.losses import SeparationLoss, speaker_loss

__all__ = ["ClassObjective", "SpeakerObjective", "draw_conditions"]

#: Of the conditions that are no partition and no absent class: shares of "music" and of random
#: sums; the others are single classes.
_MUSIC_SHARE, _SUM_SHARE = 0.15, 0.2


def draw_conditions(
    present: np.ndarray,
    classes: Sequence[str],
    config: ClassLossConfig,
    rng: np.random.Generator,
) -> tuple[np.ndarray, bool]:
    """What is asked of one mixture: multi-hot rows [S, K], and whether they are a partition.

    Args:
        present: [K], which classes the mixture holds.
    """
    rows = np.zeros((config.sources, len(classes)), np.float32)
    if rng.random() < config.partition_share:
        groups = rng.integers(config.sources, size=len(classes))
        groups[rng.permutation(len(classes))[: config.sources]] = range(config.sources)
        if rng.random() < 0.6:  # one thing that somebody would ask for, against the rest
            groups = np.maximum(groups, 1)
            groups[_natural(present, classes, rng)] = 0
        rows[groups, np.arange(len(classes))] = 1.0
        return rows, True
    absent = np.flatnonzero(~present)
    singles = rng.permutation(np.flatnonzero(present))
    for i, row in enumerate(rows):
        kind = rng.random()
        if len(absent) and (kind < config.absent_share or not len(singles)):
            row[rng.choice(absent)] = 1.0
        elif (kind := rng.random()) < _SUM_SHARE:
            row[rng.permutation(len(classes))[: rng.integers(2, len(classes))]] = 1.0
        elif kind < _SUM_SHARE + _MUSIC_SHARE and set(MUSIC) <= set(classes):
            row[[classes.index(name) for name in MUSIC]] = 1.0
        else:
            row[singles[i % len(singles)]] = 1.0
    return rows, False


def _natural(present: np.ndarray, classes: Sequence[str], rng: np.random.Generator) -> list[int]:
    """One class that is present, or music as a whole."""
    held = np.flatnonzero(present) if present.any() else np.arange(len(classes))
    chosen = int(rng.choice(held))
    if classes[chosen] in MUSIC and set(MUSIC) <= set(classes) and rng.random() < 0.5:
        return [classes.index(name) for name in MUSIC]
    return [chosen]


class ClassObjective:
    """Ask each mixture for a few classes or sums of classes, and compare with their stems."""

    def __init__(self, config: ClassLossConfig, model_config: SeparateConfig, seed: int) -> None:
        self.config = config
        self.seed = seed
        self.model_config = model_config
        self.loss = SeparationLoss(config, model_config.sample_rate, model_config.win_length)

    def __call__(self, model: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms; a pure function of the model, the batch and the step number."""
        config = self.model_config
        length = batch.mixture.shape[1] // config.hop_length * config.hop_length
        mixture, stems = batch.mixture[:, :length], batch.stems[..., :length]
        present = stems.abs().amax(dim=2) > 0.0
        conditions, partition = self._conditions(present.cpu().numpy(), step)
        conditions, partition = conditions.to(mixture.device), partition.to(mixture.device)
        partition = partition * config.is_complete
        references = torch.einsum("bsk,bkt->bst", conditions, stems)
        # A sum is known up to the band of its narrowest part; silence is known everywhere.
        asked = (conditions > 0.0) & present[:, None]
        widest = torch.full_like(batch.bandwidth_hz, config.sample_rate / 2.0)
        bandwidth = torch.where(asked, batch.bandwidth_hz[:, None], widest[:, None]).amin(dim=2)
        scale = self.config.skip_scale(self.seed, step)
        estimates, _ = model(mixture.unsqueeze(1), conditions, partition, scale)
        return _compare(self.loss, config.delay, references, estimates[:, :, 0], mixture, bandwidth)

    def _conditions(self, present: np.ndarray, step: int) -> tuple[Tensor, Tensor]:
        first = _rank() * len(present)
        drawn = [
            draw_conditions(
                row,
                self.model_config.classes,
                self.config,
                np.random.default_rng((self.seed, step, first + i)),
            )
            for i, row in enumerate(present)
        ]
        rows, partition = zip(*drawn, strict=True)
        return torch.from_numpy(np.stack(rows)), torch.tensor(partition, dtype=torch.float32)


class SpeakerObjective:
    """Ask each mixture for the enrolled voice; and tell voices apart by their vectors."""

    def __init__(self, config: SpeakerLossConfig, model_config: SeparateConfig, seed: int) -> None:
        self.config = config
        self.seed = seed
        self.model_config = model_config
        self.loss = SeparationLoss(config, model_config.sample_rate, model_config.win_length)

    def __call__(self, model: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms; a pure function of the model, the batch and the step number."""
        config = self.model_config
        length = batch.mixture.shape[1] // config.hop_length * config.hop_length
        mixture, target = batch.mixture[:, :length], batch.target[:, :length]
        telling = self.config.speaker > 0.0 and batch.voices.shape[1] > 1
        clips = batch.voices if telling else ()
        estimates, vectors = model(
            mixture.unsqueeze(1),
            None,
            torch.zeros_like(mixture[:, 0]),
            self.config.skip_scale(self.seed, step),
            (batch.enrolment, *clips),
        )
        loss, terms = _compare(
            self.loss,
            config.delay,
            target.unsqueeze(1),
            estimates[:, :, 0],
            mixture,
            batch.bandwidth_hz.unsqueeze(1),
        )
        if not telling:
            return loss, terms
        speaker = speaker_loss(*vectors[1:])
        terms["speaker"] = speaker.detach()
        return loss + self.config.speaker * speaker, terms


def _compare(
    loss: SeparationLoss,
    delay: int,
    references: Tensor,
    estimates: Tensor,
    mixture: Tensor,
    bandwidth_hz: Tensor,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of what belongs together: estimates [B, S, T] lag by `delay`."""
    length = mixture.shape[1]
    total, terms = loss(
        references[..., : length - delay],
        estimates[..., delay:],
        mixture[:, : length - delay],
        bandwidth_hz,
    )
    return total, {name: term.detach() for name, term in terms.items()}


def _rank() -> int:
    """This process among those that train together: items are numbered over all of them."""
    joined = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank() if joined else 0
