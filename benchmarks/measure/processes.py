"""A command as a process of its own: how long it runs, and the most memory it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from aeolia.errors import ModelError

__all__ = ["Measured", "aeolia_command", "run_measured"]

# A small process starts the command: the peak that a process is said to have is at least that of
# the one that it was forked from, and a benchmark with PyTorch and its recordings is large.
_PROBE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([done.returncode, seconds, peak, done.stdout, done.stderr]))
"""


@dataclass(frozen=True)
class Measured:
    """A command that has ended."""

    code: int
    seconds: float
    #: Most resident memory, in MB of 1024 * 1024 bytes.
    peak_mb: float
    stdout: str
    stderr: str


def aeolia_command(*arguments: object) -> None:
    """Run an `aeolia` command, whose words go to the terminal.

    Raises:
        ModelError: it failed.
    """
    command = [sys.executable, "-m", "aeolia", *map(str, arguments)]
    code = subprocess.run(command).returncode
    if code:
        raise ModelError(f"`aeolia {arguments[0]}` ended with code {code}; its message is above")


def run_measured(command: Sequence[str]) -> Measured:
    """Run a command to its end, with one thread for OpenMP."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _PROBE, *command],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    code, seconds, peak, stdout, stderr = json.loads(done.stdout)
    kilobytes = peak / 1024 if sys.platform == "darwin" else peak
    return Measured(code, seconds, kilobytes / 1024, stdout, stderr)
