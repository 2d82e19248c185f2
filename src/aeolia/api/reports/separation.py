"""What a separation did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aeolia.api.reports.report import Report
from aeolia.audio.levels import SILENCE_DB

__all__ = ["ABSENT_DB", "OutputReport", "SeparationReport"]

#: An output this far below the mixture, in dB, is as good as silent: its source is absent.
ABSENT_DB = -20.0


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
        if self.name == "speaker":
            return f"the speaker seems absent: the output is {level}"
        return f"the model found hardly any {self.name}, there or not: the output is {level}"


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
