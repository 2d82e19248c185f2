"""Reading whole small files, of bounded size, with errors in words."""

from __future__ import annotations

import codecs
import csv
import io
import os

from aeolia.errors import AeoliaError, InputError
from aeolia.plain_text import from_cell

__all__ = ["in_words", "read_limited", "read_rows", "read_text"]


def in_words(error: OSError, what: str) -> str:
    """Why a file could not be opened, and what to do; `what` is needed, such as "voice file"."""
    if isinstance(error, FileNotFoundError):
        return f"no such {what}; check the path"
    if isinstance(error, IsADirectoryError):
        return f"a folder; name {_article(what)} in it"
    return f"cannot be opened ({error.strerror})"


def _article(what: str) -> str:
    return f"{'an' if what[0] in 'aeio' or what.startswith('SF') else 'a'} {what}"


def read_limited(
    path: str | os.PathLike[str],
    what: str,
    most_bytes: int,
    error: type[AeoliaError] = InputError,
) -> bytes:
    """A whole file or pipe of at most `most_bytes`.

    Args:
        what: is needed, such as "voice file".
        error: class to raise.

    Raises:
        AeoliaError: of the class `error`: it cannot be read, or is larger.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as reason:
        raise error(f"{path}: {in_words(reason, what)}") from reason
    except ValueError as reason:  # a zero byte in the name
        raise error(
            f"{os.fspath(path)!r}: cannot be the name of a file; name {_article(what)}"
        ) from reason
    if len(data) > most_bytes:
        raise error(
            f"{path}: more than {most_bytes >> 20} MB, too large for a {what}; name another"
        )
    return data


def read_text(
    path: str | os.PathLike[str],
    what: str,
    error: type[AeoliaError] = InputError,
    most_bytes: int = 1 << 26,
    *,
    errors: str = "strict",
) -> str:
    """A whole text file in UTF-8, or UTF-16 with its mark; see `read_limited`.

    Args:
        errors: as `bytes.decode` has it.

    Raises:
        AeoliaError: of the class `error`: it cannot be read, is larger, or no such text.
    """
    data = read_limited(path, what, most_bytes, error)
    try:
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if wide else "utf-8-sig", errors)
    except UnicodeDecodeError as reason:
        raise error(f"{path}: no text in UTF-8; name {_article(what)}") from reason


def read_rows(
    path: str | os.PathLike[str],
    what: str,
    error: type[AeoliaError] = InputError,
    most_bytes: int = 1 << 28,
    *,
    errors: str = "strict",
    exact: bool = False,
) -> tuple[list[str], list[dict[str, str]]]:
    """A CSV file: its columns, and each line by column, "" where it is shorter; see `read_text`.

    Semicolons or tabs may stand in the place of commas, as spreadsheets write them.

    Args:
        exact: refuse lines of more cells than columns, two columns of a name and quotes without
            an end, which are passed over otherwise.

    Raises:
        AeoliaError: of the class `error`: it cannot be read, or is no such table.
    """
    text = read_text(path, what, error, most_bytes, errors=errors)
    head = text[: text.find("\n")] if "\n" in text else text
    mark = next((mark for mark in ";\t" if mark in head and "," not in head), ",")
    lines = io.StringIO(text, newline="")
    reader = csv.DictReader(lines, restval="", delimiter=mark, strict=exact)
    rows = []
    try:
        columns = list(reader.fieldnames or ())
        if exact and len(set(columns)) < len(columns):
            raise csv.Error("two columns of one name")
        for row in reader:
            if exact and any(row.get(None, ())):
                raise csv.Error("more cells than columns; quote texts with commas")
            rows.append({key: from_cell(row[key]) for key in row if key is not None})
    except csv.Error as reason:
        raise error(
            f"{path} line {reader.line_num}: not CSV ({reason}); name {_article(what)}"
        ) from reason
    return columns, rows
