"""Files and folders in the making: written beside their path, and put there whole or not at all.

A partial has a name that nobody can guess and is made anew, never opened, so that nothing planted
in its place is written to. It is locked while its process lives. What a killed process left is
removed by the next one that writes beside it.
"""

from __future__ import annotations

import atexit
import errno
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aeolia.errors import AeoliaError, InputError
from aeolia.files.leftovers import new_partial, partial_path, remove_dead
from aeolia.files.locks import Claim, let_go, lock, open_beside
from aeolia.files.permissions import Paths, facts, hand_on, keep_from_other_groups, permitted
from aeolia.plain_text import as_utf8

__all__ = [
    "PendingFile",
    "new_folder",
    "not_written",
    "write_atomically",
    "writing",
]

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
#: What a file system without hard links answers.
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK)

#: What this process is writing, for its end to remove.
_pending: set[PendingFile] = set()


def not_written(path: str | os.PathLike[str], error: BaseException) -> str:
    """Why an output could not be written, and what to do, in one line."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if getattr(error, "errno", None) not in _FULL:
        return f"{path}: cannot be written ({reason}); choose another output folder"
    try:
        free = shutil.disk_usage(Path(path).parent).free / 2**20
        reason += f"; {free:.0f} MB are free there"
    except OSError:
        pass
    return f"{path}: cannot be written ({reason}); free some space or choose another output folder"


class PendingFile(io.RawIOBase):
    """A file that is written beside its path and put there when it is complete.

    It is a binary file by itself, and `partial` is its path for those who open it once more.
    Missing folders above `path` are made. `put` brings what was written to the disk before the
    rename; whoever does not come so far calls `discard`.

    A file that is replaced hands on its mode, and its owner and group where that is permitted.

    Args:
        overwrite: replace what is at `path`, or comes there meanwhile.
        inputs: what the file is made from: who may not read those may not read it.
        exclusive: refuse while another process writes the same path.

    Raises:
        InputError: another process writes there, or, in `put`, a file came there meanwhile.
        OSError: the folder cannot be made; in `put`, the file not be put at its path.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = True,
        inputs: Paths = (),
        exclusive: bool = True,
    ) -> None:
        self.path = Path(path)
        self._overwrite = overwrite
        self._descriptor = -1
        self._process = os.getpid()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_dead(self.path.parent)
        self._claim = Claim(self.path) if exclusive else None
        _pending.add(self)
        try:
            self._replaced = facts(self.path) if overwrite else None
            mode = 0o600 if self._replaced else permitted(0o666, inputs)
            self._descriptor, self.partial = new_partial(self.path, mode)
            if not self._replaced:
                keep_from_other_groups(self._descriptor, inputs)
        except BaseException:
            self.discard()
            raise

    def put(self) -> None:
        """Let the written file take the place of `path`."""
        os.fsync(self._descriptor)
        if self._replaced:
            hand_on(self._replaced, self._descriptor)
        if os.name == "nt":  # where an open file is not renamed
            self._close()
        if self._overwrite:
            os.replace(self.partial, self.path)
        else:
            _put_new(self.partial, self.path)
        self._end()

    def discard(self) -> None:
        """Remove what was written, if anything."""
        if self._process != os.getpid():  # a fork of the one that writes
            return
        if self._descriptor >= 0:
            if os.name == "nt":
                self._close()
            with suppress(OSError):
                self.partial.unlink(missing_ok=True)
        self._end()

    def _end(self) -> None:
        self._close()
        if self._claim:
            self._claim.release()
            self._claim = None
        _pending.discard(self)

    def _close(self) -> None:
        if self._descriptor >= 0:
            let_go(self._descriptor)
            self._descriptor = -1

    @property
    def name(self) -> str:
        """The partial's path, as files in Python have it."""
        return str(self.partial)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        rest = memoryview(data).cast("B")
        count = len(rest)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return count

    def truncate(self, size: int | None = None) -> int:
        size = self.tell() if size is None else size
        os.ftruncate(self._descriptor, size)
        return size

    def readinto(self, buffer: Any) -> int:
        data = os.read(self._descriptor, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)


@contextmanager
def writing(
    path: str | os.PathLike[str],
    *,
    error: type[AeoliaError] = InputError,
    overwrite: bool = True,
    inputs: Paths = (),
    exclusive: bool = True,
) -> Iterator[PendingFile]:
    """A file to write; it takes the place of `path` when the block ends well, else it vanishes.

    See `PendingFile`.

    Raises:
        AeoliaError: of the class `error`: it cannot be written; InputError, as `PendingFile`.
    """
    pending: PendingFile | None = None
    try:
        pending = PendingFile(path, overwrite=overwrite, inputs=inputs, exclusive=exclusive)
        yield pending
        pending.put()
    except BaseException as reason:
        if pending:
            pending.discard()
        if isinstance(reason, OSError):
            raise error(not_written(path, reason)) from reason
        raise


def write_atomically(
    path: str | os.PathLike[str],
    data: bytes | str,
    *,
    error: type[AeoliaError] = InputError,
    overwrite: bool = True,
    inputs: Paths = (),
) -> None:
    """Write bytes, or text as UTF-8, so that a kill leaves the old file or the new one.

    Raises:
        AeoliaError: see `writing`.
    """
    # That takes no time, so the last of several is as good as the first.
    how: Any = {"error": error, "overwrite": overwrite, "inputs": inputs, "exclusive": False}
    with writing(path, **how) as pending:
        pending.write(as_utf8(data) if isinstance(data, str) else data)


@contextmanager
def new_folder(
    path: str | os.PathLike[str], *, exclusive: bool = True, replaces: tuple[str, ...] = ()
) -> Iterator[Path]:
    """A folder to fill; it becomes `path`, new or empty before, when the block ends well.

    Args:
        replaces: endings of files, such as ".wav": a folder of nothing but those may be there
            before, and is replaced.

    Raises:
        InputError: another process fills it, unless not `exclusive`.
        FileExistsError: `path` is a file, or a folder that holds something else.
        OSError: it cannot be made or put at its path.
    """
    path = Path(path)
    _check_replaceable(path, replaces)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_dead(path.parent)
    claim = Claim(path) if exclusive else None
    partial = partial_path(path)
    descriptor = -1
    try:
        partial.mkdir()
        if os.name != "nt":  # where folders cannot be opened
            descriptor = open_beside(partial, os.O_RDONLY)
            lock(descriptor)
        yield partial
        if path.exists():
            _check_replaceable(path, replaces)
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if descriptor >= 0:
            let_go(descriptor)
        if claim:
            claim.release()


def _check_replaceable(path: Path, replaces: tuple[str, ...]) -> None:
    """Raise FileExistsError where `path` is anything but absent or a folder of such files."""
    if not path.exists():
        return
    if not path.is_dir() or not all(_is_one_of(file, replaces) for file in path.iterdir()):
        raise FileExistsError(f"{path} is there already")


def _is_one_of(file: Path, suffixes: tuple[str, ...]) -> bool:
    return file.is_file() and not file.is_symlink() and file.suffix.lower() in suffixes


def _put_new(partial: Path, path: Path) -> None:
    """Rename, where nothing is yet."""
    try:
        try:
            os.link(partial, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            os.replace(partial, path)
        else:
            partial.unlink()
    except FileExistsError as error:
        raise InputError(
            f"{path}: came there while it was made, and was left as it is; add --overwrite, or "
            f"name another output"
        ) from error


@atexit.register
def _discard_all() -> None:
    """Whatever a second Ctrl-C kept from being removed."""
    for pending in tuple(_pending):
        pending.discard()
