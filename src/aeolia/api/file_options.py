"""How files are read and written, whatever is done to the sound in between."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from aeolia.audio.formats import AudioInfo, chosen_form
from aeolia.audio.raw import raw_format
from aeolia.audio.reader import PIPE, AudioReader
from aeolia.config.ranges import AtLeast, Between, check_fields
from aeolia.errors import AudioFileError, ConfigError

__all__ = ["USUAL", "FileOptions"]


@dataclass(frozen=True)
class FileOptions:
    """Settings of `denoise_file`, `separate_file` and their operations for the files themselves.

    Raises:
        ConfigError: a setting that cannot be.

    >>> options = aeolia.FileOptions(subtype="PCM_24")
    >>> report = aeolia.denoise_file("examples/fan.noisy.wav", "clean.wav", options=options)
    """

    #: Take what is there of a file that is cut off, and say so, where it is otherwise refused.
    salvage: bool = False
    #: Which audio track of a file with several, from 1; None for the first.
    track: Annotated[int | None, AtLeast(1)] = None
    #: Sample format of the output as libsndfile calls it, such as "PCM_24"; None for the input's.
    subtype: str | None = None
    #: Bit rate of an MP3, Opus or Ogg output in kbit/s; None for the input's if it has one.
    quality: Annotated[float | None, Between(1, 2000)] = None

    #: What goes through standard input and output without a header: FORMAT:RATE:CHANNELS, such as
    #: "s16le:16000:1"; None for WAV.
    raw: str | None = None
    #: Every audio track of a film instead of one; for what writes one film for each.
    all_tracks: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.all_tracks and self.track is not None:
            raise ConfigError("all tracks and one by its number came; give one of the two")
        if self.raw is not None:
            raw_format(self.raw)

    def reader(self, source: str | Path) -> AudioReader:
        """A reader of `source`.

        Raises:
            AudioFileError: see `AudioReader`.
        """
        raw = None if self.raw is None else raw_format(self.raw)
        return AudioReader(source, salvage=self.salvage, track=self.track, raw=raw)

    def form(self, source: AudioInfo, target: str | Path) -> AudioInfo:
        """The format that a file `target` made from `source` shall have, for its writer.

        Raises:
            AudioFileError: the target's container cannot hold it.
        """
        if self.raw is not None and str(target) == PIPE:
            raw = raw_format(self.raw)
            if (raw.sample_rate, raw.channels) != (source.sample_rate, source.channels):
                raise AudioFileError(
                    f"{source.name}: has {source.sample_rate} Hz and {source.channels} channels, "
                    f"and raw audio of {self.raw} is to come out; neither is ever changed"
                )
            return dataclasses.replace(source, container="RAW", subtype=raw.subtype)
        return chosen_form(source, target, self.subtype, self.quality)

    def as_dict(self) -> dict[str, Any]:
        """The settings that are not the usual ones."""
        return {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }


#: The usual settings.
USUAL = FileOptions()
