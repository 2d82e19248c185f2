"""Options that all jobs of `aeolia bulk` share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "Address",
    "Engine",
    "Inputs",
    "LedgerUri",
    "Limit",
    "OutputUri",
    "Retry",
    "Workers",
]

Inputs = Annotated[
    list[str],
    typer.Option(
        "--input",
        "-i",
        metavar="URI",
        show_default=False,
        help="Files, folders with all below, patterns (in quotes), lists of files (.txt, .csv, "
        ".parquet) or members of archives (zip://*.wav::s3://...); may be given several times.",
    ),
]
OutputUri = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="URI", show_default=False, help="Folder for the outputs."
    ),
]
LedgerUri = Annotated[
    str,
    typer.Option(
        "--ledger",
        "-l",
        metavar="URI",
        show_default=False,
        help="Folder for what was done to each file; given again, the job goes on.",
    ),
]
Engine = Annotated[
    str,
    typer.Option("--engine", metavar="local|ray", help="Processes of this machine, or Ray."),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="auto|HOST:PORT|ray://...",
        show_default="Ray on this machine alone",
        help="Of a Ray cluster.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-j",
        min=1,
        metavar="N",
        show_default="one per CPU core",
        help="Files at the same time.",
    ),
]
Retry = Annotated[
    int, typer.Option("--retry", min=1, metavar="K", help="Tries for each file, then it is left.")
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", min=1, metavar="N", show_default=False, help="Do N files at most, then end."
    ),
]
