"""The tutorials' commands, run as a reader would: what they print as figures is what came out.

    python -m handbook --lessons RUNS [dae cae vae]

runs the marked blocks of docs/learn in the folder RUNS, one after the other, says how long each
took (of the clock, and of the processor), and draws the pages' pictures of what they left there.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["LESSONS", "blocks", "run"]

LESSONS = ("index", "dae", "cae", "vae")
_ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^<!-- run(?: short)? -->\n```sh\n(.*?)```", re.MULTILINE | re.DOTALL)


def blocks(lesson: str) -> list[str]:
    """The lesson's commands, a text for each block of its page."""
    return _BLOCK.findall((_ROOT / "docs" / "learn" / f"{lesson}.md").read_text("utf-8"))


def run(folder: Path, names: list[str]) -> None:
    """Run these lessons in `folder`; the sounds that are there already are not made again.

    Raises:
        subprocess.CalledProcessError: a command failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "scripts").exists():
        (folder / "scripts").symlink_to(_ROOT / "scripts")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name in names:
        for block in blocks(name):
            if "make_sounds" in block and (folder / "made").exists():
                continue
            begun, used = time.monotonic(), _processor_seconds()
            subprocess.run(
                ["sh", "-exc", block], cwd=folder, env={**os.environ, "PATH": path}, check=True
            )
            print(
                f"{name}: {time.monotonic() - begun:.0f} s, of the processor "
                f"{_processor_seconds() - used:.0f} s: {block.splitlines()[0][:70]}",
                flush=True,
            )


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
