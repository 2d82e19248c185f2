"""libsndfile writing into a file of ours, so that no error in it is lost.

Its encoders of lossy formats and of FLAC pass over what cannot be written at the end, such as on a
full disk: the file is shorter, and nobody knows. Here the system's error stays, and is raised.
"""

from __future__ import annotations

import os
from typing import Any

from aeolia.files import PendingFile

__all__ = ["Sink", "open_into"]


class Sink:
    """A pending file beneath libsndfile: it answers, and keeps what went wrong."""

    def __init__(self, file: PendingFile) -> None:
        self._file = file
        self._error: BaseException | None = None

    def check(self) -> None:
        """Raise what went wrong since the last time: an OSError, or an interrupt."""
        error, self._error = self._error, None
        if error:
            raise error

    def keep(self, _: object, error: BaseException, __: object) -> None:
        """What cffi calls with an exception that cannot pass through libsndfile."""
        self._error = self._error or error

    def restart(self) -> None:
        """Empty the file."""
        self._file.truncate(0)
        self._file.seek(0)

    def write(self, data: Any) -> int:
        return self._file.write(data)

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def size(self) -> int:
        here = self.tell()
        try:
            return self.seek(0, os.SEEK_END)
        finally:
            self.seek(here, os.SEEK_SET)


def open_into(sink: Sink, sample_rate: int, channels: int, **form: Any) -> Any:
    """A `soundfile.SoundFile` that writes into `sink`, from its beginning; see there for `form`."""
    import soundfile

    class Written(soundfile.SoundFile):  # type: ignore[misc]
        def _init_virtual_io(self, file: Sink) -> Any:
            """soundfile's own, but that exceptions are kept: it would print and forget them.

            An interrupt is one, and Python raises it where it next can: most often in here.
            """
            ffi = soundfile._ffi
            said = {"error": 0, "onerror": file.keep}

            def write(data: Any, count: int, _: Any) -> int:
                return file.write(ffi.buffer(data, count)[:])

            def read(data: Any, count: int, _: Any) -> int:
                return file.readinto(ffi.buffer(data, count))

            # They live as long as the dictionary does.
            self._virtual_io = {
                "get_filelen": ffi.callback("sf_vio_get_filelen", lambda _: file.size(), **said),
                "seek": ffi.callback("sf_vio_seek", lambda at, how, _: file.seek(at, how), **said),
                "read": ffi.callback("sf_vio_read", read, **said),
                "write": ffi.callback("sf_vio_write", write, **said),
                "tell": ffi.callback("sf_vio_tell", lambda _: file.tell(), **said),
            }
            return ffi.new("SF_VIRTUAL_IO*", self._virtual_io)

    sink.restart()
    return Written(sink, "w", sample_rate, channels, **form)
