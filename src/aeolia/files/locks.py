"""Locks that end with the process that holds them, however it ends: by kill -9, too.

They lie on open files (flock). Where a file system has none, or the system (Windows) has others,
whoever asks is told so.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aeolia.errors import InputError

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed: that is lock enough
    fcntl = None  # type: ignore[assignment]

__all__ = ["Claim", "claimed", "let_go", "lock", "open_beside", "short_name"]

#: Bytes that most file systems allow in a name, with some to spare.
_NAME_BYTES = 250
#: Not through links, not waiting for a pipe's other end, and as bytes (Windows).
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_MOST_TRIES = 100

#: Files that this process has locked: number -> what it is the number of.
_locked: dict[int, os.stat_result] = {}


def short_name(path: Path, tail: str) -> Path:
    """A hidden name beside `path`: its stem, as far as there is room, and `tail`."""
    # As bytes, for a name may be no UTF-8; what a cut or another encoding breaks is left out.
    room = _NAME_BYTES - len(os.fsencode(tail))
    stem = os.fsencode(path.stem)[:room].decode(errors="ignore")
    return path.with_name(f".{stem}{tail}")


def open_beside(path: Path, flags: int, mode: int = 0o600) -> int:
    """A file's number; what is a link by now is an error, wherever it leads."""
    return os.open(path, flags | _FLAGS, mode)


def lock(descriptor: int) -> bool | None:
    """Take the lock of an open file or folder, without waiting.

    Returns:
        Whether this is its only holder now; None where there are no locks.
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    _locked[descriptor] = os.fstat(descriptor)
    return True


def let_go(descriptor: int) -> None:
    """Close a file, and with it its lock."""
    _locked.pop(descriptor, None)
    with suppress(OSError):  # closed already, in a fork
        os.close(descriptor)


def _leave_to_parent() -> None:
    """A fork has the files of its parent, whose locks would last as long as it does."""
    for descriptor, locked in _locked.items():
        with suppress(OSError):
            # A number that others closed may be another file's by now.
            if os.path.samestat(os.fstat(descriptor), locked):
                os.close(descriptor)
    _locked.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Only one process at a time writes `path` inside this; missing folders above it are made.

    Raises:
        InputError: another process does.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        claim = Claim(path)
    except OSError:  # a folder that may be written in one that may not
        yield
        return
    try:
        yield
    finally:
        claim.release()


class Claim:
    """A path that only one process at a time may write, from here to `release`.

    A small file beside it is locked, whose name follows from the path's. One that a killed process
    left is nobody's, and taken over.

    Raises:
        InputError: another process, or another part of this one, has the path.
        OSError: the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._process = os.getpid()
        self._file = short_name(path, f".lock-{zlib.crc32(os.fsencode(path.name)):08x}")
        for _ in range(_MOST_TRIES):  # others may take it and give it back meanwhile
            found = self._take()
            if found is None:
                continue
            if found:
                return
            break
        raise InputError(
            f"{path}: another process is writing there; wait for it, or name another output"
        )

    def _take(self) -> bool | None:
        """Whether it is ours now; None where it has to be looked at once more."""
        try:
            self._descriptor = open_beside(self._file, os.O_RDONLY)
        except FileNotFoundError:
            try:
                self._descriptor = open_beside(self._file, os.O_CREAT | os.O_EXCL, 0o644)
            except FileExistsError:
                return None
        else:
            if fcntl is None:
                return self._left_behind()
        if lock(self._descriptor) is False:
            let_go(self._descriptor)
            return False
        # Its last holder may have removed it between the opening and the lock.
        if not _is_still(self._file, self._descriptor):
            let_go(self._descriptor)
            return None
        return True

    def _left_behind(self) -> bool | None:
        let_go(self._descriptor)
        try:
            self._file.unlink()
        except PermissionError:  # open, so in use
            return False
        except FileNotFoundError:
            pass
        return None

    def release(self) -> None:
        """Let others have the path."""
        if self._process != os.getpid():  # a fork of the one that has it
            return
        if fcntl is None:
            let_go(self._descriptor)
        try:
            self._file.unlink(missing_ok=True)
        except OSError:
            pass  # nobody's, once it is closed
        if fcntl is not None:
            let_go(self._descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether an open file is the one that lies at its path."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except OSError:
        return False
