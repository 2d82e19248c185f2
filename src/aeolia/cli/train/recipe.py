"""aeolia train --recipe: a whole model from its recipe, all stages in a row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aeolia.cli.options import Quiet
from aeolia.cli.train.run import announce, silent, telling_how_to_go_on, training_extra
from aeolia.errors import InputError

__all__ = ["RECIPE_HELP", "train_recipe"]

RECIPE_HELP = """Train a model on your own recordings.

\b
    aeolia train denoise --speech SPEECH --noise NOISE --from denoise --out run
    aeolia train --recipe denoise --data manifest.csv --out run
    aeolia train --resume --out run

The commands below train a model in one run. --recipe makes one as ours are made, all stages in
a row, and says first how long each will take; `aeolia recipes` lists what there is. Killed in any
stage, it goes on with --resume as if nothing had been.
"""


def train_recipe(
    context: typer.Context,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="A recipe's name, or a JSON file.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Recordings: a manifest from `aeolia data scan`, or a folder."),
    ] = None,
    speech: Annotated[
        Path | None, typer.Option(help="Speech, where it lies apart (denoisers).")
    ] = None,
    noise: Annotated[Path | None, typer.Option(help="Noise, where it lies apart.")] = None,
    rooms: Annotated[
        Path | None, typer.Option(help="Impulse responses, where they lie apart (denoisers).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of weights, split and draws.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    quiet: Quiet = False,
) -> None:
    """The recipe's options; those of a task's command come after its name."""
    given = {"data": data, "speech": speech, "noise": noise, "rooms": rooms}
    if context.invoked_subcommand is not None:
        if recipe or out or resume or any(given.values()):
            raise InputError(
                f"give --recipe without {context.invoked_subcommand}, or the options after it"
            )
        return
    if recipe is None and not resume:
        raise InputError("name a recipe with --recipe (see: aeolia recipes), or a task")
    if out is None:
        raise InputError("--out is missing; name a folder for the run")
    with training_extra():
        from aeolia.training.stages.folder import RecipeFolder
        from aeolia.training.stages.plan import seeded
        from aeolia.training.stages.recordings import data_of_task
        from aeolia.training.stages.run import resume_recipe, start_recipe
    from aeolia.recipes.catalogue import find_recipe

    say = silent if quiet else typer.echo
    watch = silent if quiet else announce
    found = seeded(find_recipe(recipe), seed) if recipe is not None else None
    with telling_how_to_go_on("train", out, "recipe.json"):
        if resume:
            task = found.task if found is not None else RecipeFolder(out).recipe().task
            if recipe is None and seed is not None:
                raise InputError("--seed is for a run that begins; leave it out to go on")
            paths = data_of_task(task, given) if any(given.values()) else None
            resume_recipe(out, found, paths, say, watch)
        else:
            assert found is not None, "a run that does not go on has its recipe"
            start_recipe(found, data_of_task(found.task, given), out, say, watch)
    say(f"done: {out}; next: aeolia export {out} -o model.onnx")
