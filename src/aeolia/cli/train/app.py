"""aeolia train: learn a model from recordings."""

from __future__ import annotations

import typer

from aeolia.cli.train.denoise import DENOISE_HELP, denoise
from aeolia.cli.train.recipe import RECIPE_HELP, train_recipe
from aeolia.cli.train.run import add_train_command
from aeolia.cli.train.separate import SEPARATE_HELP, separate
from aeolia.cli.train.synth import SYNTH_HELP, synth

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)
app.callback(invoke_without_command=True, help=RECIPE_HELP)(train_recipe)

add_train_command(app, "denoise", DENOISE_HELP, denoise)
add_train_command(app, "separate", SEPARATE_HELP, separate)
add_train_command(app, "synth", SYNTH_HELP, synth)
