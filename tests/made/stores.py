"""Stores that behave badly, or are very large, for the tests of `aeolia bulk`."""

from __future__ import annotations

import errno
from typing import Any

import fsspec
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem

__all__ = ["Vast", "register"]


class Full(MemoryFileSystem):
    """A bucket in which nothing more has room, but for small files."""

    protocol = "full"
    store: dict[str, Any] = {}
    pseudo_dirs = [""]

    def put_file(self, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


class Quota(Full):
    """The same, as a store says it that has no numbers."""

    protocol = "quota"
    store: dict[str, Any] = {}

    def put_file(self, *_: object, **__: object) -> None:
        raise OSError("QuotaExceeded: the bucket has reached its quota")


class Denied(MemoryFileSystem):
    """A bucket that one may look at."""

    protocol = "denied"
    store: dict[str, Any] = {}
    pseudo_dirs = [""]

    def put_file(self, *_: object, **__: object) -> None:
        raise PermissionError("Access Denied")


class Shut(MemoryFileSystem):
    """A bucket that one may not even look at."""

    protocol = "shut"

    def ls(self, *_: object, **__: object) -> list[Any]:
        raise PermissionError("Forbidden")

    def info(self, *_: object, **__: object) -> dict[str, Any]:
        raise PermissionError("Forbidden")


class Vast(AbstractFileSystem):
    """`n_folders` folders of `n_files` names each, which nobody has written."""

    protocol = "vast"
    n_folders, n_files = 10, 100
    #: Folders listed so far.
    listed = 0

    def info(self, path: str, **_: object) -> dict[str, Any]:
        path = self._strip_protocol(path).strip("/")
        if path.endswith(".wav"):
            return {"name": path, "type": "file", "size": 1000, "ETag": path}
        return {"name": path, "type": "directory", "size": 0}

    def ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:
        top = self._strip_protocol(path).strip("/")
        if "/" not in top:
            names = [f"{top}/{n:06d}" for n in range(self.n_folders)]
        else:
            type(self).listed += 1
            names = [f"{top}/{n:06d}.wav" for n in range(self.n_files)]
        return [self.info(name) for name in names] if detail else names


def register() -> None:
    """Let fsspec know them."""
    for kind in (Full, Quota, Denied, Shut, Vast):
        fsspec.register_implementation(kind.protocol, kind, clobber=True)
