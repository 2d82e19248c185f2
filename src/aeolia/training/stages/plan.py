"""A recipe's stages as runs: every setting resolved, and every step on weights known to fit."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from aeolia.config import AnyConfig, SpectralConfig
from aeolia.errors import ConfigError
from aeolia.models.weights import average, check_same_structure, cut_bands, join_bands, to_half
from aeolia.recipes.catalogue import structure
from aeolia.recipes.recipe import Recipe, Stage
from aeolia.training.recipe import read_start, set_up
from aeolia.training.task import Setup
from aeolia.training.tasks import task_of

__all__ = ["PlannedStage", "finish", "plan", "recipe_hash", "recipe_to_json", "resolve", "seeded"]

#: From one stage's draws of mixtures to the next's; validation takes the seed after a stage's own.
_SEEDS_APART = 10


@dataclass(frozen=True)
class PlannedStage:
    """A stage, its settings, and where its weights come from."""

    stage: Stage
    setup: Setup
    #: The stage whose weights it begins with; "" for the recipe's own start.
    before: str

    @property
    def name(self) -> str:
        """That of the stage."""
        return self.stage.name


def resolve(recipe: Recipe) -> Recipe:
    """The same recipe with every structure and every setting of every stage written out.

    Each stage draws other mixtures: unless a section "mix" names a seed, theirs is the run's plus
    ten times the stage's number. Data are split by the run's seed, which all stages share.

    Raises:
        ConfigError: a section says what its task does not have, or what cannot be.
        ModelError: the model to start from cannot be read.
    """
    model, of_start = _model(recipe)
    seed = recipe.train.get("seed", 0)
    stages = []
    for index, stage in enumerate(recipe.stages):
        if stage.train.get("seed", seed) != seed:
            raise ConfigError(
                f"stage {stage.name} has a seed of its own in train; data are split by it, so it "
                "must be the recipe's: put one of mixtures into mix"
            )
        seeds = {"seed": seed + _SEEDS_APART * index} if isinstance(seed, int) else {}
        try:
            setup = set_up(
                structure(recipe.task, stage.model, model),
                {**recipe.train, **stage.train},
                {**recipe.loss, **stage.loss},
                {**of_start, **seeds, **recipe.mix, **stage.mix},
            )
        except ConfigError as error:
            raise ConfigError(f"stage {stage.name}: {error}") from error
        stages.append(
            dataclasses.replace(
                stage,
                model=_plain(setup.model),
                train=_plain(setup.train),
                loss=_plain(setup.loss),
                mix=_plain(setup.mix),
            )
        )
    return dataclasses.replace(recipe, model=_plain(model), stages=tuple(stages))


def seeded(recipe: Recipe, seed: int | None) -> Recipe:
    """The recipe with another seed of weights, split and draws; None leaves its own.

    Where the recipe is a resolved one, the seeds that are written out in its stages move along.
    """
    if seed is None:
        return recipe
    stages = []
    for index, stage in enumerate(recipe.stages):
        own = stage.train.get("seed", recipe.train.get("seed", 0))
        train = {key: value for key, value in stage.train.items() if key != "seed"}
        mix = dict(stage.mix)
        if "seed" in stage.train and mix.get("seed") == own + _SEEDS_APART * index:
            del mix["seed"]
        stages.append(dataclasses.replace(stage, train=train, mix=mix))
    return dataclasses.replace(recipe, train={**recipe.train, "seed": seed}, stages=tuple(stages))


def plan(recipe: Recipe) -> list[PlannedStage]:
    """The stages of a resolved recipe as runs, without their weights.

    Raises:
        ConfigError: as `resolve`.
    """
    planned: list[PlannedStage] = []
    for stage in recipe.stages:
        model = structure(recipe.task, stage.model)
        before = stage.start_from or (planned[-1].name if planned else "")
        planned.append(
            PlannedStage(stage, set_up(model, stage.train, stage.loss, stage.mix), before)
        )
    return planned


def finish(
    planned: PlannedStage,
    model: AnyConfig,
    trained: Mapping[str, Tensor],
    results: Mapping[str, Mapping[str, Tensor]],
) -> Mapping[str, Tensor]:
    """What a stage comes to: its trained weights after the steps on weights that it names.

    Args:
        results: what earlier stages came to; by "" what the first began with.

    Raises:
        ConfigError: a step names bands that the model does not have.
        ModelError: weights of other structures are to be averaged or joined.
    """
    stage = planned.stage
    if stage.keep_hz:
        count = _positions_below(model, stage)
        joined = join_bands(cut_bands(results[planned.before], count), trained)
        check_same_structure(joined, trained)
        trained = joined
    if stage.average_with:
        trained = average(trained, *(results[name] for name in stage.average_with))
    return to_half(trained) if stage.half_precision else trained


def recipe_to_json(recipe: Recipe) -> str:
    """The recipe as indented JSON; `read_recipe` reads it back unchanged."""
    return json.dumps(dataclasses.asdict(recipe), indent=2)


def recipe_hash(recipe: Recipe) -> str:
    """SHA-256 of what a resolved recipe makes: all but its words and what it expects."""
    values = dataclasses.asdict(recipe)
    for part in (values, *values["stages"]):
        del part["about"]
    del values["expects"]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _model(recipe: Recipe) -> tuple[AnyConfig, dict[str, Any]]:
    """The recipe's structure, and what its mixtures take from the model that it starts from."""
    if not recipe.start:
        return structure(recipe.task, recipe.model), {}
    started, _ = read_start(recipe.start)
    denoiser_to_separator = started.task == "denoise" and recipe.task == "separate"
    if recipe.model and (denoiser_to_separator or started.task == recipe.task):
        return structure(recipe.task, recipe.model), {}
    if started.task != recipe.task:
        needed = "; give the recipe a model" if denoiser_to_separator else ""
        raise ConfigError(
            f"start is {recipe.start!r}, a model to {started.task}, not to {recipe.task}{needed}"
        )
    return structure(recipe.task, {}, started), task_of(started).mix_from(started)


def _plain(config: Any) -> dict[str, Any]:
    """A config's values as JSON has them, without what training fills in."""
    learned = getattr(config, "learned", ())
    values = {key: value for key, value in dataclasses.asdict(config).items() if key not in learned}
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def _positions_below(model: AnyConfig, stage: Stage) -> int:
    """Frequency positions after the strided convolutions that reach up to `keep_hz`."""
    if not isinstance(model, SpectralConfig) or "lstm" in (model.encoder, model.decoder):
        raise ConfigError(f"stage {stage.name}: keep_hz is for convolutional models of bands")
    edges = [upper_hz for upper_hz, _ in model.band_groups]
    if stage.keep_hz not in edges[:-1]:
        named = ", ".join(str(edge) for edge in edges[:-1]) or "none"
        raise ConfigError(
            f"stage {stage.name}: keep_hz is {stage.keep_hz}; it must be where a group of bands "
            f"ends and another follows: {named}"
        )
    below = model.n_linear_bins + sum(n for hz, n in model.band_groups if hz <= stage.keep_hz)
    return below >> len(model.channels)
