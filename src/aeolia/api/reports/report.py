"""What all reports have, and the report of one file that became another."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aeolia.audio.formats import AudioInfo

__all__ = ["FileReport", "Report"]

AnyReport = TypeVar("AnyReport", bound="Report")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an operation did; `str` gives one line for people, `as_dict` plain values for JSON.

    >>> report: aeolia.Report = aeolia.PlayNote("piano", "C4").run(None, "piano.wav")
    >>> print(report)
    piano.wav: piano, C4 (60), velocity 90, 2 s
    >>> report.as_dict()["frames"]
    96000
    """

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
        return f"{self.input} -> {self.output}" if self.input else self.output

    def _summary(self) -> str:
        """What stands behind the paths."""
        return (
            f"{self.seconds:.1f} s in {self.wall_seconds:.2f} s "
            f"({self.real_time_factor:.0f} x real time)"
        )


@dataclass(frozen=True, kw_only=True)
class FileReport(Report):
    """One file became another: `denoise_file`, and the operations Denoise and Decode.

    >>> report = aeolia.denoise_file("examples/fan.noisy.wav", "clean.wav")
    >>> report.frames, report.sample_rate, round(report.seconds, 2)
    (306468, 48000, 6.38)
    """

    #: The file with what was taken out; empty where none was requested.
    residual: str = ""

    def _paths(self) -> str:
        return f"{super()._paths()}, {self.residual}" if self.residual else super()._paths()

    def remarks(self) -> tuple[str, ...]:
        """What was odd about the file."""
        return tuple(f"{self.input}: {warning}" for warning in self.warnings)
