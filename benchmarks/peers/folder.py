"""Which of the peers can be run from a user's folder."""

from __future__ import annotations

import sys
from pathlib import Path

from aeolia.errors import DataError
from benchmarks.peers.libraries import (
    FastEnhancerBase,
    FastEnhancerSmall,
    FastEnhancerTiny,
    NoiseReduce,
    Rnnoise01,
    Rnnoise02,
    WebRtc,
)
from benchmarks.peers.networks import DeepFilterNet3, Dpcrn, Dtln, Gtcrn, Nsnet2, UlUnas
from benchmarks.peers.peer import Peer
from benchmarks.peers.wheels import DeepFilterNet3Library, Hush

__all__ = ["find_peers"]

PEERS: tuple[type[Peer], ...] = (
    Rnnoise01,
    Rnnoise02,
    Nsnet2,
    Gtcrn,
    Dtln,
    UlUnas,
    DeepFilterNet3,
    DeepFilterNet3Library,
    Dpcrn,
    Hush,
    FastEnhancerTiny,
    FastEnhancerBase,
    FastEnhancerSmall,
    WebRtc,
    NoiseReduce,
)


def find_peers(folder: Path) -> tuple[list[Peer], list[str]]:
    """The peers whose files are in `folder`, and a line for each one that is missing.

    `folder/packages` may hold Python packages installed there; it is searched after the
    environment's own.

    Raises:
        DataError: no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; benchmarks/README.md says what peers it may hold")
    packages = str((folder / "packages").resolve())
    if packages not in sys.path:
        sys.path.append(packages)
    found: list[Peer] = []
    missing: list[str] = []
    for kind in PEERS:
        absent = [file for file in kind.files if not (folder / file).is_file()]
        if absent:
            missing.append(f"{kind.name}: {', '.join(absent)} not in {folder.name}")
            continue
        try:
            found.append(kind(folder))
        except (ImportError, OSError) as error:
            missing.append(f"{kind.name}: {error}")
    return found, missing
