"""Read audio files block by block, of any length, and WAV from standard input."""

from __future__ import annotations

import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from aeolia.audio.formats import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, AudioInfo
from aeolia.audio.wav_pipe import WavPipeReader, read_wav_header
from aeolia.errors import AudioFileError
from aeolia.files import in_words

__all__ = ["PIPE", "AudioReader", "read_audio", "read_samples"]

#: The name of standard input and standard output.
PIPE = "-"

_TAGS = (
    "title",
    "copyright",
    "software",
    "artist",
    "comment",
    "date",
    "album",
    "license",
    "tracknumber",
    "genre",
)

#: In libsndfile's log of the header: a size that the file is too short (or too long) for, in
#: WAV, AIFF and W64; and a count of frames, in RF64.
_WRONG_BYTES = re.compile(r"^\s*(?:data|SSND|riff)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
_WRONG_FRAMES = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")

#: Formats that people have and libsndfile does not read.
_FOREIGN = (".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka", ".mkv", ".mov", ".amr")


class AudioReader:
    """Reads an audio file, or a WAV from standard input, from front to back.

    Raises:
        AudioFileError: the file is missing, empty, damaged, truncated, not audio, or of a
            sample rate outside 8000 to 192000 Hz; in `read`, a sample that is not finite.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._n_read = 0
        self._spool: Any = None
        self._source: Any
        if str(path) == PIPE:
            if sys.stdin.isatty():
                raise AudioFileError("standard input: a terminal; pipe a WAV file into the command")
            self._source = self._open_pipe(sys.stdin.buffer, "standard input")
        elif Path(path).is_fifo():  # such as the shell's <(...)
            self._source = self._open_pipe(Path(path).open("rb"), str(path))
        else:
            self._source = _SoundFileSource(Path(path), str(path))
        self.info: AudioInfo = self._source.info
        try:
            _check_usable(self.info)
        except AudioFileError:
            self.close()
            raise

    def _open_pipe(self, stream: BinaryIO, name: str) -> Any:
        header, taken = read_wav_header(stream)
        if not taken:
            raise AudioFileError(f"{name}: empty; a WAV stream is needed")
        if header is not None and header.subtype is not None and header.channels:
            return WavPipeReader(stream, header, name)
        # Another format: libsndfile reads it, but only from a file that can be seeked.
        self._spool = tempfile.NamedTemporaryFile(prefix="aeolia-", suffix=".pipe")
        self._spool.write(taken)
        shutil.copyfileobj(stream, self._spool)
        self._spool.flush()
        return _SoundFileSource(Path(self._spool.name), name)

    def read(self, n_frames: int) -> np.ndarray:
        """The next n_frames samples [T, C], float32; fewer only at the end, then [0, C]."""
        block: np.ndarray = self._source.read(n_frames)
        if not len(block) and not self._n_read and n_frames:
            raise AudioFileError(_no_samples(self.info.name))
        finite = np.isfinite(block)
        if not finite.all():
            frame, channel = (int(index) for index in np.argwhere(~finite)[0])
            value, frame = block[frame, channel], self._n_read + frame
            raise AudioFileError(
                f"{self.info.name}: sample {frame} of channel {channel} (at "
                f"{frame / self.info.sample_rate:.3f} s) is {value}; only finite samples can be "
                f"processed: repair or cut the file"
            )
        self._n_read += len(block)
        return block

    def blocks(self, n_frames: int) -> Iterator[np.ndarray]:
        """All blocks [T, C] to the end of the file."""
        while len(block := self.read(n_frames)):
            yield block

    def close(self) -> None:
        """Close the file; reading is over."""
        if isinstance(self._source, _SoundFileSource):
            self._source.close()
        if self._spool is not None:
            self._spool.close()

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _SoundFileSource:
    """A file through libsndfile, with its errors put into words."""

    def __init__(self, path: Path, name: str) -> None:
        import soundfile

        _check_is_file(path, name)
        try:
            self._file = soundfile.SoundFile(path)
        except soundfile.SoundFileError as error:
            raise AudioFileError(_why_unreadable(path, name, error)) from error
        self._errors = soundfile.SoundFileError
        file = self._file
        # libsndfile answers 2**63 - 1 for streams that do not state their length.
        frames = file.frames if file.frames < 1 << 62 else None
        self.info = AudioInfo(
            name=name,
            sample_rate=file.samplerate,
            channels=file.channels,
            frames=frames,
            container=file.format,
            subtype=file.subtype,
            endian=file.endian,
            tags={tag: text for tag in _TAGS if (text := getattr(file, tag, ""))},
        )
        self._n_read = 0
        if promise := _broken_promise(file.extra_info):
            file.close()
            raise AudioFileError(f"{name}: truncated: {promise}; copy or record it again")

    def read(self, n_frames: int) -> np.ndarray:
        try:
            block: np.ndarray = self._file.read(n_frames, dtype="float32", always_2d=True)
        except self._errors as error:
            at = self._n_read / self.info.sample_rate
            raise AudioFileError(
                f"{self.info.name}: damaged or truncated: it cannot be read beyond {at:.3f} s; "
                f"copy or record it again"
            ) from error
        self._n_read += len(block)
        frames = self.info.frames
        if len(block) < n_frames and frames is not None and self._n_read < frames:
            raise AudioFileError(
                f"{self.info.name}: truncated: it promises {frames} samples and ends after "
                f"{self._n_read}; copy or record it again"
            )
        return block

    def close(self) -> None:
        self._file.close()


def _broken_promise(header_log: str) -> str | None:
    """What libsndfile noted of a header that promises more than the file holds."""
    for promised, there in _WRONG_BYTES.findall(header_log):
        # Sizes from 2**31 - 2**16 are placeholders of programs that wrote into a pipe.
        if int(there) < int(promised) < 0x7FFF_0000:
            return f"its header promises {promised} bytes of audio and {there} are there"
    for there, promised in _WRONG_FRAMES.findall(header_log):
        if int(there) < int(promised):
            return f"its header promises {promised} samples and {there} are there"
    return None


def _check_is_file(path: Path, name: str) -> None:
    try:
        found = path.stat()
        with path.open("rb"):
            pass
    except OSError as error:
        raise AudioFileError(f"{name}: {in_words(error, 'file')}") from error
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise AudioFileError(f"{name}: empty (0 bytes); an audio file is needed")


def _why_unreadable(path: Path, name: str, error: Exception) -> str:
    """One line on why libsndfile refused the file."""
    with path.open("rb") as stream:
        header, _ = read_wav_header(stream)
    if header is not None and not header.channels:
        return f"{name}: its header says 0 channels; at least 1 is needed: record it again"
    if header is not None and not header.sample_rate:
        return _rate_message(name, 0)
    reason = str(error).rsplit(": ", 1)[-1].strip().rstrip(".") or "unknown error"
    hint = ""
    if path.suffix.lower() in _FOREIGN:
        hint = f"; convert it first, such as with `ffmpeg -i {path.name} {path.stem}.wav`"
    return (
        f"{name}: not a readable audio file ({reason}); WAV, FLAC, OGG, Opus, MP3, AIFF, W64, "
        f"CAF or RF64 is needed{hint}"
    )


def _check_usable(info: AudioInfo) -> None:
    if not MIN_SAMPLE_RATE <= info.sample_rate <= MAX_SAMPLE_RATE:
        raise AudioFileError(_rate_message(info.name, info.sample_rate))
    if info.frames == 0:
        raise AudioFileError(_no_samples(info.name))


def _rate_message(name: str, sample_rate: int) -> str:
    return (
        f"{name}: its sample rate is {sample_rate} Hz; {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz "
        f"is needed: correct its header or resample it"
    )


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
