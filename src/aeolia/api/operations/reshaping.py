"""Shift, Morph, Encode and Decode as values: recordings of one voice or instrument."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from aeolia.api.encoding import decode_file, encode_file
from aeolia.api.operations.synthesis import Seed, Synthesis
from aeolia.api.recordings import Progress
from aeolia.api.reports.report import FileReport
from aeolia.api.reports.sounds import EncodingReport, MorphReport, ShiftReport
from aeolia.api.reshaping import MOST_STEPS, morph_file, shift_file
from aeolia.config.ranges import Between, OneOf
from aeolia.runtime.synth.resynthesis import FORMANTS, MOST_SEMITONES

__all__ = ["Decode", "Encode", "Morph", "Shift"]


@dataclass(frozen=True)
class Shift(Synthesis[ShiftReport]):
    """Another pitch for a monophonic recording: `shift_file` as a value.

    >>> report = aeolia.PlayNote("cello", "C3", seconds=1).run(None, "cello.wav")
    >>> print(aeolia.Shift(4, formants="move").run("cello.wav", "higher.wav"))
    cello.wav -> higher.wav: +4 semitones, formants move
    """

    name = "shift"

    #: Up, or down below 0.
    semitones: Annotated[float, Between(-MOST_SEMITONES, MOST_SEMITONES)]
    #: "keep" leaves the resonances where they are; "move" takes them along.
    formants: Annotated[str, OneOf(*FORMANTS)] = "keep"
    #: The instrument that was recorded; otherwise the most similar one is taken.
    instrument: str | None = None
    #: Of the noise in the sound.
    seed: Seed = 0
    #: Through the vocoder WORLD in place of the model, which would lose the words.
    voice: bool = False

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> ShiftReport:
        return shift_file(source, target, **vars(self), overwrite=overwrite)


@dataclass(frozen=True)
class Morph(Synthesis[MorphReport]):
    """From one monophonic recording, the source, to another: `morph_file` as a value.

    Where it ends is a setting as the instrument of a transfer is: `run` takes one source and one
    target as every operation does, and many recordings can be morphed to the same one. A target
    that is an audio file gets a glide, any other is the folder of the steps.

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> report = aeolia.PlayNote("cello", "A3", seconds=1).run(None, "cello.wav")
    >>> print(aeolia.Morph("cello.wav", steps=2).run("flute.wav", "between"))
    flute.wav to cello.wav -> between: 2 steps
    """

    name = "morph"

    #: The recording to end with, a file.
    to: str
    #: Recordings in the folder, the first like the source, the last like `to`.
    steps: Annotated[int, Between(2, MOST_STEPS)] = 7
    #: Of the noise in the sound.
    seed: Seed = 0

    def made_with(self) -> tuple[Path, ...]:
        """Its model, and the recording to end with."""
        return (*super().made_with(), Path(self.to))

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> MorphReport:
        return morph_file(source, target, **vars(self), overwrite=overwrite)


@dataclass(frozen=True)
class Encode(Synthesis[EncodingReport]):
    """Timbre, pitch and loudness of a recording into an .npz file: `encode_file` as a value.

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> print(aeolia.Encode("flute").run("flute.wav", "flute.npz"))
    flute.wav -> flute.npz: 1 timbres of 32 values, 100 frames, ... % with a pitch, flute
    """

    name = "encode"
    writes = ".npz"

    #: The instrument that was recorded; otherwise the most similar one is taken.
    instrument: str | None = None

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> EncodingReport:
        return encode_file(source, target, **vars(self), overwrite=overwrite)


@dataclass(frozen=True)
class Decode(Synthesis[FileReport]):
    """The sound of an .npz file that `Encode` wrote: `decode_file` as a value.

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> report = aeolia.Encode().run("flute.wav", "flute.npz")
    >>> print(aeolia.Decode().run("flute.npz", "again.wav"))
    flute.npz -> again.wav: 1.0 s in ... s (... x real time)
    """

    name = "decode"
    read_endings = (".npz",)
    writes = ".wav"

    #: Of the noise in the sound.
    seed: Seed = 0

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> FileReport:
        return decode_file(source, target, **vars(self), overwrite=overwrite)
