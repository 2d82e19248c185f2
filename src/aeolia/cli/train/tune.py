"""aeolia tune: search for a better recipe on one's own data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aeolia.cli.options import Quiet
from aeolia.cli.train.run import silent, training_extra

__all__ = ["tune"]


def tune(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name or file.")],
    data: Annotated[Path, typer.Option(help="A manifest with the split `choose`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the study.")],
    space: Annotated[
        Path | None,
        typer.Option(help="Keys and ranges (JSON).", show_default="the recipe's own space"),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials in all, earlier ones included.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="No trial begins after this time.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Trials at the same time.")] = 1,
    storage: Annotated[
        str,
        typer.Option(
            help="Where trials are kept, such as a database that several machines share: any "
            "storage URL of Optuna.",
            show_default="OUT/study.db",
        ),
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Search for better values of a recipe's keys: structure, losses, mixtures, learning rate.

    A trial is the recipe with other values, in little: all its stages at the length that the
    space says. Candidates are compared on the split `choose`; those that lag behind are stopped.
    The same command goes on with a study, also after a kill.

    OUT/best.json is a recipe for `aeolia train --recipe`, OUT/report.html says what was found.
    """
    with training_extra():
        from aeolia.training.stages.recordings import data_of_task
        from aeolia.tuning.folder import refuse_data_without_choose
        from aeolia.tuning.space import find_space, read_space
        from aeolia.tuning.study import StudyRequest, tune
    from aeolia.recipes.catalogue import find_recipe

    found = find_recipe(recipe)
    chosen = read_space(space) if space is not None else find_space(recipe, found.task)
    refuse_data_without_choose(data)
    tune(
        StudyRequest(
            found,
            chosen,
            data_of_task(found.task, {"data": data}),
            out,
            trials,
            minutes,
            jobs,
            storage,
        ),
        silent if quiet else typer.echo,
    )
