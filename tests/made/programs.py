"""Programs that a test runs as other people's: a few lines of Python behind a command line."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

__all__ = ["program"]

_HEAD = "import shutil, sys\nimport numpy as np\nimport soundfile\narguments = sys.argv[1:]\n"


def program(folder: Path, body: str, arguments: str) -> str:
    """A command line that runs `body`, which finds its `arguments` as strings.

    The script lies in a folder whose name has a space, so that quoting is tried each time.
    """
    script = folder / "a folder" / "program.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    number = len(list(script.parent.iterdir()))
    script = script.with_stem(f"program{number}")
    script.write_text(_HEAD + body)
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} {arguments}"
