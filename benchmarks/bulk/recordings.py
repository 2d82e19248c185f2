"""Recordings by rule, and what jobs made of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks import ROOT

__all__ = ["MODEL", "bulk", "contents", "environment", "rows", "run", "write_recordings"]

MODEL = "denoise-16k"


def write_recordings(folder: Path, number: int, seconds: float, sample_rate: int = 16000) -> Path:
    """Noisy hums of nearly equal length, each another one."""
    folder.mkdir(parents=True)
    for n in range(number):
        rng = np.random.default_rng(n)
        time = np.arange(int((seconds + 0.001 * (n % 100)) * sample_rate)) / sample_rate
        hum = 0.1 * np.sin(2 * np.pi * (100 + n % 50) * time)
        noise = 0.05 * rng.standard_normal(len(time))
        soundfile.write(folder / f"{n:05d}.wav", hum + noise, sample_rate)
    return folder


def environment(**more: str) -> dict[str, str]:
    """For programs that run from this checkout, one thread each."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    usual = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    return {**os.environ, **usual, **more}


def bulk(*arguments: str) -> list[str]:
    """The command line of a job."""
    return [sys.executable, "-m", "aeolia", "bulk", "denoise", "-m", MODEL, "-q", *arguments]


def run(command: list[str], **more: Any) -> str:
    """Run it; what it prints.

    Raises:
        RuntimeError: it failed.
    """
    usual: dict[str, Any] = {"env": environment(), "capture_output": True, "text": True}
    done = subprocess.run(command, **{**usual, **more})
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return str(done.stdout)


def rows(ledger: Path) -> list[dict[str, Any]]:
    """All rows of a ledger."""
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = []
    for part in sorted((ledger / "parts").iterdir()):
        found += pq.read_table(part).to_pylist()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}
