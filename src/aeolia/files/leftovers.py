"""Names of files in the making, and what killed processes left of them."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from aeolia.files.locks import let_go, lock, open_beside, short_name

__all__ = ["new_partial", "partial_path", "remove_dead", "sweep"]

#: PIDs and locks of another machine, on a disk that both use, say nothing here.
_HOST = f"{zlib.crc32(os.uname().nodename.encode() if hasattr(os, 'uname') else b''):08x}"
_PARTIAL = re.compile(r"\..*\.partial-(?P<host>\w{8})-(?P<pid>\d+)-[0-9a-f]{16}(\..*)?", re.DOTALL)
_LOCK = re.compile(r"\..*\.lock-[0-9a-f]{8}", re.DOTALL)


def partial_path(path: Path) -> Path:
    """A hidden name beside `path` that nobody can guess, with its suffix, not too long."""
    tail = f".partial-{_HOST}-{os.getpid()}-{secrets.token_hex(8)}{path.suffix}"
    return short_name(path, tail)


def new_partial(path: Path, mode: int) -> tuple[int, Path]:
    """A new file beside `path`, locked: its number and its name."""
    while True:
        partial = partial_path(path)
        descriptor = open_beside(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        # Whoever looks for dead ones may have come in front of the lock, and will remove it.
        if lock(descriptor) is not False and os.fstat(descriptor).st_nlink:
            return descriptor, partial
        let_go(descriptor)


@lru_cache(maxsize=256)
def remove_dead(folder: Path) -> None:
    """`sweep`, once a process."""
    sweep(folder)


def sweep(folder: Path) -> None:
    """Remove what killed processes of this user on this machine left in a folder."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(".") and (_PARTIAL.fullmatch(name) or _LOCK.fullmatch(name)):
                with suppress(OSError):
                    _remove_if_dead(folder / name)


def _remove_if_dead(path: Path) -> None:
    written = _PARTIAL.fullmatch(path.name)
    if written and written["host"] != _HOST:
        return
    if os.name == "nt":
        path.unlink()  # which is refused of an open file, and of a folder
        return
    descriptor = open_beside(path, os.O_RDONLY)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid():
            return
        free = lock(descriptor)
        if free is None:
            free = written is not None and not _runs(int(written["pid"]))
        if free and stat.S_ISDIR(found.st_mode):
            shutil.rmtree(path)
        elif free:
            path.unlink()
    finally:
        let_go(descriptor)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
