"""Cases by kind and seed, and what is wrong with their outcomes."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np

from aeolia.evaluation.tables import markdown, print_table
from aeolia.files import write_atomically
from aeolia.pictures.table import Table
from benchmarks import ROOT, say
from benchmarks.fuzz.harm import MOST_MEGABYTES, obeyed, problems
from benchmarks.fuzz.kinds import KINDS
from benchmarks.fuzz.mutations import hostile_name
from benchmarks.fuzz.worker import Outcome, Request
from benchmarks.results import provenance

__all__ = ["Worker", "fuzz", "try_case"]


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


def try_case(
    worker: Worker, name: str, seed: int, temporary: Path, *, seconds: float = 20.0
) -> tuple[Outcome, list[str], bytes]:
    """One damaged file: the outcome, its problems, and the file. Seed -1 is the sound one."""
    kind, shown = KINDS[name], "plain"
    data = kind.make()
    if seed >= 0:
        rng = np.random.default_rng((zlib.crc32(name.encode()), seed))
        data = kind.damage(data, rng)
        shown = hostile_name(rng)
    kind = kind.named(shown)
    with tempfile.TemporaryDirectory(prefix="aeolia-fuzz-") as folder:
        given = {kind.file: data, **{path: make() for path, make in kind.beside.items()}}
        for path, content in given.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_bytes(content)
        stdin = kind.file if kind.piped else os.devnull
        outcome = worker.run(Request(list(kind.arguments), folder, stdin=stdin, seconds=seconds))
        there = [path for path in _files(Path(folder)) if path not in given]
        wanted = [path for path in there if path.split("/")[0] in kind.outputs]
        left = [path for path in there if path not in wanted or outcome.code == 2]
        found = problems(outcome, [*left, *_files(temporary)])
        found += obeyed(Path(folder, path) for path in wanted)
    for remnant in temporary.iterdir():
        remnant.unlink()
    return outcome, found, data


def _files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


@dataclass
class Tally:
    """What became of the cases of one kind."""

    codes: Counter[int] = field(default_factory=Counter)
    fell: list[int] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count a case."""
        self.codes[outcome.code] += 1
        self.seconds = max(self.seconds, outcome.seconds)
        self.megabytes = max(self.megabytes, outcome.megabytes)

    def row(self, name: str) -> tuple[str, ...]:
        """As a row of the table."""
        ended = (self.codes[code] for code in (0, 1, 2))
        fell = ", ".join(map(str, self.fell)) or "none"
        bounds = f"{self.seconds:.1f}", f"{self.megabytes:.0f}"
        return name, *map(str, (self.codes.total(), *ended)), fell, *bounds


_COLUMNS = ("kind", "cases", "exit 0", "exit 1", "exit 2", "seeds that fell", "most s", "most MB")


def fuzz(
    minutes: float,
    seeds: Sequence[int] = (),
    only: Sequence[str] = (),
    keep: Path | None = None,
    page: Path | None = None,
) -> int:
    """Try all kinds with each of the seeds, or with drawn ones until the time is over.

    Prints each case that fell with the command that repeats it, and a table in the end.

    Args:
        keep: folder for the files that fell.
        page: file for the table.

    Returns:
        how many fell.
    """
    tallies = {name: Tally() for name in only or KINDS}
    until = time.monotonic() + 60 * minutes
    drawn = seeds or iter(lambda: secrets.randbelow(1 << 31), None)
    with tempfile.TemporaryDirectory() as temporary, Worker(Path(temporary)) as worker:
        with suppress(KeyboardInterrupt):
            for seed in drawn:
                for name, tally in tallies.items():
                    if not seeds and time.monotonic() > until:
                        raise KeyboardInterrupt
                    outcome, found, data = try_case(worker, name, seed, Path(temporary))
                    tally.add(outcome)
                    if found:
                        tally.fell.append(seed)
                        say(f"{name} {seed}: {'; '.join(found)}")
                        say(f"  python -m benchmarks fuzz --only {shlex.quote(name)} --seed {seed}")
                    if found and keep is not None:
                        keep.mkdir(parents=True, exist_ok=True)
                        suffix = Path(KINDS[name].file).suffix
                        (keep / f"{name}-{seed}{suffix}").write_bytes(data)
    return _report(tallies, page)


def _report(tallies: dict[str, Tally], page: Path | None) -> int:
    """Show the table, and write it; returns how many cases fell."""
    rows = [tally.row(name) for name, tally in tallies.items()]
    n_cases = sum(tally.codes.total() for tally in tallies.values())
    n_fell = sum(len(tally.fell) for tally in tallies.values())
    summary = f"{n_cases} damaged or hostile inputs of {len(rows)} kinds: {n_fell} did harm."
    print_table(Table("", _COLUMNS, tuple(rows), 1, summary))
    if page is not None:
        made = provenance()
        lines = (
            "# Damaged and hostile inputs",
            f"Written by `python -m benchmarks fuzz` on {made['date']} ({made['source']}; "
            f"{made['machine']}; {made['software']}); not edited by hand. {summary} Harm is a "
            f"traceback, another exit code than 0, 1 and 2, more than 20 s or "
            f"{MOST_MEGABYTES:.0f} MB, a file that nobody asked for, or a name that a terminal, "
            f"a spreadsheet or a browser would obey.",
            markdown(_COLUMNS, rows),
        )
        write_atomically(page, "\n\n".join(lines) + "\n")
        say(f"wrote {page}")
    return n_fell
