"""Separate as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aeolia.api.file_options import USUAL, FileOptions
from aeolia.api.operations.operation import Filter
from aeolia.api.recordings import Progress
from aeolia.api.reports.separation import SeparationReport
from aeolia.api.separation import (
    CLASSES_MODEL,
    SPEAKER_MODEL,
    SeparationRequest,
    read_request,
    run_request,
    voice_of,
)
from aeolia.config.classes import STEMS
from aeolia.errors import ConfigError
from aeolia.runtime.separate.sources import file_label
from aeolia.runtime.separate.voice import Voice

__all__ = ["Separate"]


@dataclass(frozen=True)
class Separate(Filter[SeparationReport]):
    """Take sources, or one speaker, out of a mixture: `separate_file` as a value.

    The target is a folder for FOLDER/NAME.SOURCE.EXT, or "-" for a single output.
    """

    name = "separate"

    #: What to take out, as in `aeolia.separate`; empty with a speaker.
    sources: tuple[str, ...] = ()
    #: A clip of the speaker to take out, or a saved `.voice`.
    speaker: str | None = None
    #: A song's four stems, which sum to it, in place of sources.
    stems: bool = False
    #: Write what remains of the mixture, too.
    rest: bool = False
    #: A released model's name, or a model file; by default the one for sources or for speakers.
    model: str | None = None
    #: How the files are read and written.
    options: FileOptions = USUAL

    def __post_init__(self) -> None:
        if isinstance(self.sources, str):
            object.__setattr__(self, "sources", (self.sources,))
        super().__post_init__()
        given = [bool(self.sources), self.speaker is not None, self.stems]
        if sum(given) != 1:
            count = "several of them were" if any(given) else "none of them was"
            raise ConfigError(f"Separate takes sources, stems or a speaker, and {count} given")

    @property
    def model_name(self) -> str:
        """The model, by default the one for sources or for speakers."""
        return self.model or (SPEAKER_MODEL if self.speaker is not None else CLASSES_MODEL)

    @property
    def labels(self) -> tuple[str, ...]:
        """The outputs as they are called in the names of files."""
        if self.speaker is not None:
            return ("speaker", "background") if self.rest else ("speaker",)
        if self.stems:
            return STEMS
        return (*map(file_label, self.sources), *(["rest"] if self.rest else []))

    def voice(self) -> Voice | None:
        """The speaker's voice, learned once a process or loaded; None without a speaker.

        Raises:
            InputError, ModelError: a clip or a file that cannot be used.
        """
        return None if self.speaker is None else voice_of(self.speaker, self.model_name)

    def _request(self) -> SeparationRequest:
        return read_request(
            self.model,
            sources=self.sources or None,
            # Before the model, so that a clip which cannot be used is what is complained of.
            speaker=self.voice(),
            stems=self.stems,
            rest=self.rest,
        )

    def check(self) -> None:
        """Open the model, learn the voice, and read the sources.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        self._request()

    def _stream_settings(self) -> dict[str, Any]:
        settings = {"model": self.model, "rest": self.rest}
        if self.speaker is not None:
            return {**settings, "speaker": self.voice()}
        if self.stems:
            return {**settings, "stems": True}
        return {**settings, "sources": self.sources}

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> SeparationReport:
        return run_request(
            self._request(),
            source,
            target,
            options=self.options,
            overwrite=overwrite,
            progress=progress,
        )
