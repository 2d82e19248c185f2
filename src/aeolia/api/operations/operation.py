"""What all operations are: values that are compared, pickled, and written as JSON."""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from aeolia.api.file_options import FileOptions
from aeolia.api.recordings import Progress
from aeolia.api.reports.report import Report
from aeolia.config.ranges import check_fields
from aeolia.errors import InputError
from aeolia.runtime.catalogue import model_files

if TYPE_CHECKING:
    from aeolia.api.streams import Stream

__all__ = ["Filter", "Operation"]

AnyReport = TypeVar("AnyReport", bound=Report, covariant=True)


@dataclass(frozen=True)
class Operation(ABC, Generic[AnyReport]):
    """What can be done to a file, with all settings: a value that a command, a page or a job runs.

    Two are equal if their settings are. They hold the names of models and no model, so they can be
    pickled; what a name stands for is opened when an operation first runs, once a process, and
    threads may run one operation at the same time.

    Raises:
        ConfigError: a setting that cannot be.

    >>> operation: aeolia.Operation = aeolia.Transfer("tuba", transpose=-12)
    >>> operation.to_json()
    '{"operation": "transfer", "to": "tuba", "transpose": -12, "snap": false, "model": "notes"}'
    """

    #: What it is called in JSON.
    name: ClassVar[str]
    #: Whether it reads a file; a note is made of nothing.
    reads: ClassVar[bool] = True
    #: Endings of the files that it reads; none for all sound.
    read_endings: ClassVar[tuple[str, ...]] = ()
    #: Ending of the file that it writes; "" for the input's.
    writes: ClassVar[str] = ""
    #: Whether its target is a folder for several files, which are called after the input.
    writes_folder: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            # As JSON has them, so that what is written and read again is equal.
            if isinstance(value, PurePath):
                object.__setattr__(self, field.name, str(value))
            elif isinstance(value, list):
                object.__setattr__(self, field.name, tuple(value))
        check_fields(self)

    def run(
        self,
        source: str | Path | None,
        target: str | Path,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> AnyReport:
        """Read `source`, write `target`, and say what was done.

        Args:
            source: a file, or None for an operation that reads none; "-" is standard input for
                operations that read their input once.
            target: a file, or a folder where several are written; "-" is standard output.
            overwrite: replace what is there.
            progress: called as samples are done, and once at the end.

        Raises:
            InputError, ModelError: with one line on what is wrong; nothing is left at `target`.
        """
        if (source is not None) != self.reads:
            raise InputError(
                f"{self.name} needs a file to read, and None came"
                if self.reads
                else f"{self.name} reads no file, and {source} came; give None"
            )
        report = self._run("" if source is None else str(source), str(target), overwrite, progress)
        if progress:
            progress(report.frames, report.frames)
        return report

    @abstractmethod
    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> AnyReport:
        """`run` for checked arguments: mostly a function whose arguments the settings are."""

    @abstractmethod
    def check(self) -> None:
        """Open what is needed and compare the settings with it, before any file is touched.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """

    def made_with(self) -> tuple[Path, ...]:
        """The files that decide what it does: models with their parts, and other recordings.

        Raises:
            ModelError: no such model.
        """
        return model_files(getattr(self, "model"))  # noqa: B009  # each has one, of another type

    def as_dict(self) -> dict[str, Any]:
        """The operation as plain values, for JSON."""
        values = {"operation": self.name, **dataclasses.asdict(self)}
        options = getattr(self, "options", None)
        if isinstance(options, FileOptions):  # mostly the usual ones, and many
            values["options"] = options.as_dict()
            if not values["options"]:
                del values["options"]
        return values

    def to_json(self) -> str:
        """The operation as JSON, which `operation_from_json` reads back to an equal one."""
        return json.dumps(self.as_dict())


class Filter(Operation[AnyReport]):
    """An operation that works block by block, and so on live audio as well."""

    def stream(
        self, sample_rate: int | None = None, channels: int = 1, *, resample_quality: str = "HQ"
    ) -> Stream:
        """A stream that does it; the arguments are those of `aeolia.Stream`.

        Raises:
            InputError, ModelError: with one line on what is wrong.
        """
        from aeolia.api.streams import Stream

        stream: Stream = Stream(
            sample_rate=sample_rate,
            channels=channels,
            resample_quality=resample_quality,
            **self._stream_settings(),
        )
        return stream

    def _stream_settings(self) -> dict[str, Any]:
        """The arguments of `aeolia.Stream` that say what it does."""
        return vars(self)
