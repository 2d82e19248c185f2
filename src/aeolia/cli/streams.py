"""Standard input, output and error that may be closed, full, or read by nobody.

What cannot be printed is one line and exit code 2 (a traceback, or silence, otherwise); what cannot
be said on standard error is left unsaid.
"""

from __future__ import annotations

import io
import os
import sys

from aeolia.errors import InputError
from aeolia.plain_text import without_commands

__all__ = ["finish_printing", "guard_streams"]

#: How each of the three is opened where it was closed: reading gives nothing, writing fails.
_CLOSED = ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY))


class _Output(io.TextIOWrapper):
    """Standard output that says what is wrong with it."""

    def write(self, text: str) -> int:
        try:
            return super().write(without_commands(text))
        except OSError as error:
            raise _unwritable(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise _unwritable(error) from error


class _Error(io.TextIOWrapper):
    """Standard error, whose own failures could be told to nobody."""

    def write(self, text: str) -> int:
        try:
            return super().write(without_commands(text))
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            pass


def guard_streams() -> None:
    """Put streams that can be relied on in place of Python's.

    They write what their encoding lacks as escapes: a pipe on Windows has the system's code page,
    in which most of the world's file names cannot be written; and a name on Linux may be no UTF-8
    at all. Neither is a reason to stop. What a terminal would obey (a file's name may hold a
    command to it) is shown as an escape, but for colours and the movements of progress bars.

    The number of a closed stream would go to the next file that is opened, such as the output, so
    each is taken.
    """
    for number, flags in _CLOSED:
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number, so this one: those below it are taken by now.
            os.open(os.devnull, flags)
    sys.stdout = _guarded(sys.stdout, 1, _Output)
    sys.stderr = _guarded(sys.stderr, 2, _Error)


def _guarded(stream: object, number: int, kind: type[io.TextIOWrapper]) -> io.TextIOWrapper:
    if isinstance(stream, io.TextIOWrapper):
        encoding, lines = stream.encoding, stream.line_buffering
        raw = stream.detach()
    else:  # None: it was closed when Python began
        encoding, lines, raw = "utf-8", False, io.BufferedWriter(io.FileIO(number, "w", False))
    return kind(raw, encoding, "backslashreplace", line_buffering=lines or number == 2)


def finish_printing(code: int) -> int:
    """The exit code, once all that was printed has left; 2 where it could not."""
    try:
        sys.stdout.flush()
    except InputError as error:
        if code == 0:
            print(f"aeolia: {error}", file=sys.stderr)
            code = 2
        # What is left in the buffers goes nowhere, or Python would try again and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code


def _unwritable(error: OSError) -> InputError:
    return InputError(
        f"standard output: cannot be written ({error.strerror}); its reader may have ended, or its "
        f"disk be full"
    )
