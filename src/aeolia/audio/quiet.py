"""libmpg123 prints what it thinks of a file, past all that libsndfile would let one choose."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_remarks_of_mpg123"]

_LOCK = threading.Lock()
_STANDARD_ERROR = 2


@contextmanager
def without_remarks_of_mpg123() -> Iterator[None]:
    """Keep libmpg123's lines from standard error; what others print meanwhile comes after.

    The descriptor itself is exchanged, since C code writes to it, so this serves one thread at a
    time.
    """
    with _LOCK:
        try:
            kept = os.dup(_STANDARD_ERROR)
        except OSError:  # closed: nobody sees them
            yield
            return
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), _STANDARD_ERROR)
            try:
                yield
            finally:
                os.dup2(kept, _STANDARD_ERROR)
                os.close(kept)
                said.seek(0)
                for line in said:
                    if b"mpg123" not in line and not line.startswith((b"Warning: ", b"Note: ")):
                        os.write(_STANDARD_ERROR, line)
