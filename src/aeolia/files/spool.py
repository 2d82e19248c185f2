"""What waits on the disk until it is whole: in the temporary folder, for this process alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from aeolia.errors import InputError
from aeolia.files.leftovers import new_partial, remove_dead
from aeolia.files.locks import let_go

__all__ = ["Spool"]


class Spool:
    """A temporary file that goes when it is closed, and with its process: use `with`.

    Args:
        named: others shall open it by its `path`, such as libsndfile. After a kill it is there
            until the next such file is made.

    Raises:
        InputError: the temporary folder cannot be written, or is full; in `write`, too.
    """

    def __init__(self, *, named: bool = False) -> None:
        self._named = named
        self.path, self._descriptor = Path(), -1
        try:
            if named:
                folder = Path(tempfile.gettempdir())
                remove_dead(folder)
                descriptor, self.path = new_partial(folder / "aeolia.spool", 0o600)
                self._file: Any = os.fdopen(descriptor, "w+b", closefd=False)
                self._descriptor = descriptor
            else:
                self._file = tempfile.TemporaryFile()
        except OSError as error:
            raise _unwritable(error) from error

    def write(self, data: bytes) -> None:
        """Append bytes."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _unwritable(error) from error

    def flush(self) -> None:
        """Let those see all of it who opened it by its path."""
        try:
            self._file.flush()
        except OSError as error:
            raise _unwritable(error) from error

    def rewind(self) -> None:
        """Go back to the beginning, to read."""
        self.flush()
        self._file.seek(0)

    def read(self, n_bytes: int) -> bytes:
        """The next bytes, fewer only at the end."""
        data: bytes = self._file.read(n_bytes)
        return data

    def tell(self) -> int:
        """Bytes up to here."""
        return int(self._file.tell())

    @property
    def file(self) -> Any:
        """The file itself, such as for a map of it in memory."""
        return self._file

    def close(self) -> None:
        """Remove it."""
        try:
            self._file.close()
        except OSError:
            pass  # what is left in its buffer finds no room, and is not needed
        if self._named and self._descriptor >= 0:
            let_go(self._descriptor)
            self._descriptor = -1
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unwritable(error: OSError) -> InputError:
    return InputError(
        f"the temporary folder {tempfile.gettempdir()} cannot be written ({error.strerror}); free "
        f"some space there, or set TMPDIR to another folder"
    )
