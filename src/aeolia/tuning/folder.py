"""The folder of a study.

STUDY/study.json     what is tuned: recipe, space, data and their hashes
STUDY/study.db       the trials, unless they are kept elsewhere
STUDY/trials/NNNN    the runs of trials that go on or are complete
STUDY/best.json      the best recipe; STUDY/report.html what was found
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from aeolia.data.corpus.scan import listed_rows
from aeolia.errors import DataError, TrainingError
from aeolia.files import write_atomically
from aeolia.recipes.recipe import Recipe
from aeolia.training.stages.plan import recipe_hash, recipe_to_json
from aeolia.training.stages.recordings import data_hash
from aeolia.training.task import Data
from aeolia.tuning.space import Space

__all__ = ["StudyFolder", "refuse_data_without_choose"]


@dataclass(frozen=True)
class StudyFolder:
    """What stands around the trials of a study."""

    path: Path

    @property
    def trials(self) -> Path:
        """The folder of the trials' runs."""
        return self.path / "trials"

    @property
    def storage(self) -> str:
        """URL of the trials that are kept here."""
        return f"sqlite:///{(self.path / 'study.db').resolve()}"

    def begin(self, recipe: Recipe, space: Space, data: Data) -> str:
        """Note what is tuned, or find that it is what was; the study's name.

        Raises:
            TrainingError: the folder holds another study, or cannot be written.
        """
        facts = {"recipe": recipe_hash(recipe), "space": space.hash(), "data": data_hash(data)}
        path = self.path / "study.json"
        if path.exists():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))["hashes"]
                other = [name for name, value in facts.items() if found[name] != value]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise TrainingError(f"{path} is damaged ({error}); choose another --out") from error
            if other:
                raise TrainingError(
                    f"{self.path} holds a study of another {other[0]}; go on with that one, or "
                    "choose another --out"
                )
        else:
            noted = {"hashes": facts, "recipe": json.loads(recipe_to_json(recipe))}
            write_atomically(path, json.dumps(noted, indent=2), error=TrainingError)
        whole = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        return f"{recipe.task}-{whole[:16]}"


def refuse_data_without_choose(path: Path) -> None:
    """Refuse recordings among which none is said to be for choosing.

    Raises:
        DataError: the manifest has no such split, or there is no manifest.
    """
    if not path.exists():
        raise DataError(f"there is no {path}; name the manifest with --data")
    rows, source = listed_rows(path)
    if not rows:
        raise DataError(
            f"{path} is no manifest, so what is for choosing is open; write one with: aeolia data "
            f"scan {path} -o manifest.csv"
        )
    if not any(row.split == "choose" for row in rows):
        # What a manifest says of its splits stays, whatever draws them.
        emptied = "" if any(not row.split for row in rows) else "empty its column split, then "
        raise DataError(
            f"{source} has no recording in the split choose; {emptied}write a manifest that has, "
            f"with: aeolia data split {source} -o split.csv"
        )
