"""Files and folders that are whole or not there: written beside their path, renamed when complete.

A kill, a full disk or an error leaves what was there before. Errors of the system pass through as
`OSError`; the caller knows what to tell the user.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aeolia.errors import AeoliaError, InputError
from aeolia.plain_text import from_cell

__all__ = [
    "PendingFile",
    "in_words",
    "new_folder",
    "partial_path",
    "read_limited",
    "read_rows",
    "read_text",
    "write_atomically",
    "writing",
]

#: Bytes that most file systems allow in a name, with some to spare.
_NAME_BYTES = 250


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
    """A whole text file in UTF-8; see `read_limited`, and `bytes.decode` for `errors`.

    Raises:
        AeoliaError: of the class `error`: it cannot be read, is larger, or no such text.
    """
    data = read_limited(path, what, most_bytes, error)
    try:
        return data.decode("utf-8-sig", errors)
    except UnicodeDecodeError as reason:
        raise error(f"{path}: no text in UTF-8; name {_article(what)}") from reason


def read_rows(
    path: str | os.PathLike[str],
    what: str,
    error: type[AeoliaError] = InputError,
    most_bytes: int = 1 << 28,
    *,
    errors: str = "strict",
) -> tuple[list[str], list[dict[str, str]]]:
    """A CSV file: its columns, and each line by column, "" where it is shorter; see `read_text`.

    Raises:
        AeoliaError: of the class `error`: it cannot be read, or is no such table.
    """
    text = read_text(path, what, error, most_bytes, errors=errors)
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        rows = [{key: from_cell(row[key]) for key in row if key is not None} for row in reader]
    except csv.Error as reason:
        raise error(
            f"{path} line {reader.line_num}: not CSV ({reason}); name {_article(what)}"
        ) from reason
    return list(reader.fieldnames or ()), rows


def partial_path(path: Path) -> Path:
    """A hidden name beside `path` that nobody can guess, with its suffix, not too long."""
    tail = f".partial-{secrets.token_hex(8)}{path.suffix}"
    # As bytes, for a name may be no UTF-8; what a cut or another encoding breaks is left out.
    room = _NAME_BYTES - len(os.fsencode(tail))
    stem = os.fsencode(path.stem)[:room].decode(errors="ignore")
    return path.with_name(f".{stem}{tail}")


class PendingFile:
    """A file that is written beside its path and put there when it is complete.

    Missing folders above `path` are made. `put` brings what was written to the disk before the
    rename; whoever does not come so far calls `discard`.

    Raises:
        OSError: the folder cannot be made; in `put`, the file not be put at its path.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        #: What is to be written.
        self.partial = partial_path(self.path)

    def put(self) -> None:
        """Let the written file take the place of `path`."""
        _to_disk(self.partial)
        os.replace(self.partial, self.path)

    def discard(self) -> None:
        """Remove what was written, if anything."""
        with suppress(OSError):
            self.partial.unlink(missing_ok=True)


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write; it takes the place of `path` when the block ends well, else it vanishes.

    Raises:
        OSError: see `PendingFile`.
    """
    pending = PendingFile(path)
    try:
        yield pending.partial
        pending.put()
    except BaseException:
        pending.discard()
        raise


def write_atomically(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write bytes, or text as UTF-8, so that a kill leaves the old file or the new one.

    Raises:
        OSError: it cannot be written.
    """
    with writing(path) as partial:
        partial.write_bytes(data.encode() if isinstance(data, str) else data)


@contextmanager
def new_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder to fill; it becomes `path`, new or empty before, when the block ends well.

    Raises:
        FileExistsError: `path` is a file, or a folder that holds something.
        OSError: it cannot be made or put at its path.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"{path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    partial.mkdir()
    try:
        yield partial
        if path.exists():
            path.rmdir()
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
