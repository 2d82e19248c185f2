"""Commands that do what no command may, for the harness that is to notice."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["crash", "fail", "fill", "hang", "leave", "mute"]


def fail(arguments: list[str]) -> int:
    raise KeyError("a bug")


def crash(arguments: list[str]) -> int:
    os.abort()


def hang(arguments: list[str]) -> int:
    while True:
        time.sleep(1)


def fill(arguments: list[str]) -> int:
    return len(bytearray(b"x") * (400 << 20)) * 0


def leave(arguments: list[str]) -> int:
    Path(".out.partial-1.wav").touch()
    return 0


def mute(arguments: list[str]) -> int:
    return 2
