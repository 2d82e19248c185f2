"""`aeolia models`: what models came with the package, and their cards."""

from __future__ import annotations

import json
from typing import Annotated

import typer

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
    from aeolia.config import ModelConfig
    from aeolia.runtime.catalogue import released_models
    from aeolia.runtime.released_file import open_released

    opened = {name: (open_released(path).config, path) for name, path in released_models().items()}
    if as_json:
        rows = [
            {
                "name": name,
                "task": config.task,
                "sample_rate": config.sample_rate,
                # Models that make sound have nothing to lag behind.
                "latency_ms": (
                    round(config.latency_ms, 1) if isinstance(config, ModelConfig) else None
                ),
                "bytes": path.stat().st_size,
            }
            for name, (config, path) in opened.items()
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    if not opened:
        typer.echo("no model is installed with this package; give a file with --model FILE")
    for name, (config, path) in opened.items():
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        if isinstance(config, ModelConfig):
            size = f"latency {config.latency_ms:g} ms  {size}"
        typer.echo(f"{name:<16} {config.task:<10} {config.sample_rate / 1000:g} kHz  {size}")


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A model.")],
) -> None:
    """Print a model's card: data, licence, figures, known weaknesses."""
    from aeolia.runtime.catalogue import find_model
    from aeolia.runtime.released_file import open_released

    card = open_released(find_model(name)).card
    typer.echo(card.strip() or f"{name} has no card")
