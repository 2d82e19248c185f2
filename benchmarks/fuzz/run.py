"""Cases by kind and seed, and what is wrong with their outcomes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

import numpy as np

from benchmarks import ROOT, say
from benchmarks.fuzz.kinds import KINDS, Kind
from benchmarks.fuzz.worker import Outcome, Request

__all__ = ["Worker", "fuzz", "problems", "try_case"]

#: Memory that a command may use, with all that Python and ONNX Runtime take.
MOST_MEGABYTES = 1200.0


class Worker:
    """The process of `benchmarks.fuzz.worker`; temporary files of commands go into `temporary`."""

    def __init__(self, temporary: Path, *paths: Path) -> None:
        path = [str(ROOT / "src"), str(ROOT), *map(str, paths), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fuzz.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(path),
                "TMPDIR": str(temporary),
                "OMP_NUM_THREADS": "1",
            },
        )

    def run(self, request: Request) -> Outcome:
        """Run a command."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(asdict(request)), file=self._process.stdin, flush=True)
        return Outcome(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def problems(outcome: Outcome, left: Iterable[str]) -> list[str]:
    """What is wrong with an outcome, in words; `left` are files that nobody asked for."""
    found = []
    if outcome.timed_out:
        found.append(f"took longer than {outcome.seconds:.0f} s")
    elif outcome.code not in (0, 1, 2):
        last = outcome.error.strip().splitlines()[-1:] or ["nothing said"]
        found.append(f"exit code {outcome.code} ({last[0][:200]})")
    elif "Traceback" in outcome.error:
        found.append("a traceback")
    if outcome.code == 2 and not outcome.error.strip():
        found.append("exit code 2 without a word")
    if outcome.megabytes > MOST_MEGABYTES:
        found.append(f"{outcome.megabytes:.0f} MB of memory")
    found += [f"left {name}" for name in left]
    return found


def try_case(
    worker: Worker, name: str, seed: int, temporary: Path, *, seconds: float = 20.0
) -> tuple[Outcome, list[str], bytes]:
    """One damaged file: the outcome, its problems, and the file. Seed -1 is the sound one."""
    kind = KINDS[name]
    data = kind.make()
    if seed >= 0:
        data = kind.damage(data, np.random.default_rng((zlib.crc32(name.encode()), seed)))
    with tempfile.TemporaryDirectory(prefix="aeolia-fuzz-") as folder:
        given = {kind.file: data, **{path: make() for path, make in kind.beside.items()}}
        for path, content in given.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_bytes(content)
        stdin = kind.file if kind.piped else os.devnull
        outcome = worker.run(Request(list(kind.arguments), folder, stdin=stdin, seconds=seconds))
        left = [*_left(Path(folder), kind, set(given), outcome), *_files(temporary)]
    for remnant in temporary.iterdir():
        remnant.unlink()
    return outcome, problems(outcome, left), data


def _left(folder: Path, kind: Kind, given: set[str], outcome: Outcome) -> Iterator[str]:
    for name in _files(folder):
        wanted = kind.output and name.split("/")[0] == kind.output and outcome.code != 2
        if name not in given and not wanted:
            yield name


def _files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def fuzz(
    minutes: float, first_seed: int = 0, only: Sequence[str] = (), keep: Path | None = None
) -> int:
    """Try seeds of all kinds in turn until the time is over; returns how many fell.

    Args:
        keep: folder for the files that fell.
    """
    names = list(only or KINDS)
    until = time.monotonic() + 60 * minutes
    seed, fell, codes = first_seed, 0, Counter[int]()
    slowest, largest = 0.0, 0.0
    with tempfile.TemporaryDirectory() as temporary, Worker(Path(temporary)) as worker:
        while time.monotonic() < until:
            for name in names:
                outcome, found, data = try_case(worker, name, seed, Path(temporary))
                codes[outcome.code] += 1
                slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.megabytes)
                if found:
                    fell += 1
                    say(f"{name} {seed}: {'; '.join(found)}")
                if found and keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{name}-{seed}{Path(KINDS[name].file).suffix}").write_bytes(data)
            seed += 1
    ended = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items()))
    say(
        f"{sum(codes.values())} cases of {len(names)} kinds, seeds {first_seed} to {seed - 1}: "
        f"{fell} fell; ended {ended}; slowest {slowest:.1f} s, at most {largest:.0f} MB"
    )
    return fell
