"""`aeolia models`: what models came with the package, and their cards."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from aeolia.plain_text import printable

__all__ = ["app"]

app = typer.Typer(help="List the models inside the package; show a model's card.")


@app.callback(invoke_without_command=True)
def list_models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the models inside the package; `show NAME` prints a model's card.

    \b
    Examples:
      aeolia models
      aeolia models show denoise
    """
    if context.invoked_subcommand is not None:
        return
    from aeolia import describe_model, released_models

    models = {name: describe_model(path) for name, path in released_models().items()}
    if as_json:
        rows = [
            {
                "name": name,
                "task": model.task,
                "sample_rate": model.sample_rate,
                "latency_ms": None if model.latency_ms is None else round(model.latency_ms, 1),
                "bytes": model.bytes,
                "classes": model.classes,
            }
            for name, model in models.items()
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    if not models:
        typer.echo("no model is installed with this package; give a file with --model FILE")
    for name, model in models.items():
        size = f"{model.bytes / 1e6:.1f} MB"
        if model.latency_ms is not None:
            size = f"latency {model.latency_ms:g} ms  {size}"
        classes = f"  {', '.join(model.classes)}" if model.classes else ""
        rate = f"{model.sample_rate / 1000:g} kHz"
        typer.echo(f"{name:<18} {model.task:<8} {rate}  {size}{classes}")


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A model.")],
) -> None:
    """Print a model's card: data, licence, figures, known weaknesses."""
    from aeolia import describe_model

    typer.echo(printable(describe_model(name).card.strip(), lines=True) or f"{name} has no card")
