"""`python -m benchmarks`: one command a page of results, and comparisons."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from aeolia.errors import AeoliaError
from benchmarks import ROOT

__all__ = ["app", "main"]

app = typer.Typer(
    name="python -m benchmarks",
    help="What we publish about our models, measured again.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    pass


@app.command()
def versions(
    before: Annotated[Path, typer.Argument(help="Another checkout of this repository.")],
    after: Annotated[Path, typer.Argument(help="A checkout.", show_default="this one")] = ROOT,
    only: Annotated[
        list[str] | None, typer.Option(help="Operations, such as denoise; else all.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Measurements of each cost.")] = 5,
) -> None:
    """Compare the samples and the cost of two checkouts; exit code 1 if samples differ.

    \b
    git worktree add ../before HEAD~1
    python -m benchmarks versions ../before --only denoise --only "live denoise"
    """
    from benchmarks.versions.run import run

    raise typer.Exit(run(before, after, only or [], rounds))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code, 2 for what a user can mend."""
    try:
        app(None if arguments is None else list(arguments), prog_name="python -m benchmarks")
    except AeoliaError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


if __name__ == "__main__":
    sys.exit(main())
