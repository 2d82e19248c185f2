"""The cache of decoded sound: entries that are made once, named by all that they depend on.

An entry is a folder under `$AEOLIA_CACHE`, or under `~/.cache/aeolia`. It is whole or not there,
so processes may share the cache; any of it can be deleted when nothing runs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from aeolia.errors import DataError
from aeolia.files import new_folder
from aeolia.plain_text import as_utf8

__all__ = ["cache_folder", "cached", "entry_name"]


def cache_folder() -> Path:
    """`$AEOLIA_CACHE`, or `~/.cache/aeolia`."""
    return Path(os.environ.get("AEOLIA_CACHE") or Path.home() / ".cache" / "aeolia")


def entry_name(kind: str, settings: str, sources: Iterable[tuple[str, str]]) -> str:
    """A name that changes with the settings, and with any source's path, facts, time and size.

    Args:
        kind: what it begins with, for the eye.
        settings: all that decides what is made of the sources, a version included.
        sources: (path of a recording, what else is known and used of it).

    Raises:
        DataError: a recording is not there.
    """
    digest = hashlib.sha256(f"{settings}\n".encode())
    for path, facts in sources:
        try:
            status = os.stat(path)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
        digest.update(as_utf8(f"{path}\n{facts}\n{status.st_mtime_ns}\n{status.st_size}\n"))
    return f"{kind}-{digest.hexdigest()[:16]}"


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """The folder of the entry `name`; where it is missing, `build` fills a new one.

    Raises:
        DataError: it cannot be written.
    """
    path = cache_folder() / name
    if path.is_dir():
        return path
    try:
        # Several may fill one entry, with the same; the first to be done counts.
        with new_folder(path, exclusive=False) as partial:
            build(partial)
    except OSError as error:
        if not path.is_dir():  # else another process was first
            raise DataError(
                f"cannot write the cache {path.parent}: {error.strerror or error}; free space "
                "there or set AEOLIA_CACHE to another folder"
            ) from error
    return path
