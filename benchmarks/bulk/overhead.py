"""Short files through a plain loop and through `aeolia bulk`, at one and two workers.

python -m benchmarks.bulk.overhead IN OUT N K     is the K-th of N plain loops
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import say
from benchmarks.bulk.recordings import MODEL, bulk, environment, rows, run, write_recordings

__all__ = ["measure"]

_SECONDS = 1.0


def measure(number: int = 2000, workers: tuple[int, ...] = (1, 2)) -> list[dict[str, Any]]:
    """Seconds from the first file's begin to the last one's end, without the start of programs."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        write_recordings(top / "in", number, _SECONDS)
        for n_workers in workers:
            row: dict[str, Any] = {"files": number, "seconds": _SECONDS, "workers": n_workers}
            row["loop"] = _loop(top, n_workers)
            for engine in ("local", "ray"):
                row[engine], row[f"{engine}_start"] = _job(top, engine, n_workers)
            row["loop_again"] = _loop(top, n_workers)
            say(str(row))
            found.append(row)
    return found


def _loop(top: Path, n_workers: int) -> float:
    shutil.rmtree(top / "out", ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.bulk.overhead", str(top / "in"), str(top / "out")]
    loops = [
        subprocess.Popen(
            [*command, str(n_workers), str(k)], env=environment(), stdout=subprocess.PIPE, text=True
        )
        for k in range(n_workers)
    ]
    times = [tuple(map(float, loop.communicate()[0].split())) for loop in loops]
    return max(end for _, end in times) - min(begin for begin, _ in times)


def _job(top: Path, engine: str, n_workers: int) -> tuple[float, float]:
    for name in ("out", "ledger"):
        shutil.rmtree(top / name, ignore_errors=True)
    places = ["-i", str(top / "in"), "-o", str(top / "out"), "-l", str(top / "ledger")]
    began = time.time()
    run(bulk(*places, "--engine", engine, "--workers", str(n_workers)))
    found = rows(top / "ledger")
    first = min(row["finished"].timestamp() - row["wall_seconds"] for row in found)
    last = max(row["finished"].timestamp() for row in found)
    return last - first, first - began


def main() -> None:
    """A plain loop."""
    import aeolia

    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    n_loops, k = int(sys.argv[3]), int(sys.argv[4])
    operation = aeolia.Denoise(MODEL)
    operation.check()
    target.mkdir(exist_ok=True)
    began = time.time()
    for path in sorted(source.iterdir())[k::n_loops]:
        operation.run(path, target / path.name)
    print(began, time.time())


if __name__ == "__main__":
    main()
