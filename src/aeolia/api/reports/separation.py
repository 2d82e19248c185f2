"""What a separation did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aeolia.api.reports.report import Report
from aeolia.audio.levels import SILENCE_DB
from aeolia.runtime.separate.presence import LOW_CONFIDENCE

__all__ = ["ABSENT_DB", "OutputReport", "SeparationReport"]

#: An output this far below the mixture, in dB, is as good as silent: its source is absent.
ABSENT_DB = -20.0


@dataclass(frozen=True)
class OutputReport:
    """One output of a separation.

    >>> report = aeolia.separate_file("examples/street.noisy.wav", "parts", sources=["speech"])
    >>> output: aeolia.OutputReport = report.outputs[0]
    >>> output.name, output.path, output.level_db < 0
    ('speech', 'parts/street.noisy.speech.wav', True)
    """

    name: str
    path: str
    #: Against the mixture, over the whole file.
    level_db: float
    #: Samples beyond full scale that an integer output had to clamp.
    clipped_samples: int
    #: Of a speaker's output: the cosine, -1 to 1, of its voice and the enrolled one; below
    #: `LOW_CONFIDENCE` it is probably somebody else. None for other outputs and for silence.
    confidence: float | None = None

    @property
    def absent(self) -> bool:
        """Whether the source seems not to be in the mixture at all."""
        if self.confidence is None:
            return self.level_db <= ABSENT_DB
        return self.confidence < LOW_CONFIDENCE

    @property
    def warning(self) -> str:
        """A sentence if a requested source is absent or hardly found, else nothing."""
        faint = self.level_db <= ABSENT_DB
        if not (self.absent or faint) or self.name in ("rest", "background"):
            return ""
        silent = self.level_db <= SILENCE_DB
        level = "silent" if silent else f"{-self.level_db:.0f} dB below the mixture"
        if self.name != "speaker":
            return f"the model found hardly any {self.name}, there or not: the output is {level}"
        if self.confidence is None:
            return f"the speaker seems absent: the output is {level}"
        if not self.absent:
            return f"the model found hardly any of the speaker: the output is {level}"
        return (
            f"the speaker seems absent: the output sounds like somebody else (confidence "
            f"{self.confidence:.2f}; below {LOW_CONFIDENCE:.2f} is low), {level}"
        )


@dataclass(frozen=True, kw_only=True)
class SeparationReport(Report):
    """What `separate_file` did; `frames` are those of the mixture, and of every output.

    >>> clip = "examples/fan.clean.wav"
    >>> report = aeolia.separate_file("examples/duet.wav", "parts", speaker=clip)
    >>> 0 < report.outputs[0].confidence < 1
    True
    """

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
            else f"{output.path} ({output.level_db:.1f} dB{_sure(output)})"
            for output in self.outputs
        )
        return f"{self.input} -> {', '.join(outputs)}"


def _sure(output: OutputReport) -> str:
    return "" if output.confidence is None else f", confidence {output.confidence:.2f}"
