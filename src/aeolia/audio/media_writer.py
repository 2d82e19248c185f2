"""Films and phones' files with one audio track written anew, through PyAV: the extra `media`.

Pictures, subtitles and the other audio tracks are copied as they are, packet by packet, while the
sound is written; each sample keeps its time, and so its picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.formats import AudioInfo
from aeolia.audio.media import open_media, pyav
from aeolia.audio.writer import AllOrNothing, check_output
from aeolia.errors import AudioFileError
from aeolia.files import Paths, PendingFile, not_written

__all__ = ["MediaWriter"]

#: Decoder -> the encoder of the same codec, where it is not called so, too.
_ENCODERS = {
    "opus": "libopus",
    "vorbis": "libvorbis",
    "mp3float": "libmp3lame",
    "mp3": "libmp3lame",
}
_BY_SUFFIX = {".webm": "libopus", ".mka": "flac"}
#: Without a bit rate of the source's, in bit/s a channel.
_DEFAULT_BITRATE = 96_000
_SOUND_ONLY = (".m4a", ".m4b", ".mka")


class MediaWriter(AllOrNothing):
    """Writes a file of `FILM_SUFFIXES`, all or nothing: use it as a context manager.

    Args:
        path: the output.
        source: what `AudioReader.info` has: if its file is a film, that goes along.
        overwrite, inputs: see `AudioWriter`.

    Raises:
        AudioFileError: the output exists, is the input, or cannot be written.
        InputError: as `AudioWriter`.
        MissingExtraError: PyAV is not installed.
    """

    def __init__(
        self,
        path: str | Path,
        source: AudioInfo,
        *,
        overwrite: bool = False,
        inputs: Paths = (),
    ) -> None:
        self._av = pyav()
        self.path = Path(path)
        check_output(self.path, source, overwrite)
        #: What the user should know of the file that was written, a sentence each.
        self.remarks: list[str] = []
        self.n_clipped = 0
        self._n_written = 0
        self._start = Fraction(source.start_seconds)
        self._input: Any = None
        self._output: Any = None
        self._held: Any = None  # a packet whose time has not come
        try:
            self._pending = PendingFile(
                self.path, overwrite=overwrite, inputs=(source.name, *inputs)
            )
        except OSError as error:
            raise AudioFileError(not_written(self.path, error)) from error
        try:
            self._open(source)
        except (self._av.FFmpegError, OSError, ValueError) as error:
            self.abort()
            raise self._failed(error) from error
        except BaseException:
            self.abort()
            raise
        self._packets = self._other_packets()
        self.info = dataclasses.replace(source, name=str(path), subtype=self._sound.name.upper())

    def _open(self, source: AudioInfo) -> None:
        self._output = self._av.open(self._pending, "w")
        layout: Any = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels}c")
        codec = _BY_SUFFIX.get(self.path.suffix.lower(), "aac")
        self._copies: dict[int, Any] = {}
        old: Any = None
        if source.origin is not None and source.track is not None:
            self._input = open_media(source.origin, source.name)
            old = self._input.streams.audio[source.track - 1]
            layout = old.codec_context.layout.name
            name = _ENCODERS.get(old.codec_context.name, old.codec_context.name)
            if name in self._av.codecs_available and self._encodes(name):
                codec = name
            self._output.metadata.update(self._input.metadata)
            if hasattr(self._output, "set_chapters"):
                self._output.set_chapters(self._input.chapters())
        for stream in self._input.streams if self._input else []:
            if stream is old:
                self._sound = self._add_sound(codec, source, layout)
                self._sound.metadata.update(old.metadata)
            else:
                self._add_copy(stream)
        if self._input is None:
            self._sound = self._add_sound(codec, source, layout)
        # The header now, so that what the container does not hold is an error before the work.
        self._output.start_encoding()

    def _encodes(self, name: str) -> bool:
        try:
            return bool(self._av.Codec(name, "w").is_encoder)
        except ValueError:
            return False

    def _add_sound(self, codec: str, source: AudioInfo, layout: str) -> Any:
        sound = self._output.add_stream(codec, rate=source.sample_rate, layout=layout)
        if source.bitrate or codec in ("aac", "libopus", "libmp3lame", "libvorbis", "ac3"):
            chosen = 1000 * (source.bitrate or 0) or _DEFAULT_BITRATE * source.channels
            sound.bit_rate = int(chosen)
        return sound

    def _add_copy(self, stream: Any) -> None:
        if stream.type == "video" and self.path.suffix.lower() in _SOUND_ONLY:
            return
        try:
            copy = self._output.add_stream_from_template(stream)
        except (ValueError, self._av.FFmpegError):
            self.remarks.append(f"a track of {stream.type} could not be copied and is left out")
            return
        copy.metadata.update(stream.metadata)
        self._copies[stream.index] = copy

    def _other_packets(self) -> Iterator[Any]:
        if not self._copies:
            return
        streams = [self._input.streams[index] for index in self._copies]
        for packet in self._input.demux(streams):
            if packet.dts is not None:
                yield packet

    def _copy_until(self, seconds: Fraction | float) -> None:
        """Copy what belongs in front of this time."""
        while True:
            packet = self._held or next(self._packets, None)
            self._held = packet
            if packet is None or packet.dts * packet.time_base > seconds:
                return
            packet.stream = self._copies[packet.stream.index]
            self._output.mux(packet)
            self._held = None

    def write(self, block: np.ndarray) -> None:
        """Append samples [T, C]."""
        if not len(block):
            return
        rate = self.info.sample_rate
        planes = np.ascontiguousarray(block.T, np.float32)
        frame = self._av.AudioFrame.from_ndarray(planes, "fltp", self._sound.layout.name)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(self._start * rate) + self._n_written
        self._n_written += len(block)
        try:
            self._output.mux(self._sound.encode(frame))
            self._copy_until(self._start + Fraction(self._n_written, rate))
        except (self._av.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Complete the file and put it at its path."""
        self.finish()
        self.put()

    def finish(self) -> None:
        """Complete the file, still beside its path."""
        try:
            self._output.mux(self._sound.encode(None))
            self._copy_until(float("inf"))
            self._output.close()
            self._close_input()
        except BaseException as error:
            self.abort()
            if isinstance(error, (self._av.FFmpegError, OSError)):
                raise self._failed(error) from error
            raise

    def put(self) -> None:
        """Put the finished file at its path."""
        try:
            self._pending.put()
        except OSError as error:
            self.abort()
            raise self._failed(error) from error

    def remove(self) -> None:
        """Take a file that was put away again, since another of its kind failed."""
        self.path.unlink(missing_ok=True)

    def abort(self) -> None:
        """Remove what was written."""
        try:
            if self._output is not None:
                self._output.close()
        except (self._av.FFmpegError, OSError, ValueError):
            pass  # closing writes the end, which fails again
        self._close_input()
        self._pending.discard()

    def _close_input(self) -> None:
        if self._input is not None:
            self._input.close()

    def _failed(self, error: BaseException) -> AudioFileError:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        return AudioFileError(
            f"{self.path}: cannot be written ({reason}); nothing was left: name the output .mkv, "
            f"which holds every kind of track, or .wav for the sound alone"
        )
