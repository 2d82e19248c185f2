"""What was uploaded and made: files in one temporary folder, by names that cannot be guessed.

Two people at one server do not meet, since who does not know a name cannot ask for it. What files
are called by their owners is kept as text and never becomes a part of a path.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aeolia.errors import AeoliaError, InputError
from aeolia.plain_text import file_stem

__all__ = ["MOST_BYTES", "SALVAGE", "NotThereError", "Store", "TooLargeError", "Upload"]

#: A file may be this large: ten hours of 48 kHz stereo in 24 bits have 10 GB.
MOST_BYTES = 16 << 30
#: What the command line advises where a file is cut off; here it is a choice of the job.
SALVAGE = ", or add --salvage to take what is there"
#: Of the disk, what an upload leaves free.
_SPARE_BYTES = 1 << 28
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


class NotThereError(AeoliaError):
    """Nothing has this name, or no longer."""


class TooLargeError(InputError):
    """An upload is larger than what is taken, or than the disk."""


@dataclass(frozen=True)
class Upload:
    """A file that somebody brought."""

    id: str
    #: What its owner calls it.
    name: str
    path: Path

    @property
    def stem(self) -> str:
        """Its owner's name without the ending, fit to be a part of another file's name."""
        return file_stem(PurePosixPath(self.name).stem).lstrip(".") or "sound"


class Store:
    """The folder, and what is in it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aeolia-web-", ignore_cleanup_errors=True)
        self._uploads: dict[str, Upload] = {}
        self._most_bytes = most_bytes

    def new_folder(self) -> tuple[str, Path]:
        """A name that cannot be guessed, and an empty folder of that name."""
        name = secrets.token_urlsafe(16)
        folder = Path(self._folder.name) / name
        folder.mkdir()
        return name, folder

    async def receive(
        self, name: str, chunks: AsyncIterator[bytes], expected_bytes: int | None
    ) -> Upload:
        """Keep what is sent.

        Args:
            name: what its owner calls it.
            expected_bytes: where the sender says so.

        Raises:
            TooLargeError: more than is taken, or than the disk has room for.
            InputError: nothing came.
        """
        name = name.replace("\\", "/").rsplit("/", 1)[-1] or "sound"
        if expected_bytes is not None:
            self._check_room(expected_bytes)
        ending = PurePosixPath(name).suffix.lower()
        id_, folder = self.new_folder()
        path = folder / f"sound{ending if _SUFFIX.fullmatch(ending) else ''}"
        try:
            size = 0
            with path.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    self._check_room(size if expected_bytes is None else 0, size)
                    file.write(chunk)
            if not size:
                raise InputError(f"{name}: empty; an audio file is needed")
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise TooLargeError(
                    f"the file could not be kept ({error.strerror}); free some space, or set "
                    "TMPDIR to another disk"
                ) from error
            raise
        upload = self._uploads[id_] = Upload(id_, name, path)
        return upload

    def _check_room(self, needed: int, size: int = 0) -> None:
        if max(needed, size) > self._most_bytes:
            raise TooLargeError(
                f"the file is larger than {self._most_bytes / (1 << 30):g} GB; cut it, or use the "
                "command line, which has no limit"
            )
        if needed and needed > shutil.disk_usage(self._folder.name).free - _SPARE_BYTES:
            raise TooLargeError(
                "the disk has no room for the file; free some, or set TMPDIR to another disk"
            )

    def add(self, name: str, ending: str) -> Upload:
        """An upload whose file somebody here is about to write."""
        id_, folder = self.new_folder()
        upload = self._uploads[id_] = Upload(id_, name, folder / f"sound{ending}")
        return upload

    def upload(self, id_: str) -> Upload:
        """What was uploaded under a name.

        Raises:
            NotThereError: nothing was, or it was removed.
        """
        if id_ not in self._uploads:
            raise NotThereError("this file is not there; the server was restarted: send it again")
        return self._uploads[id_]

    def in_owners_words(self, text: str) -> str:
        """A text in which files have their owners' names, and no advice for the command line."""
        text = text.replace(SALVAGE, "")
        for upload in self._uploads.values():
            text = text.replace(str(upload.path), upload.name)
        return text

    def remove(self, id_: str) -> None:
        """Forget an upload and its file."""
        upload = self._uploads.pop(id_, None)
        if upload is not None:
            shutil.rmtree(upload.path.parent, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        self._folder.cleanup()
