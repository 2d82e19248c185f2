"""Operations on Ray Datasets, for pipelines that are on Ray already; files by the million alone
are the affair of `aeolia bulk`.

    import ray, aeolia.ray
    talks = ray.data.read_binary_files("s3://bucket/talks", include_paths=True)
    clean = aeolia.ray.map(talks, aeolia.Denoise())
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from aeolia.api.operations.operation import Operation
from aeolia.api.reports.report import Report
from aeolia.api.reports.separation import SeparationReport
from aeolia.audio.files import AudioReader
from aeolia.audio.formats import suffix_of
from aeolia.bulk.station import output_name
from aeolia.bulk.stores import Place
from aeolia.errors import AeoliaError, InputError, MissingExtraError
from aeolia.files import scratch_folder

__all__ = ["map"]

_SECONDS, _ERROR, _PATH = "seconds", "error", "path"


def map(
    dataset: Any,
    operation: Operation[Report],
    *,
    column: str = "bytes",
    output: str = "output",
    workers: int | None = None,
    batch_size: int = 8,
) -> Any:
    """Let an operation run over a column of a Ray Dataset: lazily, an actor a CPU.

    Args:
        column: whole files as bytes, or their paths or URIs as text. Of bytes the format is seen,
            and where there is a column "path", outputs have the format of that name.
        output: column for the outputs, bytes; with `Separate`, a column OUTPUT.SOURCE each.
        workers: actors at most; None for as many as the cluster has CPUs.
        batch_size: files that an actor takes at a time.

    Returns:
        The dataset with columns `output`, "seconds" (of audio) and "error": None, or why the file
        could not be used, and no output then.

    Raises:
        InputError, ModelError: what would be wrong with every file.
    """
    try:
        from ray.data import ActorPoolStrategy
    except ImportError as error:
        raise MissingExtraError(
            "datasets of Ray need it; install it with `pip install 'aeolia[cluster]'`"
        ) from error
    if not operation.reads:
        raise InputError(f"{operation.name} reads no files; run it by itself")
    operation.check()
    return dataset.map_batches(
        _Mapper,
        fn_constructor_args=(operation, column, output),
        batch_format="pyarrow",
        batch_size=batch_size,
        num_cpus=1,
        compute=ActorPoolStrategy(min_size=1, max_size=workers),
    )


class _Mapper:
    """An actor's part: the operation on each file of a batch."""

    def __init__(self, operation: Operation[Report], column: str, output: str) -> None:
        operation.check()
        self._operation, self._column, self._output = operation, column, output
        labels = getattr(operation, "labels", None)
        self._outputs = [f"{output}.{label}" for label in labels] if labels else [output]

    def __call__(self, batch: Any) -> Any:
        import pyarrow as pa

        if self._column not in batch.column_names:
            raise InputError(
                f"the dataset has columns {', '.join(batch.column_names)}, and none is called "
                f"{self._column!r}; name one of them as `column`"
            )
        files = batch.column(self._column).to_pylist()
        named = _PATH in batch.column_names
        names = batch.column(_PATH).to_pylist() if named else [None] * len(files)
        rows = [self._row(file, name) for file, name in zip(files, names, strict=True)]
        types = {**dict.fromkeys(self._outputs, pa.large_binary()), _SECONDS: pa.float64()}
        for name, kind in {**types, _ERROR: pa.string()}.items():
            values = pa.array([row.get(name) for row in rows], kind)
            if name in batch.column_names:
                batch = batch.drop_columns([name])
            batch = batch.append_column(name, values)
        return batch

    def _row(self, file: bytes | str, name: str | None) -> dict[str, Any]:
        try:
            with scratch_folder() as scratch:
                return self._done(file, name, scratch)
        except AeoliaError as error:
            return {_ERROR: str(error)}

    def _done(self, file: bytes | str, name: str | None, scratch: Path) -> dict[str, Any]:
        for part in ("in", "out"):
            (scratch / part).mkdir()
        source = _fetched(file, name, scratch / "in")
        folder = scratch / "out"
        several = self._operation.writes_folder
        target = folder if several else folder / output_name(self._operation, source.name)
        try:
            report = self._operation.run(str(source), str(target))
        except AeoliaError as error:
            said = name or (file if isinstance(file, str) else "the bytes")
            raise type(error)(str(error).replace(str(source), said)) from error
        if isinstance(report, SeparationReport):
            paths = [Path(one.path) for one in report.outputs]
        else:
            paths = [Path(report.output)]
        outputs = dict(zip(self._outputs, (path.read_bytes() for path in paths), strict=True))
        return {**outputs, _SECONDS: report.seconds}


def _fetched(file: bytes | str, name: str | None, folder: Path) -> Path:
    """The file on this machine, with an ending that tells its format."""
    if isinstance(file, str):
        place = Place(file)
        if place.local:
            return place.local
        path = folder / (PurePosixPath(place.path).name or "input")
        place.fetch(path)
        return path
    path = folder / PurePosixPath(name or "input").name
    path.write_bytes(file)
    if path.suffix:
        return path
    with AudioReader(path) as reader:
        ending = suffix_of(reader.info) or ".wav"
    return path.rename(path.with_name(path.name + ending))
