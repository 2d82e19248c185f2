"""Read audio files block by block, of any length, and WAV from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from aeolia.audio.first_bytes import may_be_audio
from aeolia.audio.formats import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, AudioInfo
from aeolia.audio.levels import impossible
from aeolia.audio.media import MediaSource, begins_as_media, is_media
from aeolia.audio.ogg import holds_another_codec
from aeolia.audio.raw import RawFormat
from aeolia.audio.sound_file import SoundFileSource, rate_message
from aeolia.audio.wav_pipe import WavHeader, WavPipeReader, read_wav_header
from aeolia.errors import AudioFileError, MissingExtraError
from aeolia.files import Spool

__all__ = ["PIPE", "AudioReader", "read_audio", "read_samples"]

#: The name of standard input and standard output.
PIPE = "-"

#: SF_ERR_UNRECOGNISED_FORMAT and SF_ERR_UNSUPPORTED_ENCODING in sndfile.h.
_UNKNOWN_TO_LIBSNDFILE = (1, 4)


#: What a pipe that is no WAV may bring, which has to be kept in the temporary folder.
_MOST_SPOOLED = 1 << 32
#: Of a pipe, as libsndfile has it for files.
_MOST_CHANNELS = 1024


class AudioReader:
    """Reads an audio file, or a WAV from standard input, from front to back.

    Args:
        path: the file; "-" is standard input.
        salvage: take what is there of a file that is cut off. False refuses it with a word on
            `--salvage`; None refuses it where there is no such option.
        track: which audio track of a file with several, from 1; the first when None.

        raw: what comes through standard input, where it has no header.

    Raises:
        MissingExtraError: sound of phones, cameras or films, and PyAV is not installed.
        AudioFileError: the file is missing, empty, damaged, truncated, not audio, or of a
            sample rate outside 8000 to 192000 Hz; in `read`, a sample that is not finite.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        salvage: bool | None = None,
        track: int | None = None,
        raw: RawFormat | None = None,
    ) -> None:
        self.path = str(path)
        self._salvage, self._track = salvage, track
        #: Whether samples come without a header, from a program that may wait for the answer.
        self.is_raw = raw is not None and str(path) == PIPE
        self._n_read = 0
        self._spool: Any = None
        self._source: Any
        if str(path) == PIPE:
            if sys.stdin is None:
                raise AudioFileError("standard input: closed; pipe a WAV file into the command")
            if sys.stdin.isatty():
                raise AudioFileError("standard input: a terminal; pipe a WAV file into the command")
            if raw is None:
                self._source = self._open_pipe(sys.stdin.buffer, "standard input")
            else:
                header = WavHeader(raw.sample_rate, raw.channels, raw.subtype, 0)
                self._source = WavPipeReader(sys.stdin.buffer, header, "standard input")
        elif Path(path).is_fifo():  # such as the shell's <(...)
            self._source = self._open_pipe(Path(path).open("rb"), str(path))
        else:
            self._source = self._open_file(Path(path), str(path))
        self.info: AudioInfo = self._source.info
        try:
            _check_usable(self.info)
        except AudioFileError:
            self.close()
            raise

    def _open_file(self, path: Path, name: str) -> Any:
        if is_media(path):
            return MediaSource(path, name, track=self._track)
        try:
            source = SoundFileSource(path, name, salvage=self._salvage)
        except AudioFileError as error:
            # libsndfile's words for a format that it does not know, or not that codec in it; what
            # it knows and finds damaged would be read by others without a word.
            unknown = getattr(error.__cause__, "code", None) in _UNKNOWN_TO_LIBSNDFILE
            if not (unknown or holds_another_codec(path)):
                raise
            try:
                return MediaSource(path, name, track=self._track)
            except (AudioFileError, MissingExtraError):
                raise error from None
        if self._track not in (None, 1):
            source.close()
            raise AudioFileError(f"{name}: has 1 audio track, and no number {self._track}")
        return source

    def _open_pipe(self, stream: BinaryIO, name: str) -> Any:
        header, taken = read_wav_header(stream)
        if not taken:
            raise AudioFileError(f"{name}: empty; a WAV stream is needed")
        if header is not None and header.channels > _MOST_CHANNELS:
            raise AudioFileError(
                f"{name}: its header says {header.channels} channels; at most {_MOST_CHANNELS} can "
                f"be processed: record it again"
            )
        if header is not None and header.subtype is not None and header.channels:
            return WavPipeReader(stream, header, name, salvage=self._salvage)
        if not (may_be_audio(taken) or begins_as_media(taken)):
            raise AudioFileError(
                f"{name}: no audio by its first bytes; WAV, FLAC, OGG, Opus, MP3, AIFF, W64, CAF "
                f"or RF64 is needed"
            )
        # Another format: libsndfile reads it, but only from a file that can be seeked.
        self._spool = Spool(named=True)
        try:
            self._keep(taken, stream, name)
            return self._open_file(self._spool.path, name)
        except BaseException:
            self._spool.close()  # which removes it
            raise

    def _keep(self, data: bytes, stream: BinaryIO, name: str) -> None:
        """Write what begins so, and all that follows, into the temporary folder."""
        while data:
            self._spool.write(data)
            if self._spool.tell() > _MOST_SPOOLED:
                raise AudioFileError(
                    f"{name}: more than {_MOST_SPOOLED >> 30} GB, too much to keep beside; write "
                    f"it into a file first, or pipe it as WAV"
                )
            data = stream.read(1 << 20)
        self._spool.flush()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know of the file, a sentence each; complete when it was read."""
        return tuple(self._source.remarks)

    def read(self, n_frames: int) -> np.ndarray:
        """The next n_frames samples [T, C], float32; fewer only at the end, then [0, C]."""
        block: np.ndarray = self._source.read(n_frames)
        if not len(block) and not self._n_read and n_frames:
            raise AudioFileError(_no_samples(self.info.name))
        if wrong := impossible(block, self._n_read, self.info.sample_rate):
            raise AudioFileError(f"{self.info.name}: {wrong}")
        self._n_read += len(block)
        return block

    def blocks(self, n_frames: int) -> Iterator[np.ndarray]:
        """All blocks [T, C] to the end of the file."""
        while len(block := self.read(n_frames)):
            yield block

    def close(self) -> None:
        """Close the file; reading is over."""
        if not isinstance(self._source, WavPipeReader):
            self._source.close()
        if self._spool is not None:
            self._spool.close()

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_usable(info: AudioInfo) -> None:
    if not MIN_SAMPLE_RATE <= info.sample_rate <= MAX_SAMPLE_RATE:
        raise AudioFileError(rate_message(info.name, info.sample_rate))
    if info.frames == 0:
        raise AudioFileError(_no_samples(info.name))


def _no_samples(name: str) -> str:
    return f"{name}: holds no audio (0 samples); at least 1 sample is needed"


def read_audio(path: str | Path) -> tuple[np.ndarray, AudioInfo]:
    """A whole file: samples [T, C] float32, and what kind of file it is."""
    with AudioReader(path) as reader:
        return np.concatenate(list(reader.blocks(1 << 16))), reader.info


def read_samples(path: str | Path) -> tuple[np.ndarray, int]:
    """A whole file as arrays are passed around: [T] (one channel) or [T, C], and its sample rate.

    Raises:
        AudioFileError: as `AudioReader`.
    """
    audio, info = read_audio(path)
    return audio[:, 0] if info.channels == 1 else audio, info.sample_rate
