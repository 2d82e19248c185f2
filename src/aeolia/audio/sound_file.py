"""Samples of a file through libsndfile, strictly from front to back, its errors put into words."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.bitrates import bitrate_of
from aeolia.audio.formats import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, AudioInfo
from aeolia.audio.lengths import advice, broken_promise, mp3_samples, mp3_states_its_length
from aeolia.audio.ogg import ChainedFile, FilePart, ends_within_page, links
from aeolia.audio.quiet import without_remarks_of_mpg123
from aeolia.audio.unfinished import Corrected, correction
from aeolia.audio.wav_pipe import read_wav_header
from aeolia.errors import AudioFileError
from aeolia.files import in_words

__all__ = ["SoundFileSource", "rate_message", "sound_file_path"]

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

#: Formats that people have and libsndfile does not read.
_FOREIGN = (".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka", ".mkv", ".mov", ".amr")

#: Containers whose number of samples libsndfile takes from the size of the file, where less is
#: there than the header says.
_COUNTED = ("WAV", "WAVEX", "RF64", "AIFF", "W64", "AU", "CAF")

#: Encoders of MP3 count one or two frames more or less than a decoder gives.
_MP3_SLACK = 2 * 1152


class SoundFileSource:
    """A file through libsndfile.

    Args:
        name: for messages.
        salvage: take what is there of a file that is cut off, and say so in `remarks`. False
            refuses it and names the option; None refuses it where there is no such option.

    Raises:
        AudioFileError: missing, empty, not audio, truncated; in `read`, damaged or truncated.
    """

    def __init__(self, path: Path, name: str, *, salvage: bool | None = None) -> None:
        import soundfile

        _check_is_file(path, name)
        self._path = path
        self._errors = soundfile.SoundFileError
        self._salvage = salvage
        self._n_read = 0
        self._ended = False
        #: What the user should know of the file, a sentence each.
        self.remarks: list[str] = []
        self._hush = _silence(path)
        self._beneath: Corrected | FilePart | None = None
        found = correction(path, salvage=bool(salvage))
        if found:
            self._beneath = Corrected(path, found)
        parts = links(path)
        try:
            with self._hush():
                self._file = self._open(path, parts, name)
        except soundfile.SoundFileError as error:
            self._close_beneath()
            if ends_within_page(path, parts):
                why = f"truncated: it ends within a page; {advice(salvage)}"
                raise AudioFileError(f"{name}: {why}") from error
            raise AudioFileError(_why_unreadable(path, name, error)) from error
        self.info = self._read_info(path, name)
        if found:
            seconds = (self.info.frames or 0) / self.info.sample_rate
            self.remarks.append(f"{found.why}; the {seconds:.1f} s that are there were taken")
        elif promise := broken_promise(self._file.extra_info):
            self._cut_off(promise)

    def _open(self, path: Path, parts: list[tuple[int, int]], name: str) -> Any:
        cut = ends_within_page(path, parts)
        if cut and self._salvage:
            # libsndfile refuses some Opus streams whose last page is not whole.
            self._beneath = FilePart(path, *parts[0])
        if len(parts) > 1:
            file = ChainedFile(path, parts, _forward, name)
        else:
            file = _forward(self._beneath or sound_file_path(path))
        if cut:
            self.remarks.append("truncated: it ends within a page; what is there was taken")
        return file

    def _read_info(self, path: Path, name: str) -> AudioInfo:
        file = self._file
        # libsndfile answers 2**63 - 1 for streams that do not state their length.
        frames = file.frames if file.frames < 1 << 62 else None
        if isinstance(file, ChainedFile):
            frames = None  # a link from the middle of a broadcast counts from its beginning
        self._is_mp3 = file.subtype.startswith("MPEG")
        if self._is_mp3 and not (file.format == "MP3" and mp3_states_its_length(path)):
            frames = None  # a guess from the first frames and the size of the file
        #: Samples that the file says it holds, which may be more than are there.
        self._promised = frames
        if self._salvage and file.format not in _COUNTED:
            frames = None
        return AudioInfo(
            name=name,
            sample_rate=file.samplerate,
            channels=file.channels,
            frames=frames,
            container=file.format,
            subtype=file.subtype,
            endian=file.endian,
            tags={tag: text for tag in _TAGS if (text := getattr(file, tag, ""))},
            bitrate=bitrate_of(path, file.subtype, file.samplerate, file.frames),
            origin=path,
        )

    def read(self, n_frames: int) -> np.ndarray:
        """The next n_frames samples [T, C] as float32, fewer only at the end."""
        if self._ended:
            return np.zeros((0, self.info.channels), np.float32)
        # What was decoded in front of an error stands in the block none the less.
        block = np.full((n_frames, self.info.channels), np.nan, np.float32)
        failed: Exception | None = None
        try:
            with self._hush():
                n_there = len(self._file.read(out=block))
        except self._errors as error:
            failed = error
            n_there = int(np.argmax(np.append(np.isnan(block[:, 0]), True)))
        self._n_read += n_there
        self._ended = n_there < n_frames
        if failed and not self._is_over():
            at = self._n_read / self.info.sample_rate
            self._cut_off(f"it cannot be read beyond {at:.3f} s", "damaged or truncated", failed)
        elif self._ended and not failed:
            slack = _MP3_SLACK if self._is_mp3 else 0
            if self._promised is not None and self._n_read + slack < self._promised:
                self._cut_off(f"it promises {self._promised} samples and ends after {self._n_read}")
        return block[:n_there]

    def _is_over(self) -> bool:
        """Whether what cannot be read is no sound: tags or zeros behind an MP3's last frame."""
        return self._is_mp3 and mp3_samples(self._path) <= self._n_read + _MP3_SLACK

    def _cut_off(self, why: str, what: str = "truncated", error: Exception | None = None) -> None:
        """Refuse the file, or note that what is there was taken."""
        # What cannot be read at all cannot be salvaged.
        if self._salvage and (error is None or self._n_read):
            self.remarks.append(f"{what}: {why}; what is there was taken")
            return
        self.close()
        raise AudioFileError(f"{self.info.name}: {what}: {why}; {advice(self._salvage)}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._close_beneath()

    def _close_beneath(self) -> None:
        if self._beneath:
            self._beneath.close()


def sound_file_path(path: str | Path) -> str | bytes:
    """A path as soundfile takes it: on POSIX as bytes, since not all names are UTF-8."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


def _forward(file: Any) -> Any:
    """An open file that never seeks.

    soundfile seeks to where it is after every block, and libmpg123 then decodes without the
    frames before, which hold a part of the next one's bits: wrong samples at the seams.
    """
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        def seekable(self) -> bool:
            return False

    return Forward(file)


def _silence(path: Path) -> Any:
    """What keeps libmpg123 from printing, where it may be at work."""
    with path.open("rb") as file:
        start = file.read(4)
    known = start in (b"RIFF", b"RF64", b"RIFX", b"fLaC", b"OggS", b"FORM", b"caff", b"riff")
    return contextlib.nullcontext if known else without_remarks_of_mpg123


def _check_is_file(path: Path, name: str) -> None:
    try:
        found = path.stat()
        with path.open("rb"):
            pass
    except OSError as error:
        raise AudioFileError(f"{name}: {in_words(error, 'file')}") from error
    except ValueError as error:  # a zero byte
        raise AudioFileError(f"{name!r}: cannot be the name of a file; name another") from error
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise AudioFileError(f"{name}: empty (0 bytes); an audio file is needed")


def _why_unreadable(path: Path, name: str, error: Exception) -> str:
    """One line on why libsndfile refused the file."""
    with path.open("rb") as stream:
        header, _ = read_wav_header(stream)
    if header is not None and not header.channels:
        return f"{name}: its header says 0 channels; at least 1 is needed: record it again"
    if header is not None and not header.sample_rate:
        return rate_message(name, 0)
    reason = str(error).rsplit(": ", 1)[-1].strip().rstrip(".") or "unknown error"
    if "does not exist" in reason:  # libsndfile's words for some that are no audio, too
        reason = "Format not recognised"
    hint = ""
    if path.suffix.lower() in _FOREIGN:
        hint = (
            f"; others need PyAV, from pip install 'aeolia[media]', or convert it first, such as "
            f"with `ffmpeg -i {path.name} {path.stem}.wav`"
        )
    return (
        f"{name}: not a readable audio file ({reason}); WAV, FLAC, OGG, Opus, MP3, AIFF, W64, "
        f"CAF or RF64 is needed{hint}"
    )


def rate_message(name: str, sample_rate: int) -> str:
    """What to say of a sample rate that cannot be processed."""
    return (
        f"{name}: its sample rate is {sample_rate} Hz; {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz "
        f"is needed: correct its header or resample it"
    )
