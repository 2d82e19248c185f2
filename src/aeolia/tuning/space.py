"""What a study varies: keys of a recipe with their ranges, the length of a trial, the objectives.

    {"steps": 600, "objectives": {"si_sdr": "max", "mmac": "min"},
     "keys": {"model.latent_dim": {"from": 48, "to": 96},
              "train.learning_rate": {"times": [0.3, 3.0]},
              "train.optimizer": {"among": ["adamw", "muon"]},
              "settle.mix.clean_only": {"from": 0.0, "to": 0.3}}}

A key is SECTION.KEY, for all stages, or STAGE.SECTION.KEY. "from" and "to" set a value ("log": true
draws its logarithm), "among" takes one of a list, and "times" multiplies what each stage has.
"steps" is the length of a trial: all stages together, in the recipe's proportions.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from aeolia.config.strict import read_object
from aeolia.errors import AeoliaError, ConfigError
from aeolia.files import read_text
from aeolia.recipes.recipe import SECTIONS, Recipe, Stage
from aeolia.training.stages.plan import resolve

__all__ = ["COST", "Key", "Space", "find_space", "read_space", "shortened"]

#: The objective that is counted (MMAC/s), not scored on recordings.
COST = "mmac"
#: What makes trials comparable, or says how they are watched, is not for a space.
_FIXED = {
    "model": ("name", "task"),
    "train": ("seed", "steps", "validate_every", "validation_clips", "checkpoint_every"),
    "loss": (),
    "mix": ("seed",),
}
_FORMS = (("among",), ("times",), ("from", "to"), ("from", "to", "log"))
_DIRECTIONS = {"max": "maximize", "min": "minimize"}


@dataclass(frozen=True)
class Key:
    """One key of a space; `low` and `high`, or `among`."""

    name: str
    low: float = 0.0
    high: float = 0.0
    among: tuple[Any, ...] = ()
    #: The value is a factor of what each stage has.
    times: bool = False
    log: bool = False

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values that must be possible for all others to be."""
        return self.among or (self.low, self.high)

    def suggest(self, trial: Any, whole: bool) -> Any:
        """A value by an Optuna trial.

        Args:
            whole: the key takes integers.
        """
        if self.among:  # as JSON: Optuna stores no lists
            return json.loads(trial.suggest_categorical(self.name, list(map(_text, self.among))))
        if whole and not self.times:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def as_parameter(self, value: Any) -> Any:
        """A value as Optuna has it."""
        return _text(value) if self.among else value

    def of_parameter(self, value: Any) -> Any:
        """The value that Optuna has so."""
        return json.loads(value) if self.among else value

    def holds(self, value: Any) -> bool:
        """Whether a value is in the range."""
        return value in self.among if self.among else bool(self.low <= value <= self.high)


@dataclass(frozen=True)
class Space:
    """What a study varies; see the module's text."""

    keys: tuple[Key, ...]
    steps: int
    #: Directions of Optuna by score; the first is the quality that trials are stopped by.
    objectives: Mapping[str, str]

    def check(self, recipe: Recipe) -> None:
        """Refuse what a resolved recipe does not have, or cannot be.

        Raises:
            ConfigError: an unknown key, or a range outside the config's.
        """
        for key in self.keys:
            for value in key.ends:
                changed = self.apply(recipe, {key.name: value})
                try:
                    resolve(changed)
                except AeoliaError as error:
                    raise ConfigError(f"the space's {key.name} at {value!r}: {error}") from error

    def apply(self, recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
        """A resolved recipe with values by the names of keys.

        Raises:
            ConfigError: the recipe has no such key.
        """
        for key in self.keys:
            if key.name in values:
                recipe = _changed(recipe, key, values[key.name])
        return recipe

    def is_whole(self, recipe: Recipe, key: Key) -> bool:
        """Whether a key takes integers."""
        return all(type(value) is int for _, value in _places(recipe, key))

    def own_values(self, recipe: Recipe) -> dict[str, Any] | None:
        """The values that leave the recipe as it is; None where the space does not hold them."""
        own = {}
        for key in self.keys:
            found = [1.0] if key.times else [value for _, value in _places(recipe, key)]
            if any(value != found[0] for value in found) or not key.holds(found[0]):
                return None
            own[key.name] = found[0]
        return own

    def hash(self) -> str:
        """SHA-256 of all that it says."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def shortened(self, recipe: Recipe) -> Recipe:
        """A resolved recipe at the length of a trial."""
        return shortened(recipe, self.steps)


def shortened(recipe: Recipe, steps: int) -> Recipe:
    """A resolved recipe whose stages together have so many steps, no more than they had.

    What counts in steps shrinks along: warm-ups, and the memory of the averaged weights, which is
    1 / (1 - ema_decay) steps long.
    """
    share = min(1.0, steps / sum(stage.train["steps"] for stage in recipe.stages))
    stages = tuple(_shortened(stage, share, steps) for stage in recipe.stages)
    return dataclasses.replace(recipe, stages=stages)


def find_space(recipe_name: str, task: str) -> Space:
    """The space shipped for a recipe of the package; for another's, that of its task."""
    folder = Path(str(resources.files("aeolia"))) / "recipes" / "spaces"
    path = folder / f"{recipe_name}.json"
    return read_space(path if path.is_file() else folder / f"{task}.json")


def read_space(path: Path) -> Space:
    """A space from a strict JSON file.

    Raises:
        ConfigError: it cannot be read, or says what no space is.
    """
    what = f"the space {path}"
    found = read_object(read_text(path, "space", ConfigError), what)
    parts = ("steps", "objectives", "keys")
    if unknown := sorted(set(found) - set(parts)):
        raise ConfigError(f"{what} has the key {unknown[0]!r}; it holds {', '.join(parts)}")
    steps, objectives, keys = (found.get(part) for part in parts)
    if type(steps) is not int or steps < 4:
        raise ConfigError(f"{what}: steps is {steps!r}; it must be an integer of 4 or more")
    if not isinstance(keys, dict) or not keys:
        raise ConfigError(f"{what}: keys is {keys!r}; it must hold at least one key and its range")
    if (
        not isinstance(objectives, dict)
        or not objectives
        or not set(map(str, objectives.values())) <= set(_DIRECTIONS)
    ):
        raise ConfigError(
            f"{what}: objectives is {objectives!r}; it must be scores with max or min, such as "
            '{"si_sdr": "max"}'
        )
    if next(iter(objectives)) == COST:
        raise ConfigError(f"{what}: the first objective is {COST}; it must be a score of quality")
    return Space(
        tuple(_key(name, spec, what) for name, spec in keys.items()),
        steps,
        {name: _DIRECTIONS[direction] for name, direction in objectives.items()},
    )


def _key(name: str, spec: Any, what: str) -> Key:
    refusal = ConfigError(
        f'{what}: {name} is {spec!r}; it must be {{"from": A, "to": B}}, {{"among": [...]}} or '
        '{"times": [A, B]}, numbers with A below B'
    )
    if not isinstance(spec, dict) or sorted(spec) not in [sorted(form) for form in _FORMS]:
        raise refusal
    if "among" in spec:
        if not isinstance(spec["among"], list) or len(spec["among"]) < 2:
            raise refusal
        return Key(name, among=tuple(spec["among"]))
    times = "times" in spec
    ends = spec["times"] if times else [spec["from"], spec["to"]]
    log = times or spec.get("log", False)
    if (
        not isinstance(ends, list)
        or len(ends) != 2
        or not all(type(end) in (int, float) and math.isfinite(end) for end in ends)
        or not ends[0] < ends[1]
        or type(log) is not bool
        or (log and ends[0] <= 0)
    ):
        raise refusal
    return Key(name, ends[0], ends[1], times=times, log=log)


def _places(recipe: Recipe, key: Key) -> list[tuple[int, Any]]:
    """(index of a stage, its value) wherever a key of a resolved recipe stands.

    Raises:
        ConfigError: there is no such key, or it is not for a space.
    """
    stage, section, name = _parts(recipe, key)
    values = []
    for index, each in enumerate(recipe.stages):
        if stage in ("", each.name):
            own = getattr(each, section)
            if name not in own:
                near = difflib.get_close_matches(name, own, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(own)}"
                raise ConfigError(f"the space's {key.name}: {section} has no such key; {hint}")
            values.append((index, own[name]))
    if name in _FIXED[section]:
        raise ConfigError(f"the space's {key.name} is the same in all trials; leave it out")
    if key.times and not all(type(value) in (int, float) for _, value in values):
        raise ConfigError(f"the space's {key.name} is no number; give it with among")
    return values


def _parts(recipe: Recipe, key: Key) -> tuple[str, str, str]:
    stage, section, name = ("", "", *key.name.split("."))[-3:]
    stages = [each.name for each in recipe.stages]
    if section not in SECTIONS or key.name.count(".") > 2 or stage not in ("", *stages):
        raise ConfigError(
            f"the space's {key.name} is no key of the recipe: give SECTION.KEY or "
            f"STAGE.SECTION.KEY, a section of {', '.join(SECTIONS)}, a stage of {', '.join(stages)}"
        )
    return stage, section, name


def _changed(recipe: Recipe, key: Key, value: Any) -> Recipe:
    stage, section, name = _parts(recipe, key)
    stages = list(recipe.stages)
    for index, own in _places(recipe, key):
        new = value
        if key.times:
            new = round(own * value) if type(own) is int else own * value
        each = stages[index]
        changes: dict[str, Any] = {section: {**getattr(each, section), name: new}}
        stages[index] = dataclasses.replace(each, **changes)
    recipe = dataclasses.replace(recipe, stages=tuple(stages))
    if section == "model" and not stage and name in recipe.model:
        new = recipe.model[name] * value if key.times else value
        new = round(new) if type(recipe.model[name]) is int else new
        return dataclasses.replace(recipe, model={**recipe.model, name: new})
    return recipe


def _shortened(stage: Stage, share: float, steps: int) -> Stage:
    train, loss = dict(stage.train), dict(stage.loss)
    train["steps"] = max(1, round(share * train["steps"]))
    train["warmup_steps"] = round(share * train["warmup_steps"])
    train["ema_decay"] = train["ema_decay"] ** (1.0 / share)
    # A stage whose end is no quarter of the whole is validated there too.
    train["validate_every"] = max(1, steps // 4)
    train["log_every"] = max(1, min(train["log_every"], steps // 8))
    train["checkpoint_every"] = max(1, min(train["checkpoint_every"], steps // 8))
    if "beta_warmup_steps" in loss:
        loss["beta_warmup_steps"] = round(share * loss["beta_warmup_steps"])
    return dataclasses.replace(stage, train=train, loss=loss)


def _text(value: Any) -> str:
    return json.dumps(value)
