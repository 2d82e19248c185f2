"""What shells and terminals leave to a program, so that commands act the same everywhere."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence

__all__ = ["expand_patterns"]


def expand_patterns(arguments: Sequence[str], system: str = os.name) -> list[str]:
    """Arguments with patterns (`*.mp3`) replaced by the files that match, by name.

    Shells do so everywhere but on Windows ("nt"), where it is left to the program. What matches
    nothing stays, as in a shell.
    """
    if system != "nt":
        return list(arguments)
    expanded: list[str] = []
    for argument in arguments:
        found = sorted(glob.glob(argument)) if glob.has_magic(argument) else []
        expanded += found or [argument]
    return expanded
