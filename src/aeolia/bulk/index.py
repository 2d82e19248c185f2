"""What is known of each file of a job, by URI: on the disk, so that memory does not grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Index", "Known"]

_FACTS = "input, place, status, version, model_hash, attempt, kind, size, seconds, wall, finished"


@dataclass(frozen=True)
class Known:
    """The latest row of a file."""

    status: str
    version: str
    model_hash: str
    attempt: int


class Index:
    """The latest row of every file of a ledger, and which outputs are taken, in a private file.

    SQLite keeps it in memory while it is small, and in the temporary folder else.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", check_same_thread=False)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;"
            f"CREATE TABLE files ({_FACTS}, PRIMARY KEY (input)) WITHOUT ROWID;"
            "CREATE TABLE outputs (name PRIMARY KEY, input) WITHOUT ROWID;"
        )

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows in the order of `_FACTS`; a later one takes the place of an earlier one."""
        marks = ", ".join("?" * len(_FACTS.split(", ")))
        self._database.executemany(f"INSERT OR REPLACE INTO files VALUES ({marks})", rows)

    def known(self, uri: str) -> Known | None:
        """What became of a file."""
        columns = "status, version, model_hash, attempt"
        query = f"SELECT {columns} FROM files WHERE input = ?"
        row = self._database.execute(query, (uri,)).fetchone()
        return None if row is None else Known(*row)

    def place(self, uri: str) -> int:
        """The number of a file's latest row."""
        found = self._database.execute("SELECT place FROM files WHERE input = ?", (uri,)).fetchone()
        return int(found[0])

    def take(self, name: str, uri: str) -> str:
        """Whose output `name` is: `uri`, unless another file took it before."""
        inserted = self._database.execute(
            "INSERT OR IGNORE INTO outputs VALUES (?, ?)", (name, uri)
        ).rowcount
        if inserted:
            return ""
        query = "SELECT input FROM outputs WHERE name = ?"
        return str(self._database.execute(query, (name,)).fetchone()[0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a SELECT on the table `files` gives."""
        return self._database.execute(query).fetchall()

    def close(self) -> None:
        """Remove it."""
        self._database.close()
