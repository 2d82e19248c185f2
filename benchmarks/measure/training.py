"""A recipe trained in little, and its scores on `choose`: what ablations and tuning compare."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

from aeolia.models.checkpoint import load_checkpoint
from aeolia.recipes.recipe import Recipe
from aeolia.training.stages.plan import resolve, seeded
from aeolia.training.stages.run import start_recipe
from aeolia.training.task import Data
from aeolia.tuning.cost import mmac_per_second
from aeolia.tuning.space import COST, shortened
from aeolia.tuning.trial import judge_of, with_mean

__all__ = ["train_and_score"]


def train_and_score(
    recipe: Recipe, judged_by: Recipe, data: Data, *, steps: int, seed: int
) -> dict[str, float]:
    """Train all stages from random weights, shortened in proportion; scores, and MMAC/s.

    Args:
        judged_by: the resolved recipe whose held-out mixtures or notes are scored: those of its
            own seed, so that all that is compared by it is scored on the same.
        seed: of weights and mixtures.

    Raises:
        AeoliaError: what cannot be trained or scored.
    """
    short = shortened(resolve(seeded(recipe, seed)), steps)
    judge = judge_of(judged_by, short, data)
    # Scored is once, in the end.
    stages = (
        dataclasses.replace(stage, train={**stage.train, "validation_clips": 0})
        for stage in short.stages
    )
    short = dataclasses.replace(short, stages=tuple(stages))
    with tempfile.TemporaryDirectory() as folder:
        start_recipe(short, data, Path(folder, "run"), lambda line: None)
        model = load_checkpoint(Path(folder, "run"))
    return {**with_mean(judge(model)), COST: mmac_per_second(model)}
