"""Who may read an output: as of the file that it replaces, or at most who may read its inputs."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["facts", "hand_on", "keep_from_other_groups", "permitted"]

Paths = Sequence[str | os.PathLike[str]]

_GROUP, _OTHERS = stat.S_IRWXG, stat.S_IRWXO


def facts(path: str | os.PathLike[str]) -> os.stat_result | None:
    """What the system knows of a file; nothing of what is none, such as a pipe."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def permitted(mode: int, inputs: Paths) -> int:
    """`mode`, without what those may not do who may not read all of the inputs."""
    for found in filter(None, map(facts, inputs)):
        if not found.st_mode & stat.S_IROTH:
            mode &= ~_OTHERS
            if not found.st_mode & stat.S_IRGRP:
                mode &= ~_GROUP
    return mode


def keep_from_other_groups(descriptor: int, inputs: Paths) -> None:
    """An input that is its group's alone leaves nothing to another group."""
    own = os.fstat(descriptor)
    for found in filter(None, map(facts, inputs)):
        if not found.st_mode & stat.S_IROTH and found.st_gid != own.st_gid and own.st_mode & _GROUP:
            os.chmod(descriptor, stat.S_IMODE(own.st_mode) & ~_GROUP)
            return


def hand_on(replaced: os.stat_result, descriptor: int) -> None:
    """Give a file the owner, group and mode of the one that it replaces, as far as permitted."""
    if os.name == "nt":
        return
    mode = stat.S_IMODE(replaced.st_mode) & 0o777
    for owner, group in ((-1, replaced.st_gid), (replaced.st_uid, -1)):
        with suppress(OSError):
            os.chown(descriptor, owner, group)
    if os.fstat(descriptor).st_gid != replaced.st_gid:
        mode &= ~_GROUP | (mode & _OTHERS) << 3  # another group gets what all have
    with suppress(OSError):
        os.chmod(descriptor, mode)
