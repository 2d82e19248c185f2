"""Models and voices by the names of their files, opened once a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

__all__ = ["once"]

Opened = TypeVar("Opened")

#: How many are kept: a process runs few operations, and models are a few megabytes each.
_MOST_KEPT = 16

# Held while something is opened, so that sixteen threads that begin together open it once.
_LOCK = threading.RLock()


def once(make: Callable[..., Opened], *paths: Path) -> Opened:
    """`make(*paths)`, made once a process as long as the files stay as they are.

    Operations hold names only, so that they can be pickled; in each process that runs them, all
    that are equal share what is opened here. Safe to call from threads. What `make` raises is not
    kept.
    """
    with _LOCK:
        return cast(Opened, _made(make, paths, tuple(map(_version, paths))))


@lru_cache(maxsize=_MOST_KEPT)
def _made(make: Callable[..., Any], paths: tuple[Path, ...], versions: tuple[object, ...]) -> Any:
    return make(*paths)


def _version(path: Path) -> object:
    """What changes when a file is replaced; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
