"""Files read whole and bounded, and files and folders that are written whole or not at all."""

from __future__ import annotations

from aeolia.files.leftovers import sweep
from aeolia.files.locks import claimed
from aeolia.files.pending import PendingFile, new_folder, not_written, write_atomically, writing
from aeolia.files.permissions import Paths
from aeolia.files.reading import in_words, read_limited, read_rows, read_text
from aeolia.files.scratch import scratch_folder
from aeolia.files.spool import Spool

__all__ = [
    "Paths",
    "PendingFile",
    "Spool",
    "claimed",
    "in_words",
    "new_folder",
    "not_written",
    "read_limited",
    "read_rows",
    "read_text",
    "scratch_folder",
    "sweep",
    "write_atomically",
    "writing",
]
