"""A bounded queue of operations, and processes that take from it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aeolia.errors import InputError
from aeolia.web.store import SALVAGE, NotThereError, Store, Upload

__all__ = ["MOST_WAITING", "Job", "Jobs"]

#: More than so many requests are refused rather than kept waiting.
MOST_WAITING = 64
#: A line of a worker: the report of a long file with its waveforms.
_LINE_BYTES = 1 << 26

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"


@dataclass
class Job:
    """One request and what became of it."""

    id: str
    folder: Path
    operation: dict[str, Any]
    source: Upload | None
    target: Path
    #: Whether it is to be heard in the page: its tracks are written side by side then.
    heard: bool = True
    state: str = WAITING
    done: int = 0
    of: int | None = None
    error: str = ""
    #: Whether the source is cut off, and what is there could be had.
    salvageable: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def player(self) -> Path:
        """All tracks in one file."""
        return self.folder / "player.wav"

    def outputs(self) -> list[tuple[str, Path, str]]:
        """Label, path, and the name to download it by, of each output."""
        stem = "aeolia" if self.source is None else self.source.stem
        paths = [(label, Path(path)) for label, path in self.result.get("outputs", [])]
        if self.operation.get("operation") == "export_sfz":  # whose files name each other
            return [(label, path, path.name) for label, path in paths]
        names = [f"{stem}.{label}{path.suffix}".replace("/", "_") for label, path in paths]
        return [(*pair, name) for pair, name in zip(paths, names, strict=True)]


class Jobs:
    """Runs jobs in the order in which they came, `n_workers` at a time."""

    def __init__(self, store: Store, n_workers: int | None = None) -> None:
        self._store = store
        self._n_workers = n_workers or os.cpu_count() or 1
        self._jobs: dict[str, Job] = {}
        self._waiting: asyncio.Queue[Job] = asyncio.Queue(MOST_WAITING)
        self._workers: list[asyncio.Task[None]] = []
        self._of_job: dict[str, _Worker] = {}

    def start(self) -> None:
        """Begin to take jobs; processes start with their first one."""
        self._workers = [asyncio.create_task(self._take()) for _ in range(self._n_workers)]

    async def close(self) -> None:
        """End all processes."""
        for task in self._workers:
            task.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def submit(
        self,
        operation: dict[str, Any],
        source: Upload | None,
        target_name: str,
        *,
        heard: bool = True,
    ) -> Job:
        """Queue an operation.

        Args:
            operation: as JSON has it.
            source: the file to read, after which outputs are named, or None.
            target_name: the output in the job's folder; "" for a folder of outputs.
            heard: whether somebody may want to hear it in the page.

        Raises:
            InputError: too many wait already.
        """
        if self._waiting.full():
            raise InputError(f"{MOST_WAITING} requests are waiting already; try again later")
        id_, folder = self._store.new_folder()
        outputs = folder / "out"
        outputs.mkdir()
        job = Job(id_, folder, operation, source, outputs / target_name, heard)
        self._jobs[id_] = job
        self._waiting.put_nowait(job)
        return job

    def job(self, id_: str) -> Job:
        """A job by its name.

        Raises:
            NotThereError: there is none, or it was removed.
        """
        if id_ not in self._jobs:
            raise NotThereError("this result is not there; the server was restarted: do it again")
        return self._jobs[id_]

    def ahead_of(self, job: Job) -> int:
        """How many jobs wait before this one."""
        waiting = [other.id for other in self._jobs.values() if other.state == WAITING]
        return waiting.index(job.id) if job.id in waiting else 0

    def remove(self, job: Job) -> None:
        """End a job wherever it stands, and forget what it made."""
        if job.state in (WAITING, RUNNING):
            job.state = CANCELLED
            worker = self._of_job.get(job.id)
            if worker is not None:
                worker.kill()
            job.ended.set()
        else:
            self._jobs.pop(job.id, None)
        shutil.rmtree(job.folder, ignore_errors=True)

    async def _take(self) -> None:
        worker = _Worker()
        try:
            while True:
                job = await self._waiting.get()
                if job.state == WAITING:
                    self._of_job[job.id] = worker
                    try:
                        await self._run(job, worker)
                    except (OSError, ValueError) as error:
                        # No process could be begun, or its answer was none: the next has another.
                        await worker.end()
                        job.state, job.error = FAILED, f"the work could not be done ({error})"
                        job.ended.set()
                    del self._of_job[job.id]
        finally:
            await worker.end()

    async def _run(self, job: Job, worker: _Worker) -> None:
        job.state = RUNNING

        def note(message: dict[str, Any]) -> None:
            job.done, job.of = message["done"], message["all"]

        request = {
            "operation": job.operation,
            "source": None if job.source is None else str(job.source.path),
            "target": str(job.target),
            "player": str(job.player) if job.heard else None,
        }
        result = _as_its_owner_says(await worker.run(request, note), job.source)
        if "error" in result:  # what is written is named by nobody
            words = result["error"].replace(f"{job.target.parent}/", "")
            job.salvageable = SALVAGE in words
            result["error"] = self._store.in_owners_words(words)
            if job.salvageable:
                result["error"] += "; what is there can be had all the same (options: salvage)"
        if job.state == CANCELLED:
            shutil.rmtree(job.folder, ignore_errors=True)
        elif "error" in result:
            job.state, job.error = FAILED, result["error"]
        else:
            job.state, job.result = DONE, result
        job.ended.set()


def _as_its_owner_says(message: dict[str, Any], source: Upload | None) -> dict[str, Any]:
    """The same with the upload's own name where its path is."""
    if source is None:
        return message
    # Both as they stand inside quotes.
    path, name = (json.dumps(text)[1:-1] for text in (str(source.path), source.name))
    renamed: dict[str, Any] = json.loads(json.dumps(message).replace(path, name))
    return renamed


class _Worker:
    """A process of `aeolia.web.worker`, started when it is needed and again when it ended."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def run(
        self, request: dict[str, Any], note: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """The last message on a request; those on its progress go to `note`."""
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "aeolia.web.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE_BYTES,
            )
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with suppress(ConnectionError):  # its end is seen below
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
        while line := await process.stdout.readline():
            message: dict[str, Any] = json.loads(line)
            if "done" not in message:
                return message
            note(message)
        await process.wait()
        self._process = None
        return {"error": "the work was ended from outside; the memory may have been too small"}

    def kill(self) -> None:
        """End the process, and with it what it does."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def end(self) -> None:
        """End the process, and wait until it is gone."""
        self.kill()
        if self._process is not None:
            await self._process.wait()
