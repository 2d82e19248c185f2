"""Options that several commands share, told in the same words everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["AsJson", "Jobs", "Overwrite", "Quiet", "Recursive"]

Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Folders with all their subfolders.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        show_default="one per CPU core",
        help="Files at the same time.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")]
