"""A recording of ten hours beside short ones: memory of its worker, and what happens meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks import say
from benchmarks.bulk.recordings import bulk, environment, rows, write_recordings

__all__ = ["measure"]

_RATE = 16000
_LONG = "long.wav"
#: Command lines of workers begin so, or hold that.
_ACTOR, _SPAWNED = "ray::_StationActor", "multiprocessing.spawn"
_EARLY = 0.1


def measure(
    hours: float = 10.0, number: int = 100, engines: tuple[str, ...] = ("local", "ray")
) -> list[dict[str, Any]]:
    """A job of two workers over the short ones alone, and with the long one, by each engine."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        source = write_recordings(top / "in", number, 10.0)
        alone = {engine: _job(top, engine)["megabytes"] for engine in engines}
        _write_long(source / _LONG, hours)
        for engine in engines:
            row = {"engine": engine, "hours": hours, "number": number, "alone": alone[engine]}
            found.append({**row, **_job(top, engine)})
            say(str(found[-1]))
    return found


def _write_long(path: Path, hours: float) -> None:
    """Noise and a tone, minute by minute."""
    rng = np.random.default_rng(0)
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(60 * _RATE) / _RATE)
    with soundfile.SoundFile(path, "w", _RATE, 1) as file:
        for _ in range(round(60 * hours)):
            file.write(tone + 0.05 * rng.standard_normal(len(tone)))


def _job(top: Path, engine: str) -> dict[str, Any]:
    for name in ("out", "ledger"):
        shutil.rmtree(top / name, ignore_errors=True)
    places = ["-i", str(top / "in"), "-o", str(top / "out"), "-l", str(top / "ledger")]
    command = bulk(*places, "--engine", engine, "--workers", "2")
    began, samples, named = time.time(), list[tuple[float, float]](), False
    job = subprocess.Popen(command, env=environment())
    while job.poll() is None:
        samples.append((time.time() - began, _peak_megabytes(engine, job.pid)))
        named = named or _is_named(top / "ledger")
        time.sleep(1.0)
    if job.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {job.returncode}")
    done = {Path(row["input"]).name: row for row in rows(top / "ledger")}
    ends = {name: row["finished"].timestamp() - began for name, row in done.items()}
    result: dict[str, Any] = {"megabytes": max(peak for _, peak in samples)}
    if _LONG in done:
        long = done.pop(_LONG)
        begin = ends[_LONG] - long["wall_seconds"]
        early = begin + _EARLY * long["wall_seconds"]
        result |= {
            "early": max(peak for at, peak in samples if at <= max(early, samples[0][0])),
            "short_done": max(ends[name] for name in done),
            "long_done": ends[_LONG],
            "rate": long["seconds"] / long["wall_seconds"],
            "in_status": named,
            "in_report": _overview(top / "ledger").slowest[0][0].endswith(_LONG),
        }
    return result


def _is_named(ledger: Path) -> bool:
    """Whether `aeolia bulk status` says that the long one is in work, first of all."""
    if not (ledger / "state.json").exists():
        return False
    in_work = _overview(ledger).in_work
    return bool(in_work) and in_work[0][0].endswith(_LONG)


def _overview(ledger: Path) -> Any:
    from aeolia.bulk.overview import overview

    return overview(str(ledger))


def _peak_megabytes(engine: str, driver: int) -> float:
    """The largest resident memory that one of the workers had so far."""
    peaks = [0.0]
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            lines = (entry / "status").read_text().splitlines()
        except OSError:
            continue
        status = dict(line.split(":", 1) for line in lines)
        ours = command.startswith(_ACTOR) if engine == "ray" else _SPAWNED in command
        if ours and (engine == "ray" or int(status["PPid"]) == driver) and "VmHWM" in status:
            peaks.append(int(status["VmHWM"].split()[0]) / 1024)
    return max(peaks)
