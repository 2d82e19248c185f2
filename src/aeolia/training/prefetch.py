"""Batches made ahead of the steps that they are for, so that mixing and the optimiser overlap.

Mixing is work for the processor, wherever the model trains: a thread suffices beside a model that
trains there too; beside a GPU a few processes make several batches at once, or as many threads
where processes cannot be forked (Windows) or should not be (Apple's GPUs).
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from aeolia.training.processes import Processes

__all__ = ["BatchSource", "TimedBatch", "prefetched"]

#: Processes that mix beside a GPU, at most; each holds a few finished batches.
_MOST_MIXERS = 12


class TimedBatch(Protocol):
    """What the loop itself asks of a batch, a dataclass of tensors: how much audio it holds."""

    @property
    def seconds(self) -> float: ...


class BatchSource(Protocol):
    """Batches by step number; `aeolia.data.denoise.mixer.Mixer` is one."""

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> TimedBatch: ...


@dataclass(frozen=True)
class _Steps(Dataset[Any]):
    """This process's part of the batches of some steps."""

    batches: BatchSource
    batch_size: int
    steps: range
    processes: Processes

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Any:
        """A batch, or the error that came in its place: it is to be raised in the loop."""
        rank, world = self.processes.rank, self.processes.world
        try:
            return self.batches.batch(self.steps[index], self.batch_size, rank, world)
        except Exception as error:
            return error


def prefetched(
    batches: BatchSource, batch_size: int, steps: range, processes: Processes
) -> Generator[tuple[int, Any], None, None]:
    """Steps and their batches, in order, on the device that `processes` train on."""
    pending, device = _Steps(batches, batch_size, steps, processes), processes.device()
    made = _one_by_one(pending) if device.type == "cpu" else _on_gpu(pending, device)
    with closing(_ahead(made)) as ready:
        for step, batch in zip(steps, ready, strict=True):
            if isinstance(batch, Exception):
                raise batch
            yield step, batch


def _moved(batch: Any, device: torch.device) -> Any:
    """A batch with all its tensors on `device`."""
    if isinstance(batch, Exception):
        return batch
    values = {entry.name: getattr(batch, entry.name) for entry in fields(batch)}
    tensors = {name: x.to(device) for name, x in values.items() if isinstance(x, Tensor)}
    return replace(batch, **tensors)


def _one_by_one(pending: _Steps) -> Iterator[Any]:
    for index in range(len(pending)):
        yield pending[index]


def _on_gpu(pending: _Steps, device: torch.device) -> Iterator[Any]:
    """Batches made by processes or threads, and copied, by CUDA while the GPU computes."""
    if device.type != "cuda":
        yield from (_moved(batch, device) for batch in _by_threads(pending))
        return
    forks = "fork" in multiprocessing.get_all_start_methods()
    made = _by_processes(pending) if forks else _by_threads(pending)
    computing, copying = torch.cuda.current_stream(device), torch.cuda.Stream(device)
    for batch in made:
        with torch.cuda.stream(copying):
            copied = _moved(batch, device)
        for value in vars(copied).values():
            if isinstance(value, Tensor):  # not to be written over while it is in use there
                value.record_stream(computing)
        yield copied


def _by_processes(pending: _Steps) -> Iterator[Any]:
    """Batches in order, from processes that share this one's recordings."""
    yield from DataLoader(
        pending,
        batch_size=None,
        collate_fn=lambda batch: batch,
        num_workers=_n_mixers(pending),
        multiprocessing_context="fork",
    )


def _by_threads(pending: _Steps) -> Iterator[Any]:
    """The same from threads: what they compute in PyTorch and NumPy runs side by side."""
    count = _n_mixers(pending)
    running: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(count) as threads:
        try:
            for index in range(len(pending)):
                running.append(threads.submit(pending.__getitem__, index))
                if len(running) > count:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def _n_mixers(pending: _Steps) -> int:
    share = (os.cpu_count() or 1) // pending.processes.world
    return max(1, min(_MOST_MIXERS, share - 1))


def _ahead(made: Iterator[Any]) -> Generator[Any, None, None]:
    """The same, made by a thread, up to two ahead."""
    ready: queue.Queue[Any] = queue.Queue(maxsize=2)
    stopped = threading.Event()

    def offer(item: Any) -> None:
        while not stopped.is_set():
            try:
                return ready.put(item, timeout=0.2)
            except queue.Full:
                continue

    def produce() -> None:
        try:
            for item in made:
                offer((item,))
                if stopped.is_set():
                    return
        except Exception as error:  # a process that was killed, or a GPU without room
            offer((error,))
        offer(())

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while item := ready.get():
            yield item[0]
    finally:
        stopped.set()
        thread.join()
