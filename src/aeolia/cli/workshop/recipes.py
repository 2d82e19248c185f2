"""`aeolia recipes`: what models can be made, and how each is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(help="List the recipes that `aeolia train --recipe` takes; explain one.")


@app.callback(invoke_without_command=True)
def list_recipes(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the recipes inside the package; `show NAME` explains one.

    \b
    Examples:
      aeolia recipes
      aeolia recipes show denoise
      aeolia recipes keys denoise
    """
    if context.invoked_subcommand is not None:
        return
    from aeolia.recipes.catalogue import RECIPES
    from aeolia.recipes.words import steps_of, summary

    if not as_json:
        for name, recipe in RECIPES.items():
            typer.echo(summary(name, recipe))
        return
    rows = [
        {
            "name": name,
            "task": recipe.task,
            "about": recipe.about,
            "start": recipe.start,
            "stages": {stage.name: steps_of(recipe, stage) for stage in recipe.stages},
            "expects": asdict(recipe.expects),
        }
        for name, recipe in RECIPES.items()
    ]
    typer.echo(json.dumps(rows, indent=2))


@app.command("show")
def show_recipe(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A recipe.")],
) -> None:
    """Explain a recipe: structure, data, each stage and why, what to expect."""
    from aeolia.recipes.catalogue import find_recipe
    from aeolia.recipes.words import in_words

    for line in in_words(name, find_recipe(name)):
        typer.echo(line)


@app.command("keys")
def show_keys(
    task: Annotated[str, typer.Argument(metavar="TASK|PRESET", help="denoise, separate, synth.")],
) -> None:
    """List all settings of a task's runs: keys of `--config` and `--set`, defaults, ranges.

    With a preset's name the defaults are the preset's.
    """
    from aeolia.config.table import keys_of
    from aeolia.recipes.catalogue import DEFAULT_PRESETS, PRESETS, preset
    from aeolia.recipes.recipe import SECTIONS
    from aeolia.training.settings import read_settings

    chosen = preset(DEFAULT_PRESETS.get(task, task))
    settings = read_settings(chosen.model, chosen.train, chosen.loss, chosen.mix)
    presets = ", ".join(n for n, each in PRESETS.items() if each.model.task == chosen.model.task)
    typer.echo(f"presets to {chosen.model.task}: {presets}")
    for section, config in zip(SECTIONS, (chosen.model, *settings), strict=True):
        typer.echo(f"\n{section}: {type(config).__name__}")
        learned = getattr(config, "learned", ()) if section == "model" else ()
        for key in keys_of(type(config), config, ("task", *learned)):
            typer.echo(f"  {section}.{key.name} = {key.default}  ({key.possible})")
