"""A folder of short recordings, and stores for jobs of millions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aeolia import Denoise

#: What these tests are of is an extra.
EXTRA = "batches clouds crew job ledger listing ray ray_cluster s3 web".split()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if collection_path.stem.removeprefix("test_") in EXTRA:
        try:
            import fsspec  # noqa: F401
            import pyarrow  # noqa: F401
        except ImportError:
            return True
    return None


def write_recordings(folder: Path, names: list[str], seconds: float = 0.2) -> None:
    """Short noises at 16 kHz, each another one."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        length = int((seconds + 0.01 * number) * 16000)
        noise = 0.1 * np.random.default_rng(number).standard_normal(length)
        soundfile.write(path, noise, 16000)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """in/a.wav, in/b.flac, in/deep/c.wav, in/deep/er/d.wav"""
    write_recordings(tmp_path / "in", ["a.wav", "b.flac", "deep/c.wav", "deep/er/d.wav"])
    return tmp_path / "in"


@pytest.fixture
def operation(gain_model: Path) -> Denoise:
    """Halves what comes."""
    return Denoise(str(gain_model))


@pytest.fixture
def memory() -> Iterator[Callable[[str], str]]:
    """URIs in this process's memory, which no other test knows; jobs with them run here."""
    import fsspec

    top = f"memory://{uuid.uuid4().hex}"
    yield lambda name: f"{top}/{name}"
    fsspec.filesystem("memory").rm(top, recursive=True) if _there(top) else None


def _there(uri: str) -> bool:
    import fsspec

    return bool(fsspec.filesystem("memory").exists(uri))


@pytest.fixture
def rows() -> Callable[[str], dict[str, dict[str, Any]]]:
    """The latest row of each input of a ledger, by the input's name."""
    import fsspec
    import pyarrow.parquet as pq

    def read(ledger: str) -> dict[str, dict[str, Any]]:
        fs, path = fsspec.core.url_to_fs(ledger)
        found = {}
        for part in sorted(fs.ls(f"{path}/parts", detail=False)):
            with fs.open(part) as file:
                for row in pq.read_table(file).to_pylist():
                    found[row["input"].rpartition("/")[2]] = row
        return found

    return read
