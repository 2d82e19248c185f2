"""Memory of a job's driver at 10 thousand to a million names, which a store makes up as it lists.

    python -m benchmarks.bulk.memory N     prints N, the peak in MB, and seconds

Workers that do nothing answer at once; listing, choosing, ledger and its compaction are real.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks import say
from benchmarks.bulk.recordings import run

__all__ = ["measure"]

_FOLDER = 1000


def measure(numbers: Sequence[int] = (10_000, 100_000, 1_000_000)) -> list[dict[str, Any]]:
    """Each number in a process of its own."""
    found = []
    for number in numbers:
        files, most, seconds = run(
            [sys.executable, "-m", "benchmarks.bulk.memory", str(number)]
        ).split()
        found.append({"files": int(files), "megabytes": float(most), "seconds": float(seconds)})
        say(str(found[-1]))
    return found


def _store(number: int) -> type:
    from fsspec.spec import AbstractFileSystem

    class Vast(AbstractFileSystem):  # type: ignore[misc]
        """`number` names in folders of a thousand."""

        protocol = "vast"

        def info(self, path: str, **_: object) -> dict[str, Any]:
            path = self._strip_protocol(path).strip("/")
            kind = "file" if path.endswith(".wav") else "directory"
            return {"name": path, "type": kind, "size": 32044, "ETag": f"{hash(path):x}"}

        def ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:
            top = self._strip_protocol(path).strip("/")
            if "/" in top:
                names = [f"{top}/recording-of-a-call-{n:06d}.wav" for n in range(_FOLDER)]
            else:
                names = [f"{top}/folder-{n:06d}" for n in range(number // _FOLDER)]
            return [self.info(name) for name in names] if detail else names

    return Vast


class _Idle:
    """A crew that has done everything at once."""

    remark = ""

    def __init__(self, station: Any) -> None:
        self._results: list[Any] = []

    def room(self) -> int:
        return 64 - len(self._results)

    def send(self, work: Any) -> None:
        facts = {"outputs": [f"vast://out/{work.name}"], "sha256": ["0" * 64], "seconds": 1.0}
        facts |= {"status": "done", "wall_seconds": 0.01, "finished": datetime.now(timezone.utc)}
        self._results.append((work, facts))

    def results(self, seconds: float) -> list[Any]:
        found, self._results = self._results, []
        return found

    def running(self) -> Sequence[Any]:
        return ()

    def n_workers(self) -> int:
        return 1

    def close(self) -> None:
        pass


def main() -> None:
    """A job over so many names."""
    import fsspec

    from aeolia import Denoise
    from aeolia.bulk import job

    number = int(sys.argv[1])
    fsspec.register_implementation("vast", _store(number), clobber=True)
    setattr(job, "Processes", lambda station, n_workers: _Idle(station))  # noqa: B010
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        places = "vast://in", str(Path(folder) / "out"), str(Path(folder) / "ledger")
        tally = job.run_bulk(job.BulkJob(Denoise("denoise-16k"), places[:1], *places[1:]))
    assert (tally.done, tally.failed) == (number, 0)
    print(number, f"{_peak_megabytes():.0f}", f"{time.monotonic() - began:.1f}")


def _peak_megabytes() -> float:
    """The largest resident memory; what `getrusage` says begins at the parent's."""
    (line,) = (
        line
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        if line.startswith("VmHWM:")
    )
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
