"""What shells and terminals leave to a program, so that commands act the same everywhere."""

from __future__ import annotations

import glob
import io
import os
import sys
from collections.abc import Sequence

__all__ = ["expand_patterns", "never_fail_to_print"]


def never_fail_to_print() -> None:
    """Let standard output and error write what their encoding lacks as escapes.

    A pipe on Windows has the system's code page, in which most of the world's file names cannot
    be written; and a name on Linux may be no UTF-8 at all. Neither is a reason to stop.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


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
