"""What an operation did: one family of reports, which print as a line and as JSON."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aeolia.audio.formats import AudioInfo
from aeolia.audio.levels import SILENCE_DB

__all__ = [
    "ABSENT_DB",
    "EncodingReport",
    "FileReport",
    "MorphReport",
    "NoteReport",
    "OutputReport",
    "Report",
    "ScoreReport",
    "SeparationReport",
    "ShiftReport",
    "SoundedNote",
    "TransferReport",
]

#: An output this far below the mixture, in dB, is as good as silent: its source is absent.
ABSENT_DB = -20.0

AnyReport = TypeVar("AnyReport", bound="Report")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an operation did; `str` gives one line for people, `as_dict` plain values for JSON."""

    #: The file that was read; empty where a sound was made of nothing.
    input: str
    #: The file that was written, or the folder of several; "-" is standard output.
    output: str
    #: Of the output, in Hz.
    sample_rate: int
    channels: int
    #: Samples per channel, of all outputs together where a recording becomes several.
    frames: int
    #: Samples beyond full scale that an integer output had to clamp.
    clipped_samples: int = 0
    #: Time it took, opening the files included.
    wall_seconds: float
    #: What the user should know of the result, a sentence each.
    warnings: tuple[str, ...] = ()

    @classmethod
    def since(
        cls: type[AnyReport],
        started: float,
        source: str | Path,
        target: str | Path,
        info: AudioInfo,
        frames: int,
        clipped_samples: int = 0,
        **more: Any,
    ) -> AnyReport:
        """The report of work that began at `started`, a time of `time.perf_counter`.

        `info` is the format of what was read or made; `more` are the other fields of the class.
        """
        return cls(
            input=str(source),
            output=str(target),
            sample_rate=info.sample_rate,
            channels=info.channels,
            frames=frames,
            clipped_samples=clipped_samples,
            wall_seconds=time.perf_counter() - started,
            **more,
        )

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.frames / self.sample_rate

    @property
    def real_time_factor(self) -> float:
        """Seconds of audio for each second of work; above 1 is faster than real time."""
        return self.seconds / max(self.wall_seconds, 1e-9)

    def line(self) -> str:
        """One line: from where to where, what was done, and how many samples clipped."""
        clipped = f"; {self.clipped_samples} samples clipped" if self.clipped_samples else ""
        return f"{self._paths()}: {self._summary()}{clipped}"

    def remarks(self) -> tuple[str, ...]:
        """Lines that follow `line` where there is more to say than fits into it."""
        return ()

    def as_dict(self) -> dict[str, Any]:
        """All fields as plain values, and what is derived from them."""
        derived = {"seconds": self.seconds, "real_time_factor": self.real_time_factor}
        return {**dataclasses.asdict(self), **derived}

    def __str__(self) -> str:
        return self.line()

    def _paths(self) -> str:
        return f"{self.input} -> {self.output}"

    def _summary(self) -> str:
        """What stands behind the paths."""
        return (
            f"{self.seconds:.1f} s in {self.wall_seconds:.2f} s "
            f"({self.real_time_factor:.0f} x real time)"
        )


@dataclass(frozen=True, kw_only=True)
class FileReport(Report):
    """One file became another: `denoise_file`, and the operations Denoise and Decode."""


@dataclass(frozen=True)
class OutputReport:
    """One output of a separation."""

    name: str
    path: str
    #: Against the mixture, over the whole file.
    level_db: float
    #: Samples beyond full scale that an integer output had to clamp.
    clipped_samples: int

    @property
    def absent(self) -> bool:
        """Whether the source seems not to be in the mixture at all."""
        return self.level_db <= ABSENT_DB

    @property
    def warning(self) -> str:
        """A sentence if a requested source is absent, else nothing."""
        if not self.absent or self.name in ("rest", "background"):
            return ""
        silent = self.level_db <= SILENCE_DB
        level = "silent" if silent else f"{-self.level_db:.0f} dB below the mixture"
        speaker = self.name == "speaker"
        missing = "the speaker seems absent" if speaker else f"no {self.name} to speak of"
        return f"{missing}: the output is {level}"


@dataclass(frozen=True, kw_only=True)
class SeparationReport(Report):
    """What `separate_file` did; `frames` are those of the mixture, and of every output."""

    outputs: tuple[OutputReport, ...]

    def as_dict(self) -> dict[str, Any]:
        """All fields as plain values, and what is derived from them."""
        outputs = [{**vars(output), "absent": output.absent} for output in self.outputs]
        return {**super().as_dict(), "outputs": outputs}

    def line(self) -> str:
        """One line: the outputs with their levels, and which of them clipped."""
        clipped = (
            f"; {output.clipped_samples} samples clipped in {output.name}"
            for output in self.outputs
            if output.clipped_samples
        )
        return "".join([f"{self._paths()}: {self._summary()}", *clipped])

    def remarks(self) -> tuple[str, ...]:
        """Which sources are absent."""
        return tuple(f"{self.input}: {warning}" for warning in self.warnings)

    def _paths(self) -> str:
        outputs = (
            f"{output.path} (silent)"
            if output.level_db <= SILENCE_DB
            else f"{output.path} ({output.level_db:.1f} dB)"
            for output in self.outputs
        )
        return f"{self.input} -> {', '.join(outputs)}"


@dataclass(frozen=True, kw_only=True)
class TransferReport(Report):
    """What `transfer_file` did; warned of are pitches far from the instrument's."""

    #: The instrument that plays now.
    to: str

    def _summary(self) -> str:
        return f"{self.to}, {super()._summary()}"


@dataclass(frozen=True, kw_only=True)
class ShiftReport(Report):
    """What `shift_file` did."""

    semitones: float
    formants: str

    def _summary(self) -> str:
        return f"{self.semitones:+g} semitones, formants {self.formants}"


@dataclass(frozen=True, kw_only=True)
class MorphReport(Report):
    """What `Morph` did; `frames` are those of all outputs together."""

    #: The recording that it ends with.
    to: str
    #: Files that were written.
    outputs: tuple[str, ...]

    def _paths(self) -> str:
        return f"{self.input} to {self.to} -> {self.output}"

    def _summary(self) -> str:
        # A folder holds several.
        if self.outputs == (self.output,):
            return f"a glide of {self.seconds:.1f} s"
        return f"{len(self.outputs)} steps"


@dataclass(frozen=True, kw_only=True)
class EncodingReport(Report):
    """What `Encode` did; rate, channels and frames are those of the recording."""

    #: How many timbres, and values of each: N and D.
    timbres: int
    latent_dim: int
    #: Frames of the pitch and loudness contours, and the share of them that have a pitch.
    contour_frames: int
    voiced_share: float
    #: The instrument that was stated, or that is most similar.
    instrument: str

    def _summary(self) -> str:
        return (
            f"{self.timbres} timbres of {self.latent_dim} values, {self.contour_frames} frames, "
            f"{100 * self.voiced_share:.0f} % with a pitch, {self.instrument}"
        )


@dataclass(frozen=True)
class SoundedNote:
    """One note that was written to a file."""

    path: str
    instrument: str
    #: The pitch's name, such as "A4", and its MIDI number, which may have a fraction.
    pitch: str
    pitch_midi: float
    #: 1 to 127.
    velocity: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.instrument}, {self.pitch} ({self.pitch_midi:g}), "
            f"velocity {self.velocity}, {self.seconds:g} s"
        )


@dataclass(frozen=True, kw_only=True)
class NoteReport(Report):
    """What `PlayNote` did: one note, or one for each timbre that was drawn."""

    notes: tuple[SoundedNote, ...]

    def line(self) -> str:
        """The note; of several, the first."""
        return str(self.notes[0])

    def remarks(self) -> tuple[str, ...]:
        """The other notes."""
        return tuple(map(str, self.notes[1:]))


@dataclass(frozen=True, kw_only=True)
class ScoreReport(Report):
    """What `play_score_file` did; warned of is what was not played as the score has it."""

    #: How many were played.
    notes: int
    #: Channel (0 to 15) -> instrument.
    players: dict[int, str]
    #: Peak of the sound as it was made, in dBFS.
    peak_db: float
    #: What the whole was lowered by so as not to clip: 0.0, or a number below.
    gain_db: float

    def remarks(self) -> tuple[str, ...]:
        """By how much the sound was lowered."""
        if not self.gain_db:
            return ()
        return (
            f"lowered by {-self.gain_db:.1f} dB, because its peak was {self.peak_db:+.1f} dBFS",
        )

    def _summary(self) -> str:
        players = ", ".join(f"{channel}={name}" for channel, name in self.players.items())
        return f"{self.notes} notes, {super()._summary()}; {players}"
