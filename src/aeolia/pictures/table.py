"""A table of finished text, for pages and for the terminal."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """Title, head and rows of text; the first `n_labels` columns are words, the rest numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int = 1
    #: One sentence below the table.
    note: str = ""
    #: (row, column) of the cells to stress.
    bold: frozenset[tuple[int, int]] = frozenset()
