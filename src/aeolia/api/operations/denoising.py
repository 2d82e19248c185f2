"""Denoise as a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from aeolia.api.denoising import DENOISERS, denoise_file, open_denoiser
from aeolia.api.file_options import USUAL, FileOptions
from aeolia.api.operations.operation import Filter
from aeolia.api.recordings import Progress
from aeolia.api.reports.report import FileReport
from aeolia.config.ranges import AtLeast, Between
from aeolia.runtime.catalogue import model_files

__all__ = ["Denoise"]


@dataclass(frozen=True)
class Denoise(Filter[FileReport]):
    """Remove noise from a file of any length: `denoise_file` as a value.

    >>> operation = aeolia.Denoise("denoise-16k", attenuation_limit_db=12)
    >>> report = operation.run("examples/cafe.noisy.wav", "some-of-the-room.wav")
    >>> operation == aeolia.operation_from_json(operation.to_json())
    True
    """

    name = "denoise"

    #: A released model's name, or a model file; None for the one that fits: by the rate, and for a
    #: file one that hears ahead, for a stream a causal one.
    model: str | None = None
    #: Lower noise by at most this much; None for no limit.
    attenuation_limit_db: Annotated[float | None, AtLeast(0.0)] = None
    #: The channels are recordings of their own: each has its own filter.
    dual_mono: bool = False
    #: A file for what is taken out of a file (a stream has none); None for none.
    residual: str | None = None
    #: Loudness of a file's output in LUFS, and where its true peak may lie in dBTP; None for as is.
    lufs: Annotated[float | None, Between(-70.0, 0.0)] = None
    true_peak_db: Annotated[float, Between(-60.0, 0.0)] = -1.0
    #: How the files are read and written.
    options: FileOptions = USUAL

    def check(self) -> None:
        """Open the model.

        Raises:
            ModelError: no such model, or one of another task.
        """
        open_denoiser(self.model)

    def made_with(self) -> tuple[Path, ...]:
        """Its model, or all that it chooses from."""
        names = DENOISERS if self.model is None else (self.model,)
        return tuple(path for name in names for path in model_files(name))

    def _stream_settings(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "attenuation_limit_db": self.attenuation_limit_db,
            "dual_mono": self.dual_mono,
        }

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> FileReport:
        return denoise_file(source, target, **vars(self), overwrite=overwrite, progress=progress)
