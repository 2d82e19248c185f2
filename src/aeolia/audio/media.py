"""The sound of phones, cameras and films, through PyAV: the extra `media`.

m4a and AAC, ALAC, AMR, WMA, AC-3, MP4, MOV, MKV, WebM and what else FFmpeg's libraries read.
Samples lie where their timestamps say: an encoder's delay is cut off, a gap is silence.
"""

from __future__ import annotations

import dataclasses
import fractions
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.formats import AudioInfo
from aeolia.errors import AudioFileError, MissingExtraError

__all__ = [
    "MediaSource",
    "begins_as_media",
    "has_pyav",
    "is_media",
    "n_audio_tracks",
    "open_media",
    "pyav",
]

#: Where in a file -> what the formats begin with that libsndfile does not read.
_STARTS = (
    (4, b"ftyp"),
    (0, b"\x1a\x45\xdf\xa3"),  # Matroska and WebM
    (0, b"\x30\x26\xb2\x75"),  # ASF: WMA, WMV
    (0, b"#!AMR"),
    (0, b"\x0b\x77"),  # AC-3
    (0, b"\xff\xf1"),  # AAC as ADTS
    (0, b"\xff\xf9"),
)
_EXACT = {"s16": "PCM_16", "s32": "PCM_24", "u8": "PCM_U8", "flt": "FLOAT", "dbl": "DOUBLE"}
#: A gap in the timestamps is filled from this on; below lies the rounding of containers.
_GAP_SECONDS = 0.02


def is_media(path: Path) -> bool:
    """Whether a file begins as those do that are read here and not by libsndfile."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except (OSError, ValueError):
        return False  # whoever opens it next finds the words
    return begins_as_media(start)


def begins_as_media(start: bytes) -> bool:
    """`is_media` by the first 12 bytes."""
    return any(start[at : at + len(magic)] == magic for at, magic in _STARTS)


def has_pyav() -> bool:
    """Whether PyAV is installed, without loading it."""
    try:
        return importlib.util.find_spec("av") is not None
    except ValueError:  # it was taken out of sys.modules
        return False


def pyav() -> Any:
    """The module of PyAV, silent.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import av
        import av.logging
    except ImportError as error:
        raise MissingExtraError(
            "the sound of m4a, MP4, MKV, WebM, WMA, AMR and AC-3 needs PyAV; pip install "
            "'aeolia[media]', or convert the file, such as with `ffmpeg -i FILE FILE.wav`"
        ) from error
    av.logging.set_level(av.logging.PANIC)
    return av


def open_media(path: Path, name: str) -> Any:
    """A container of PyAV's.

    Raises:
        AudioFileError: FFmpeg's libraries cannot read it.
        MissingExtraError: PyAV is not installed.
    """
    av = pyav()
    try:
        return av.open(str(path))
    except (av.FFmpegError, OSError, UnicodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioFileError(
            f"{name}: not a readable audio or video file ({reason}); copy or record it again"
        ) from error


def n_audio_tracks(path: str | Path) -> int:
    """How many audio tracks a file has; 1 of what PyAV is not needed for.

    Raises:
        AudioFileError, MissingExtraError: see `open_media`.
    """
    if not is_media(Path(path)):
        return 1
    with open_media(Path(path), str(path)) as container:
        return len(container.streams.audio)


class MediaSource:
    """An audio track of a file, from front to back, in constant memory.

    Args:
        name: for messages.
        track: which audio track, from 1; the first when None.

    Raises:
        AudioFileError: not readable, no audio track, or no such one; in `read`, damaged.
    """

    def __init__(self, path: Path, name: str, *, track: int | None = None) -> None:
        self._av = pyav()
        self._container = open_media(path, name)
        tracks = self._container.streams.audio
        if not tracks:
            self.close()
            raise AudioFileError(f"{name}: has no audio track; name another file")
        if track is not None and not 1 <= track <= len(tracks):
            self.close()
            raise AudioFileError(f"{name}: has {len(tracks)} audio tracks, and no number {track}")
        self._stream = tracks[(track or 1) - 1]
        context = self._stream.codec_context
        exact = any(word in context.name for word in ("pcm", "alac", "flac", "wavpack", "tta"))
        kind = context.format.name.removesuffix("p") if context.format else ""
        self.info = AudioInfo(
            name=name,
            sample_rate=int(context.sample_rate or 0),
            channels=int(context.channels or 0),
            frames=None,
            container=self._container.format.name.split(",")[0].upper(),
            subtype=_EXACT.get(kind, "PCM_16") if exact else context.name.upper(),
            bitrate=None if exact or not context.bit_rate else context.bit_rate / 1000,
            origin=path,
        )
        #: What the user should know of the file, a sentence each.
        self.remarks: list[str] = []
        #: When the first sample sounds, in the file's time, in seconds; known when one was read.
        self.start_seconds: fractions.Fraction | None = None
        self._blocks = self._decode()
        none = np.zeros((0, self.info.channels), np.float32)
        # The first block tells when the sound begins, which a film's writer must know.
        self._rest = next(self._blocks, none)
        begins = float(self.start_seconds or 0)
        self.info = dataclasses.replace(self.info, start_seconds=begins, track=track or 1)
        if len(tracks) > 1 and track is None:
            self.remarks.append(
                f"has {len(tracks)} audio tracks, of which the first was taken; --track chooses"
            )

    def read(self, n_frames: int) -> np.ndarray:
        """The next n_frames samples [T, C] as float32, fewer only at the end."""
        parts, there = [self._rest], len(self._rest)
        while there < n_frames and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            there += len(block)
        joined = np.concatenate(parts)
        self._rest = joined[n_frames:]
        return joined[:n_frames]

    def _decode(self) -> Iterator[np.ndarray]:
        """Blocks [T, C] where their timestamps put them."""
        rate, n_done, n_damaged = self.info.sample_rate, 0, 0
        length = self._length()
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except self._av.FFmpegError:
                n_damaged += 1
                continue
            for frame in frames:
                block = self._samples(frame)
                if frame.pts is not None:
                    at = frame.pts * frame.time_base
                    if self.start_seconds is None:
                        self.start_seconds = at
                    gap = round((at - self.start_seconds) * rate) - n_done
                    if gap > _GAP_SECONDS * rate:
                        yield np.zeros((gap, block.shape[1]), np.float32)
                        n_done += gap
                if length is not None and n_done + len(block) > length:
                    block = block[: max(0, length - n_done)]  # an encoder's padding
                n_done += len(block)
                yield block
        if n_damaged:
            self.remarks.append(f"damaged: {n_damaged} packets could not be decoded; left silent")

    def _length(self) -> int | None:
        """Samples that an MP4's track is to have, without what fills the last frame."""
        stream = self._stream
        if "mp4" not in self._container.format.name or not stream.duration:
            return None
        # An edit list moves the start; what is in front of 0 is the encoder's delay.
        return round(float(stream.duration * stream.time_base * self.info.sample_rate))

    def _samples(self, frame: Any) -> np.ndarray:
        """[T, C] float32, full scale 1.0."""
        if frame.sample_rate != self.info.sample_rate or (
            frame.layout.nb_channels != self.info.channels
        ):
            raise AudioFileError(
                f"{self.info.name}: changes to {frame.sample_rate} Hz and "
                f"{frame.layout.nb_channels} channels on the way; cut the file there"
            )
        audio = frame.to_ndarray()
        audio = audio.T if frame.format.is_planar else audio.reshape(-1, self.info.channels)
        if audio.dtype.kind == "f":
            return np.asarray(audio, np.float32)
        if audio.dtype.kind == "u":
            return np.asarray((audio.astype(np.float32) - 128) / 128, np.float32)
        return np.asarray(audio / 2.0 ** (8 * audio.dtype.itemsize - 1), np.float32)

    def close(self) -> None:
        """Close the file."""
        self._container.close()
