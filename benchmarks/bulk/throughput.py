"""Hours of audio that a core does in an hour, from the ledgers of small jobs of one worker."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bulk.recordings import rows, run, write_recordings

__all__ = ["measure"]

#: What to do -> sample rate of its files, and how many of them.
_JOBS: dict[str, tuple[list[str], int, int]] = {
    "denoise-16k, 16 kHz": (["denoise", "-m", "denoise-16k"], 16000, 10),
    "denoise-studio-16k, 16 kHz": (["denoise", "-m", "denoise-studio-16k"], 16000, 5),
    "denoise-studio, 48 kHz": (["denoise", "-m", "denoise-studio"], 48000, 2),
    "denoise, 48 kHz": (["denoise", "-m", "denoise"], 48000, 4),
    "separate --source speech, 44.1 kHz": (["separate", "--source", "speech"], 44100, 2),
}


def measure(seconds: float = 60.0) -> list[dict[str, Any]]:
    """A row for each kind of work."""
    import sys

    found = []
    for name, (command, rate, number) in _JOBS.items():
        with tempfile.TemporaryDirectory() as folder:
            top = Path(folder)
            source = write_recordings(top / "in", number, seconds, rate)
            places = ["-i", str(source), "-o", str(top / "out"), "-l", str(top / "l"), "-j", "1"]
            run([sys.executable, "-m", "aeolia", "bulk", *command, *places, "-q"])
            done = rows(top / "l")
        audio, work = (sum(row[key] for row in done) for key in ("seconds", "wall_seconds"))
        found.append({"work": name, "files": number, "seconds": seconds, "rate": audio / work})
    return found
