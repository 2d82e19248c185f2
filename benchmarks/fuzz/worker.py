"""A process that runs one command after another, each in a copy of itself with bounds.

Reads a line of JSON a case from standard input and answers with one; see `Request` and `Outcome`.
What commands import is there already, so a case takes little more than its own work. POSIX only.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import resource
import signal
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Outcome", "Request"]

#: What an exception that nobody caught ends with, which no command answers itself.
CODE_OF_TRACEBACK = 70
#: How much longer a command may take on the clock than of the processor.
_PATIENCE = 10
#: Loaded before the first case.
_MODULES = (
    "aeolia.cli",
    "aeolia.api.denoising",
    "aeolia.api.encoding",
    "aeolia.api.separation",
    "aeolia.api.synthesis",
    "aeolia.evaluation.report",
    "aeolia.cli.run_files",
    "onnxruntime",
    "soundfile",
    "soxr",
)


@dataclass(frozen=True)
class Request:
    """A command to run in a folder."""

    arguments: list[str]
    folder: str
    #: What runs it: "module:function" of the arguments, which returns the exit code.
    call: str = "aeolia.cli:run"
    #: A file of the folder that comes on standard input.
    stdin: str = os.devnull
    #: Of the processor's time; ten times as long on the clock, for the machine may be busy.
    seconds: float = 20.0
    #: Of address space, so that what asks for more fails at once.
    gigabytes: float = 6.0


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    #: Exit code; negative for a signal.
    code: int
    #: Of the processor's time.
    seconds: float
    #: Peak of memory in use.
    megabytes: float
    error: str
    timed_out: bool
    #: On standard output.
    printed: str = ""


def run(request: Request) -> Outcome:
    """Run a command in a child process."""
    streams = Path(request.folder, ".stdout"), Path(request.folder, ".stderr")
    started = time.monotonic()
    child = os.fork()
    if not child:
        _be_the_command(request, *streams)
    timed_out = False
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - started > _PATIENCE * request.seconds:
            timed_out = True
            os.kill(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            break
        time.sleep(0.002)
    printed, error = map(_taken, streams)
    code = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss / (2**10 if sys.platform != "darwin" else 2**20)
    timed_out |= code == -signal.SIGXCPU
    return Outcome(code, usage.ru_utime + usage.ru_stime, peak, error, timed_out, printed)


def _taken(stream: Path) -> str:
    """The end of what a stream was written into, which is removed."""
    text = stream.read_text("utf-8", errors="replace") if stream.exists() else ""
    stream.unlink(missing_ok=True)
    return text[-4000:]


def _be_the_command(request: Request, prints: Path, errors: Path) -> None:
    code = CODE_OF_TRACEBACK
    try:
        os.chdir(request.folder)
        streams = (
            (0, os.open(request.stdin, os.O_RDONLY)),
            (1, os.open(prints, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)),
            (2, os.open(errors, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)),
        )
        for number, opened in streams:
            os.dup2(opened, number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
        importlib.import_module("aeolia.cli.streams").guard_streams()  # as the command line has it
        most = int(request.gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        n_seconds = math.ceil(request.seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (n_seconds, n_seconds + 1))
        module, function = request.call.split(":")
        code = getattr(importlib.import_module(module), function)(request.arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Answer requests until standard input ends."""
    for name in _MODULES:
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(asdict(run(Request(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    main()
