"""Separate as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from aeolia.api.file_options import USUAL, FileOptions
from aeolia.api.operations.operation import Filter
from aeolia.api.recordings import Progress
from aeolia.api.reports.separation import SeparationReport
from aeolia.api.separation import SeparationRequest, read_request, run_request
from aeolia.api.separators import SPEAKER_MODEL, model_of
from aeolia.api.voices import check_speaker_model, voice_of, voice_within
from aeolia.audio.files import PIPE
from aeolia.config.classes import STEMS
from aeolia.config.ranges import Span
from aeolia.errors import ConfigError, InputError
from aeolia.runtime.catalogue import model_files
from aeolia.runtime.separate.sources import file_label
from aeolia.runtime.separate.voice import Voice

__all__ = ["Separate"]


@dataclass(frozen=True)
class Separate(Filter[SeparationReport]):
    """Take sources, or one speaker, out of a mixture: `separate_file` as a value.

    The target is a folder for FOLDER/NAME.SOURCE.EXT, or "-" for a single output.

    >>> operation = aeolia.Separate(sources=("speech",), rest=True)
    >>> report = operation.run("examples/street.noisy.wav", "parts")
    >>> [output.path for output in report.outputs]
    ['parts/street.noisy.speech.wav', 'parts/street.noisy.rest.wav']
    """

    name = "separate"
    writes_folder = True

    #: What to take out, as in `aeolia.separate`; empty with a speaker.
    sources: tuple[str, ...] = ()
    #: A clip of the speaker to take out, or a saved `.voice`; or several of one person.
    speaker: str | tuple[str, ...] | None = None
    #: A song's four stems, which sum to it, in place of sources.
    stems: bool = False
    #: Write what remains of the mixture, too.
    rest: bool = False
    #: A released model's name, or a model file; by default the one for these sources or for
    #: speakers; for classes in a file one that hears ahead, in a stream a causal one.
    model: str | None = None
    #: How the files are read and written.
    options: FileOptions = USUAL
    #: In place of a clip: from where to where, in seconds, the speaker talks alone in each file.
    speaker_from: Annotated[tuple[float, float] | None, Span(0.0)] = None

    def __post_init__(self) -> None:
        if isinstance(self.sources, str):
            object.__setattr__(self, "sources", (self.sources,))
        super().__post_init__()
        given = [
            bool(self.sources),
            self.speaker is not None,
            self.speaker_from is not None,
            self.stems,
        ]
        if sum(given) != 1:
            count = "several of them were" if any(given) else "none of them was"
            raise ConfigError(f"Separate takes sources, stems or a speaker, and {count} given")

    @property
    def takes_speaker(self) -> bool:
        """Whether it takes out a voice, and not sources by name."""
        return self.speaker is not None or self.speaker_from is not None

    @property
    def model_name(self) -> str:
        """The model, by default the one for these sources or for speakers in files.

        Raises:
            InputError, ModelError: no model is named, and none is for these sources.
        """
        if self.model:
            return self.model
        return SPEAKER_MODEL if self.takes_speaker else model_of(self.sources, whole=True)

    @property
    def labels(self) -> tuple[str, ...]:
        """The outputs as they are called in the names of files."""
        if self.takes_speaker:
            return ("speaker", "background") if self.rest else ("speaker",)
        if self.stems:
            return STEMS
        return (*map(file_label, self.sources), *(["rest"] if self.rest else []))

    def made_with(self) -> tuple[Path, ...]:
        """Its model, and the speaker's clips."""
        clips = self.speaker if isinstance(self.speaker, tuple) else (self.speaker,)
        return (*model_files(self.model_name), *(Path(clip) for clip in clips if clip))

    def voice(self) -> Voice | None:
        """The speaker's voice, learned once a process or loaded.

        None without a speaker, or where each file holds its own.

        Raises:
            InputError, ModelError: a clip or a file that cannot be used.
        """
        return None if self.speaker is None else voice_of(self.speaker, self.model_name)

    def _request(self, voice: Voice | None, *, whole: bool) -> SeparationRequest:
        return read_request(
            self.model,
            sources=self.sources or None,
            speaker=voice,
            stems=self.stems,
            rest=self.rest,
            whole=whole,
        )

    def check(self) -> None:
        """Open the model, learn the voice, and read the sources.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        if self.speaker_from is None:
            # The voice before the model: a clip which cannot be used is what is complained of.
            self._request(self.voice(), whole=True)
        else:
            check_speaker_model(self.model_name)

    def _stream_settings(self) -> dict[str, Any]:
        settings = {"model": self.model, "rest": self.rest}
        if self.speaker_from is not None:
            raise InputError(
                "a stretch of the recording with the voice needs a file; give a clip instead"
            )
        if self.speaker is not None:
            return {**settings, "speaker": self.voice()}
        if self.stems:
            return {**settings, "stems": True}
        return {**settings, "sources": self.sources}

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> SeparationReport:
        voice = self._voice_in(source) if self.speaker_from is not None else self.voice()
        report = run_request(
            self._request(voice, whole=source != PIPE),
            source,
            target,
            options=self.options,
            overwrite=overwrite,
            progress=progress,
        )
        if voice is None or self.speaker_from is None:
            return report
        return replace(report, warnings=(*voice.warnings, *report.warnings))

    def _voice_in(self, source: str) -> Voice:
        assert self.speaker_from is not None
        if source == PIPE:
            raise InputError(
                "a pipe is read once, and the stretch with the voice has to be heard first; give "
                "a file, or a clip of the speaker"
            )
        return voice_within(source, *self.speaker_from, self.model_name, self.options)
