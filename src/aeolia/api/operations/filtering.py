"""Operations that filter recordings: Denoise, Separate and Transfer; they work live as well."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from aeolia.api.denoising import denoise_file
from aeolia.api.operations.operation import Operation
from aeolia.api.recordings import Progress
from aeolia.api.reports import FileReport, Report, SeparationReport, TransferReport
from aeolia.api.separation import (
    CLASSES_MODEL,
    SPEAKER_MODEL,
    Request,
    read_request,
    run_request,
    voice_of,
)
from aeolia.api.streams import Stream
from aeolia.api.synthesis import NOTES_MODEL
from aeolia.api.transfer import transfer_file
from aeolia.config.ranges import AtLeast, Between
from aeolia.errors import ConfigError
from aeolia.runtime.separate.sources import file_label
from aeolia.runtime.separate.voice import Voice
from aeolia.runtime.synth.transfer.tuning import MOST_TRANSPOSED

__all__ = ["Denoise", "Filter", "Separate", "Transfer"]

AnyReport = TypeVar("AnyReport", bound=Report)


class Filter(Operation[AnyReport]):
    """An operation that works block by block, and so on live audio as well."""

    @abstractmethod
    def stream(
        self, sample_rate: int | None = None, channels: int = 1, *, resample_quality: str = "HQ"
    ) -> Stream:
        """A stream that does it; see `aeolia.Stream`.

        Raises:
            InputError, ModelError: with one line on what is wrong.
        """

    def check(self) -> None:
        """Open the model and compare the settings with it.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        self.stream()


@dataclass(frozen=True)
class Denoise(Filter[FileReport]):
    """Remove noise from a file of any length: `denoise_file` as a value."""

    name = "denoise"

    #: A released model's name, or a model file.
    model: str = "denoise"
    #: Lower noise by at most this much; None for no limit.
    attenuation_limit_db: Annotated[float | None, AtLeast(0.0)] = None

    def stream(
        self, sample_rate: int | None = None, channels: int = 1, *, resample_quality: str = "HQ"
    ) -> Stream:
        """A stream that denoises; see `aeolia.Stream`."""
        return Stream(
            self.model,
            sample_rate,
            channels,
            attenuation_limit_db=self.attenuation_limit_db,
            resample_quality=resample_quality,
        )

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> FileReport:
        return denoise_file(
            source,
            target,
            model=self.model,
            attenuation_limit_db=self.attenuation_limit_db,
            overwrite=overwrite,
            progress=progress,
        )


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
    #: Write what remains of the mixture, too.
    rest: bool = False
    #: A released model's name, or a model file; by default the one for sources or for speakers.
    model: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.sources, str):
            object.__setattr__(self, "sources", (self.sources,))
        super().__post_init__()
        if bool(self.sources) == (self.speaker is not None):
            count = "both were" if self.sources else "neither was"
            raise ConfigError(f"Separate takes sources or a speaker, and {count} given")

    @property
    def model_name(self) -> str:
        """The model, by default the one for sources or for speakers."""
        return self.model or (SPEAKER_MODEL if self.speaker is not None else CLASSES_MODEL)

    @property
    def labels(self) -> tuple[str, ...]:
        """The outputs as they are called in the names of files."""
        if self.speaker is not None:
            return ("speaker", "background") if self.rest else ("speaker",)
        return (*map(file_label, self.sources), *(["rest"] if self.rest else []))

    def voice(self) -> Voice | None:
        """The speaker's voice, learned once a process or loaded; None without a speaker.

        Raises:
            InputError, ModelError: a clip or a file that cannot be used.
        """
        return None if self.speaker is None else voice_of(self.speaker, self.model_name)

    def _request(self) -> Request:
        return read_request(
            self.model,
            sources=self.sources or None,
            # Before the model, so that a clip which cannot be used is what is complained of.
            speaker=self.voice(),
            rest=self.rest,
        )

    def check(self) -> None:
        """Open the model, learn the voice, and read the sources.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        self._request()

    def stream(
        self, sample_rate: int | None = None, channels: int = 1, *, resample_quality: str = "HQ"
    ) -> Stream:
        """A stream that separates; see `aeolia.Stream`."""
        requested: dict[str, Any] = {"sources": self.sources}
        if self.speaker is not None:
            requested = {"speaker": self.voice()}
        return Stream(
            self.model,
            sample_rate,
            channels,
            **requested,
            rest=self.rest,
            resample_quality=resample_quality,
        )

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> SeparationReport:
        return run_request(self._request(), source, target, overwrite=overwrite, progress=progress)


@dataclass(frozen=True)
class Transfer(Filter[TransferReport]):
    """Let another instrument play a monophonic recording: `transfer_file` as a value."""

    name = "transfer"

    #: An instrument that the model has.
    to: str
    #: Semitones added to the pitch.
    transpose: Annotated[float, Between(-MOST_TRANSPOSED, MOST_TRANSPOSED)] = 0.0
    #: Hold every pitch at its nearest semitone.
    snap: bool = False
    #: A released model's name, or a model file.
    model: str = NOTES_MODEL

    def stream(
        self, sample_rate: int | None = None, channels: int = 1, *, resample_quality: str = "HQ"
    ) -> Stream:
        """A stream that transfers; see `aeolia.Stream`."""
        return Stream(
            self.model,
            sample_rate,
            channels,
            to=self.to,
            transpose=self.transpose,
            snap=self.snap,
            resample_quality=resample_quality,
        )

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> TransferReport:
        return transfer_file(
            source,
            target,
            to=self.to,
            transpose=self.transpose,
            snap=self.snap,
            model=self.model,
            overwrite=overwrite,
            progress=progress,
        )
