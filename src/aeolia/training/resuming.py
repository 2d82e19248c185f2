"""What a run that goes on is asked for beside --resume: refused where it would be ignored."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeolia.config import AnyConfig
from aeolia.errors import TrainingError
from aeolia.recipes.catalogue import structure
from aeolia.training.recipe import RunRequest, named_sections
from aeolia.training.stages.recordings import data_hash
from aeolia.training.task import Data

__all__ = ["refuse_what_differs", "same_recordings"]


def refuse_what_differs(
    out: Path, settings: Mapping[str, Any], request: RunRequest, minutes: float | None
) -> None:
    """Refuse a request that names other settings than the run began with.

    Args:
        settings: those of the run, by section.

    Raises:
        TrainingError: it does; names the first.
        ConfigError: its config cannot be read.
    """
    begun = {"--preset": request.preset, "--from": request.start, "--minutes": minutes}
    for option, value in begun.items():
        if value is not None:
            raise TrainingError(
                f"{option} {value} is for a run that begins; leave it out to go on with {out} (its "
                "length is changed with --steps), or choose another --out"
            )
    asked = named_sections(request)
    if "like" in asked["model"]:  # a structure by its name
        asked["model"] = _values(structure(request.task, asked["model"]))
    asked["train"] = {**asked["train"], **request.train}
    asked["mix"] = {**asked["mix"], **request.mix}
    asked["train"].pop("steps", None)  # the length may change
    if settings["model"].get("task", "denoise") != request.task:
        raise TrainingError(
            f"{out} is a run to {settings['model'].get('task', 'denoise')}; go on with: "
            f"aeolia train {settings['model'].get('task', 'denoise')} --resume --out {out}"
        )
    for section, values in asked.items():
        for key, value in values.items():
            own = settings[section].get(key)
            if value != own:
                raise TrainingError(
                    f"{out} was begun with {key} {own!r} in {section}, not {value!r}; leave that "
                    f"out to go on, or begin anew with --from {out} and another --out"
                )


def _values(model: AnyConfig) -> dict[str, Any]:
    """A config's values as JSON has them, without what training fills in."""
    values = {k: v for k, v in dataclasses.asdict(model).items() if k not in model.learned}
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def same_recordings(
    out: Path, settings: Mapping[str, Any], moved: Mapping[str, str | None] | None
) -> Data:
    """Where the recordings of a run lie now, known to be those that it began with.

    Args:
        moved: new paths by the task's names; None, or None for a name, takes those of the run.

    Raises:
        TrainingError: they are others, or the run noted nothing to know them by.
        DataError: a recording is not there.
    """
    given = {name: path for name, path in (moved or {}).items() if path is not None}
    data = {**settings["data"], **given}
    noted = settings.get("data_hash")
    if noted is None:
        if data != settings["data"]:
            raise TrainingError(
                f"{out} was begun by an earlier version, which noted nothing to know recordings "
                "by; put them back where they were, or choose another --out"
            )
    elif data_hash(data) != noted:
        raise TrainingError(
            f"the recordings are not those that {out} was begun with; restore them, name where "
            "they lie now, or choose another --out"
        )
    return data
