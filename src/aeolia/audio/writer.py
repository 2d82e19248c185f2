"""Write audio files block by block, all or nothing, and WAV to standard output."""

from __future__ import annotations

import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from aeolia.audio.bitrates import encoder_settings
from aeolia.audio.formats import LOSSY, AudioInfo, integer_bits, output_info, quantise
from aeolia.audio.metadata import carries_chunks, carry_metadata
from aeolia.audio.reader import PIPE
from aeolia.audio.sink import Sink, open_into
from aeolia.audio.wav_pipe import PIPE_SUBTYPES, WavPipeWriter
from aeolia.errors import AudioFileError, InputError
from aeolia.files import Paths, PendingFile, not_written

__all__ = ["AllOrNothing", "AudioWriter", "write_audio"]

Own = TypeVar("Own", bound="AllOrNothing")


class AllOrNothing(ABC):
    """Output as a context manager: complete when the block ends well, removed when it does not.

    An interrupt counts as an error.
    """

    @abstractmethod
    def close(self) -> None:
        """Complete the output and put it at its path."""

    @abstractmethod
    def abort(self) -> None:
        """Remove what was written."""

    def __enter__(self: Own) -> Own:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


class AudioWriter(AllOrNothing):
    """Writes an audio file of a given format, all or nothing: use it as a context manager.

    Integer formats clamp what is beyond full scale and count it in `n_clipped`; levels are never
    rescaled.

    Args:
        path: the output, or "-" for a WAV on standard output.
        source: format to write, as `AudioReader.info` has it; the path's suffix may change it.
        overwrite: replace an existing file.
        inputs: further files that it is made from, beside the source: who may not read those may
            not read it.

    Raises:
        AudioFileError: the output exists, is the input, or cannot be written.
        InputError: another process writes it, or, at the end, a file came to its path meanwhile.
    """

    def __init__(
        self,
        path: str | Path,
        source: AudioInfo,
        *,
        overwrite: bool = False,
        inputs: Paths = (),
    ) -> None:
        self._pipe: WavPipeWriter | None = None
        self._n_clipped = 0
        self._source = source
        #: What the user should know of the file that was written, a sentence each.
        self.remarks: list[str] = []
        if str(path) == PIPE:
            raw = source.container == "RAW"
            self.info = source if raw else _pipe_info(source)
            if sys.stdout is None:
                raise AudioFileError("standard output: closed; use -o FILE")
            self._pipe = WavPipeWriter(sys.stdout.buffer, self.info, header=not raw)
            return
        self.path = Path(path)
        check_output(self.path, source, overwrite)
        self.info = output_info(source, self.path)
        self._bits = integer_bits(self.info.subtype)
        self._file: Any = None
        try:
            self._pending = PendingFile(
                self.path, overwrite=overwrite, inputs=(source.name, *inputs)
            )
        except OSError as error:
            raise AudioFileError(not_written(self.path, error)) from error
        self._sink = Sink(self._pending)
        try:
            self._file = self._open()
        except BaseException:
            self.abort()
            raise

    def _open(self) -> Any:
        import soundfile

        info = self.info
        form: dict[str, Any] = {"format": info.container, "subtype": info.subtype}
        if info.bitrate and info.subtype in LOSSY:
            rate_and_channels = info.sample_rate, info.channels
            form |= encoder_settings(info.bitrate, info.subtype, *rate_and_channels)
        size = info.sample_rate, info.channels
        try:
            file = open_into(self._sink, *size, endian=info.endian, **form)
        except soundfile.SoundFileError:
            # Not every container can be written in every byte order it is read in.
            with self._in_words():
                file = open_into(self._sink, *size, **form)
        tags = {} if carries_chunks(self._source, info) else info.tags
        for tag, text in tags.items():
            try:
                setattr(file, tag, text)
            except soundfile.SoundFileError:
                continue  # This container has no place for this tag.
        return file

    @property
    def n_clipped(self) -> int:
        """Samples so far that were beyond full scale and had to be clamped."""
        return self._pipe.n_clipped if self._pipe else self._n_clipped

    def write(self, block: np.ndarray) -> None:
        """Append samples [T, C]."""
        if self._pipe:
            self._pipe.write(block)
            return
        if self._bits is not None:
            block, n_clipped = quantise(block, self._bits)
            self._n_clipped += n_clipped
        with self._in_words():
            self._file.write(block)
            self._sink.check()

    def close(self) -> None:
        """Complete the file and put it at its path."""
        self.finish()
        self.put()

    def finish(self) -> None:
        """Complete the file, still beside its path."""
        if self._pipe:
            return
        with self._or_nothing():
            self._file.close()
            self._sink.check()
            if remark := carry_metadata(self._source, self.info, self._pending.partial):
                self.remarks.append(remark)

    def put(self) -> None:
        """Put the finished file at its path."""
        if self._pipe:
            return
        with self._or_nothing():
            self._pending.put()

    def remove(self) -> None:
        """Take the file away again that was put at its path; what went through a pipe stays."""
        if not self._pipe:
            self.path.unlink(missing_ok=True)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, OSError, AssertionError) as error:
            try:
                self._sink.check()  # what libsndfile came upon
            except OSError as beneath:
                raise self._failed(beneath) from beneath
            raise self._failed(error) from error

    @contextmanager
    def _or_nothing(self) -> Iterator[None]:
        """Whatever fails inside removes the file, and is put into words."""
        try:
            with self._in_words():
                yield
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Remove what was written."""
        if self._pipe:
            return
        try:
            if self._file is not None:
                self._file.close()
        except (RuntimeError, OSError):
            pass  # Closing writes the header, which fails again on a full disk.
        self._pending.discard()

    def _failed(self, error: BaseException) -> AudioFileError:
        said = getattr(error, "strerror", None) or str(error).rsplit(": ", 1)[-1].strip()
        reason = said.rstrip(".") or type(error).__name__
        try:
            free = shutil.disk_usage(self.path.parent).free / 2**20
            room = f"{free:.0f} MB are free there"
        except OSError:
            room = "the folder is not there"
        return AudioFileError(
            f"{self.path}: cannot be written as {self.info.container} {self.info.subtype} "
            f"({reason}; {room}); nothing was left, free some space or choose another output"
        )


def _pipe_info(source: AudioInfo) -> AudioInfo:
    info = output_info(source, "standard output.wav")
    subtype = info.subtype if info.subtype in PIPE_SUBTYPES else "PCM_16"
    return AudioInfo(
        "standard output", source.sample_rate, source.channels, source.frames, "WAV", subtype
    )


def check_output(path: Path, source: AudioInfo, overwrite: bool) -> None:
    if not path.name:
        raise AudioFileError(f"{path}: names no file; give the output a name")
    try:
        if not path.exists():
            return
        if path.is_dir():
            raise AudioFileError(f"{path}: a folder; name an output file")
        if not path.is_file():
            raise AudioFileError(f"{path}: a device, not a file; use -o - to write into a pipe")
        if Path(source.name).exists() and path.samefile(source.name):
            raise AudioFileError(f"{path}: is the input itself; name another output")
    except OSError as error:
        raise AudioFileError(f"{path}: cannot be written ({error.strerror})") from error
    if not overwrite:
        raise AudioFileError(f"{path}: already exists; add --overwrite, or name another output")


def write_audio(
    path: str | Path, audio: np.ndarray, sample_rate: int, *, overwrite: bool = True
) -> int:
    """Write samples [T] or [T, C]; the suffix tells the format. Returns the clipped samples.

    WAV and AIFF get 32-bit floats, FLAC 24 bits, and the others what suits them.
    """
    samples = np.asarray(audio, np.float32)
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.ndim != 2 or not samples.shape[1]:
        raise InputError(f"audio of shape {np.shape(audio)} came; [T] or [T, C] is needed")
    info = AudioInfo("array", sample_rate, samples.shape[1], len(samples), "none", "FLOAT")
    with AudioWriter(path, info, overwrite=overwrite) as writer:
        writer.write(samples)
    return writer.n_clipped
