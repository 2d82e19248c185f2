"""The folder of a recipe's run.

RUN/recipe.json                  the recipe with every setting written out; --recipe takes it too
RUN/made_from.json               its hash, that of the data and where they lie, the version
RUN/left_out.csv                 recordings that are not learned from, where there are any
RUN/STAGE/                       the run folder of each stage
RUN/STAGE/result.safetensors     what the stage came to, weight steps included; written last
RUN/model.safetensors, card.md   the model, when all stages are done
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

import aeolia
from aeolia.config import AnyConfig
from aeolia.config.strict import read_object
from aeolia.data.corpus.left_out import LeftOut, as_table
from aeolia.errors import ConfigError, TrainingError
from aeolia.files import read_text, write_atomically
from aeolia.models.checkpoint import WEIGHTS_FILE, read_checkpoint, save_checkpoint
from aeolia.recipes.recipe import Recipe, read_recipe
from aeolia.training.run_folder import LEFT_OUT_FILE
from aeolia.training.stages.plan import recipe_hash, recipe_to_json
from aeolia.training.stages.recordings import data_hash
from aeolia.training.task import Data

__all__ = ["RecipeFolder"]


class RecipeFolder:
    """Reads and writes what stands around a recipe's stages; only the first process writes."""

    def __init__(self, path: Path, writes: bool = True) -> None:
        self.path = Path(path)
        self.writes = writes

    def refuse_run(self) -> None:
        """Refuse a folder that holds a run already.

        Raises:
            TrainingError: so it does.
        """
        for name in ("recipe.json", "train.json"):
            if (self.path / name).exists():
                raise TrainingError(
                    f"{self.path} already holds a run; go on with --resume, or choose another --out"
                )

    def begin(self, recipe: Recipe, data: Data, left_out: Sequence[LeftOut] = ()) -> None:
        """Note what the run is made from.

        Raises:
            TrainingError: the folder cannot be written.
        """
        if not self.writes:
            return
        made_from = {
            "recipe": recipe_hash(recipe),
            "data": data_hash(data),
            "paths": dict(data),
            "version": aeolia.__version__,
        }
        if left_out:
            self._write(LEFT_OUT_FILE, as_table(left_out))
        self._write("made_from.json", json.dumps(made_from, indent=2))
        self._write("recipe.json", recipe_to_json(recipe))

    def recipe(self) -> Recipe:
        """The recipe of the run.

        Raises:
            TrainingError: the folder holds none, or its recipe.json is damaged.
        """
        path = self.path / "recipe.json"
        if not path.is_file():
            raise TrainingError(
                f"{self.path} holds no run of a recipe (no recipe.json); give the --out folder of "
                "an earlier aeolia train --recipe, or leave --resume out"
            )
        try:
            return read_recipe(read_text(path, "recipe", TrainingError), str(path))
        except ConfigError as error:
            raise TrainingError(
                f"{path} is damaged ({error}); start again with another --out"
            ) from error

    def made_from(self) -> dict[str, Any]:
        """Hashes of recipe and data, paths of the data by the task's names, and the version.

        Raises:
            TrainingError: made_from.json is damaged.
        """
        path = self.path / "made_from.json"
        try:
            found = read_object(read_text(path, "record of a run", TrainingError), "it")
            return {name: found[name] for name in ("recipe", "data", "paths", "version")}
        except (ConfigError, KeyError) as error:
            raise TrainingError(
                f"{path} is damaged ({error}); start again with another --out"
            ) from error

    def stage(self, name: str) -> Path:
        """The run folder of a stage."""
        return self.path / name

    def is_done(self, name: str) -> bool:
        """Whether a stage's result is there."""
        return self._result(name).is_file()

    def result(self, name: str) -> tuple[AnyConfig, dict[str, Tensor]]:
        """What a stage came to.

        Raises:
            ModelError: its file is damaged.
        """
        return read_checkpoint(self._result(name))

    def write_result(self, name: str, config: AnyConfig, weights: dict[str, Tensor]) -> None:
        """Note what a stage came to; with this it is done."""
        if self.writes:
            save_checkpoint(self._result(name), config, weights)

    def write_model(self, config: AnyConfig, weights: dict[str, Tensor], card: str) -> None:
        """Write the model and its card; with the model the run is done."""
        if self.writes:
            self._write("card.md", card)
            save_checkpoint(self.path / WEIGHTS_FILE, config, weights)

    def _write(self, name: str, text: str) -> None:
        write_atomically(self.path / name, text, error=TrainingError)

    def _result(self, name: str) -> Path:
        return self.stage(name) / "result.safetensors"
