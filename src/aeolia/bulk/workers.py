"""Processes that help, and end with the one that started them, however that ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from aeolia.errors import InputError

__all__ = ["end_with_parent", "worker_pool"]


@contextmanager
def worker_pool(jobs: int) -> Iterator[Executor | None]:
    """A pool of processes, or None for one job. Spawned: ONNX Runtime does not survive a fork.

    What raises in the block leaves out the work that has not begun.

    Raises:
        InputError: less than one job.
    """
    if jobs < 1:
        raise InputError(f"jobs is {jobs}; it must be at least 1")
    if jobs == 1:
        yield None
        return
    pool = _Pool(jobs, multiprocessing.get_context("spawn"), end_with_parent)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def end_with_parent() -> None:
    """Let this process, one of `multiprocessing`, end when its parent does, even by a kill.

    Workers wait for work, and would do so for ever. Ctrl-C is their parent's affair.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: Any) -> None:
    parent.join()
    os._exit(1)


class _Pool(ProcessPoolExecutor):
    """Its workers are deaf to Ctrl-C from their first moment, before they could say so."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        # It starts workers, which inherit what is blocked.
        with _without_interrupts():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
