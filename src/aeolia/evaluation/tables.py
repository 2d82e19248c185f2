"""Tables of finished text: for the terminal, for pages, in Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from aeolia.evaluation.statistics import Interval, mean_interval
from aeolia.pictures.table import Table
from aeolia.plain_text import printable

__all__ = ["format_interval", "format_mean", "format_number", "markdown", "print_table"]


def format_number(value: float, digits: int, *, sign: bool = False) -> str:
    """The number, or a dash for NaN."""
    if not math.isfinite(value):
        return "–"
    return f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"


def format_interval(interval: Interval, digits: int, *, sign: bool = False) -> str:
    """Mean ± half the 95 % interval; the mean alone for one clip."""
    mean = format_number(interval.mean, digits, sign=sign)
    if not math.isfinite(interval.half_width):
        return mean
    return f"{mean} ± {interval.half_width:.{digits}f}"


def format_mean(values: Sequence[float] | np.ndarray, digits: int) -> str:
    """Mean ± half the 95 % interval of the finite values."""
    return format_interval(mean_interval(values), digits)


def print_table(table: Table) -> None:
    """Show a table on the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD)
    for index, column in enumerate(table.columns):
        justify: Literal["left", "right"] = "left" if index < table.n_labels else "right"
        shown.add_column(Text(printable(column)), justify=justify, overflow="fold")
    for number, row in enumerate(table.rows):
        cells = [Text(printable(cell, lines=True)) for cell in row]
        for index, cell in enumerate(cells):
            if (number, index) in table.bold:
                cell.stylize("bold")
        shown.add_row(*cells)
    console = Console()
    if table.title:
        console.print(Text(printable(table.title), style="bold"))
    console.print(shown)
    if table.note:
        console.print(Text(printable(table.note, lines=True), style="dim"))
        console.print()


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its first column left and the others right; ends in a line break."""
    rule = ["---"] + ["---:"] * (len(columns) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in (columns, rule, *rows)) + "\n"
