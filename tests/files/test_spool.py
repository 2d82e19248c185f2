"""Spools: for this process alone, gone with it, and full disks said in words."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from aeolia.errors import InputError
from aeolia.files import Spool
from aeolia.files.leftovers import remove_dead
from made.full_disk import file_size_limit, tiny_disk

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("named", [False, True])
def test_what_is_written_is_read(temporary: Path, named: bool) -> None:
    with Spool(named=named) as spool:
        spool.write(b"one")
        spool.write(b"two")
        assert spool.tell() == 6
        spool.rewind()
        assert (spool.read(4), spool.read(4), spool.read(4)) == (b"onet", b"wo", b"")
        if named:
            assert spool.path.read_bytes() == b"onetwo"
            if os.name == "posix":
                assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("disk", ["limit", "tiny"])
def test_a_full_temporary_folder(
    temporary: Path, named: bool, disk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary / "disk"
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    if disk == "limit":
        folder.mkdir()
    with tiny_disk(folder, 50_000) if disk == "tiny" else file_size_limit(50_000):
        with pytest.raises(InputError, match="the temporary folder .*disk cannot be written .*TMP"):
            with Spool(named=named) as spool:
                for _ in range(20):
                    spool.write(bytes(5_000))
                spool.flush()
        assert not list(folder.iterdir())


def test_no_temporary_folder(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "none"))
    for named in (False, True):
        with pytest.raises(InputError, match="cannot be written"):
            Spool(named=named)


@pytest.mark.skipif(os.name != "posix", reason="kills of POSIX")
def test_a_killed_process_leaves_nothing_for_long(temporary: Path) -> None:
    code = "from aeolia.files import Spool; spool = Spool(named=True); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(list(temporary.iterdir())) == 1
    remove_dead.cache_clear()
    Spool(named=True).close()
    assert not list(temporary.iterdir())
