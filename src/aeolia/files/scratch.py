"""A folder for what is needed meanwhile, in the temporary folder; it goes with its process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aeolia.errors import InputError
from aeolia.files.leftovers import partial_path, remove_dead
from aeolia.files.locks import let_go, lock, open_beside

__all__ = ["scratch_folder"]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder for this process alone, removed when the block ends.

    What a killed process left is removed by the next one that asks for such a folder.

    Raises:
        InputError: the temporary folder cannot be written, or is full.
    """
    top = Path(tempfile.gettempdir())
    remove_dead(top)
    folder = partial_path(top / "aeolia.scratch")
    descriptor = -1
    try:
        try:
            folder.mkdir(mode=0o700)
            if os.name != "nt":  # where folders cannot be opened
                descriptor = open_beside(folder, os.O_RDONLY)
                lock(descriptor)
        except OSError as error:
            raise InputError(
                f"{top}: cannot be written ({error.strerror}); free some space, or set TMPDIR to "
                f"another folder"
            ) from error
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor >= 0:
            let_go(descriptor)
