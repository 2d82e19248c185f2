"""Several audio files of the same form, written side by side in one pass, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aeolia.audio.formats import FILM_SUFFIXES, AudioInfo, as_written
from aeolia.audio.media_writer import MediaWriter
from aeolia.audio.writer import AllOrNothing, AudioWriter
from aeolia.files import Paths

__all__ = ["Outputs", "output_writer"]


def output_writer(
    path: str | Path, source: AudioInfo, *, overwrite: bool = False, inputs: Paths = ()
) -> AudioWriter | MediaWriter:
    """The writer of a file, by its name's ending: see `AudioWriter` and `MediaWriter`."""
    film = Path(path).suffix.lower() in FILM_SUFFIXES
    return (MediaWriter if film else AudioWriter)(path, source, overwrite=overwrite, inputs=inputs)


class Outputs(AllOrNothing):
    """Files that belong together, all of them or none: use it as a context manager.

    Args:
        paths: output's name -> its file.
        source: format to write, as `AudioReader.info` has it.
        remainder: name of the output that is what the others leave of something, if one is. What
            rounding takes from the others is added to it, so that integer files sum as well.
        overwrite: replace existing files.
        inputs: further files that they are made from, see `AudioWriter`.

    Raises:
        AudioFileError: an output exists, is the input, or cannot be written.
    """

    def __init__(
        self,
        paths: Mapping[str, str | Path],
        source: AudioInfo,
        *,
        remainder: str | None = None,
        overwrite: bool = False,
        inputs: Paths = (),
    ) -> None:
        self._remainder = remainder
        self._writers: dict[str, AudioWriter | MediaWriter] = {}
        try:
            for name, path in paths.items():
                self._writers[name] = output_writer(
                    path, source, overwrite=overwrite, inputs=inputs
                )
        except BaseException:
            self.abort()
            raise

    @property
    def n_clipped(self) -> dict[str, int]:
        """Samples that had to be clamped so far, by output."""
        return {name: writer.n_clipped for name, writer in self._writers.items()}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know of the files, each sentence once; complete when closed."""
        said = [remark for writer in self._writers.values() for remark in writer.remarks]
        return tuple(dict.fromkeys(said))

    def write(self, blocks: Mapping[str, np.ndarray]) -> None:
        """Append samples [T, C] to every output."""
        lost: np.ndarray | float = 0.0
        for name, writer in self._writers.items():
            if name != self._remainder:
                writer.write(blocks[name])
                if self._remainder is not None:
                    lost = lost + (blocks[name] - as_written(blocks[name], writer.info.subtype))
        if self._remainder is not None:
            self._writers[self._remainder].write(blocks[self._remainder] + lost)

    def close(self) -> None:
        """Complete all files, and only then put them at their paths."""
        there: list[AudioWriter | MediaWriter] = []
        try:
            for writer in self._writers.values():
                writer.finish()
            for writer in self._writers.values():
                writer.put()
                there.append(writer)
        except BaseException:
            self.abort()
            for writer in there:
                writer.remove()
            raise

    def abort(self) -> None:
        """Remove what was written."""
        for writer in self._writers.values():
            writer.abort()
