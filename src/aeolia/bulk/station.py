"""What a worker of a job of millions does with one file: fetch, run, look at the result, put."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any

from aeolia.api.operations.operation import Operation
from aeolia.api.reports.report import Report
from aeolia.api.reports.separation import SeparationReport
from aeolia.audio.formats import output_suffix
from aeolia.bulk.ledger import DONE, FAILED, digest_of
from aeolia.bulk.measured import measured
from aeolia.bulk.stores import NotPutError, Place, is_full, is_refusal, version_of
from aeolia.errors import AeoliaError, InputError
from aeolia.files import scratch_folder

__all__ = ["FATAL", "Station", "Work", "failed", "output_name"]

#: Key of a row that ends the job: no other file would fare better.
FATAL = "fatal"
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class Work:
    """One file to do."""

    uri: str
    #: Of the output, below the output folder.
    name: str
    #: Of the input, as its listing had it; "" and None where it had none.
    version: str = ""
    size: int | None = None
    attempt: int = 1
    #: How often the node that it was on went.
    moves: int = 0


def output_name(operation: Operation[Report], name: str) -> str:
    """What the output of an input called `name` is called below the output folder.

    An ending that cannot be written stays in the name, so that different inputs have different
    outputs; a separation puts its sources' names there instead.
    """
    path = PurePosixPath(name)
    ending = operation.writes or output_suffix(name) or ".wav"
    if operation.writes_folder:
        return str(path.with_suffix(ending))
    return name if ending == path.suffix else f"{name}{ending}"


class Station:
    """The place of one worker, for all files that it does.

    Args:
        output: the folder's URI.
    """

    def __init__(self, operation: Operation[Report], output: str) -> None:
        self.operation = operation
        self.output = output
        self._several = operation.writes_folder
        self._facts: dict[str, Any] = {}

    def open(self) -> str:
        """Open the model; returns its hash, which all workers must have in common.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        import aeolia

        self.operation.check()
        self._folder = Place(self.output)
        model_hash = model_hash_of(self.operation)
        self._facts = {
            "operation_hash": digest_of(self.operation.as_dict()),
            "model_hash": model_hash,
            "aeolia_version": aeolia.__version__,
            "worker": f"{socket.gethostname()}:{os.getpid()}",
        }
        return model_hash

    def do(self, work: Work) -> dict[str, Any]:
        """Do a file; returns its row in the ledger, of a failure too."""
        started = time.perf_counter()
        try:
            row = {**self._done(work), "status": DONE}
        except (AeoliaError, OSError, MemoryError) as error:
            row = failed(error)
            row[FATAL] = is_full(error) or _is_denied(error, self._folder, work.uri)
        except Exception as error:  # a fault of a library at this file must not end the job
            row = failed(error)
        row |= {"input": work.uri, "attempt": work.attempt, **self._facts}
        row["wall_seconds"] = time.perf_counter() - started
        row["finished"] = datetime.now(timezone.utc)
        return row

    def _done(self, work: Work) -> dict[str, Any]:
        source, target = Place(work.uri), self._folder / work.name
        if source.uri == target.uri:
            raise InputError(f"{work.uri}: its output would take its place; name another output")
        info = source.info()
        if info is None:
            raise InputError(f"{work.uri}: is not there any more; list the inputs again")
        with ExitStack() as stack:
            path, goal = source.local, target.local
            if path is None:
                path = _scratch(stack) / (PurePosixPath(source.path).name or "input")
                source.fetch(path)
            if self._several and path.stem != PurePosixPath(work.name).stem:
                # Sources' files are called after the input.
                link = _scratch(stack) / f"{PurePosixPath(work.name).stem}{path.suffix}"
                link.symlink_to(path.absolute())
                path = link
            if goal is None:
                goal = _scratch(stack) / PurePosixPath(target.path).name
            try:
                folder = goal.parent if self._several else goal
                report = self.operation.run(str(path), str(folder), overwrite=True)
            except AeoliaError as error:
                said = str(error).replace(str(path), work.uri).replace(str(goal), target.uri)
                raise type(error)(said) from error
            paths = _outputs(report)
            row = {**_of_report(report), **measured(paths)}
            uris = [f"{target.uri.rpartition('/')[0]}/{path.name}" for path in paths]
            if target.local is None:
                for path, uri in zip(paths, uris, strict=True):
                    Place(uri).put(path)
        size = info.get("size")
        return {**row, "outputs": uris, "size": size, "version": version_of(info)}


def _scratch(stack: ExitStack) -> Path:
    return stack.enter_context(scratch_folder())


def model_hash_of(operation: Operation[Report]) -> str:
    """SHA-256 of all files that decide what an operation does: models and clips."""
    found = hashlib.sha256()
    for path in operation.made_with():
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def failed(error: BaseException) -> dict[str, Any]:
    """What a row says of a failure."""
    said = " ".join(str(error).split()) or type(error).__name__
    kind = type(error).__name__
    if not isinstance(error, AeoliaError):
        said = f"{kind}: {said}"
    return {"status": FAILED, "error": said[:2000], "error_kind": kind}


def _is_denied(error: BaseException, output: Place, source: str) -> bool:
    """Whether nothing can be written at the output: no permission, or no bucket."""
    if not output.local:
        while error.__cause__ is not None and not isinstance(error, NotPutError):
            error = error.__cause__
        return isinstance(error, NotPutError) and is_refusal(error.__cause__)
    while error.__cause__ is not None:
        error = error.__cause__
    if not isinstance(error, OSError) or error.errno not in _DENIED:
        return False
    where = str(error.filename or "")
    return where.startswith(output.path) and where != Place(source).path


def _outputs(report: Report) -> list[Path]:
    if isinstance(report, SeparationReport):
        return [Path(output.path) for output in report.outputs]
    return [Path(report.output)]


def _of_report(report: Report) -> dict[str, Any]:
    return {
        "seconds": report.seconds,
        "sample_rate": report.sample_rate,
        "channels": report.channels,
        "clipped_samples": report.clipped_samples,
        "warnings": list(report.warnings),
    }
