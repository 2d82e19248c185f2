"""Files and folders are whole or not there."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aeolia.errors import DataError, InputError
from aeolia.files import PendingFile, new_folder, write_atomically, writing
from aeolia.files.leftovers import partial_path
from made.full_disk import file_size_limit, tiny_disk

SOURCE = Path(__file__).parents[2] / "src"

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "notes.txt"
    with writing(path) as file:
        file.write(b"half")
        assert not path.exists()
        assert file.partial.suffix == ".txt" and file.partial.name.startswith(".notes.partial-")
        file.seek(0)
        file.write(b"whole")
    assert path.read_text() == "whole"
    assert names(path.parent) == ["notes.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_alone(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")
    with pytest.raises(error), writing(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_text_is_utf8(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.txt", "降噪")
    assert (tmp_path / "a.txt").read_bytes() == "降噪".encode()


def test_names_are_short_enough_and_never_the_same(tmp_path: Path) -> None:
    path = tmp_path / ("å" * 120 + ".flac")
    partial = partial_path(path)
    assert len(partial.name.encode()) <= 255 and partial.suffix == ".flac"
    assert partial != partial_path(path)
    write_atomically(path, b"")
    with writing(path):
        assert len(names(tmp_path)) == 3  # with the lock, whose name is as short
    assert names(tmp_path) == [path.name]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"below.txt: cannot be written \(.*\); choose another"):
        write_atomically(tmp_path / "file" / "below.txt", b"", error=DataError)
    assert names(tmp_path) == ["file"]


def test_what_is_planted_at_a_partials_name_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can guess the name; if someone could, the file would still be a new one."""
    (tmp_path / "treasure").write_text("treasure")
    planted = tmp_path / ".planted"
    planted.symlink_to("treasure")
    monkeypatch.setattr("aeolia.files.leftovers.partial_path", lambda path: planted)
    with pytest.raises(InputError, match="cannot be written"):
        write_atomically(tmp_path / "out", b"rubbish")
    assert (tmp_path / "treasure").read_text() == "treasure"


@posix
def test_a_planted_lock_is_not_followed(tmp_path: Path) -> None:
    with writing(tmp_path / "out"):
        (lock,) = (name for name in names(tmp_path) if ".lock-" in name)
    (tmp_path / "treasure").write_text("treasure")
    (tmp_path / lock).symlink_to("treasure")
    with pytest.raises(InputError, match="cannot be written"), writing(tmp_path / "out"):
        raise AssertionError("never reached")
    assert names(tmp_path) == [lock, "out", "treasure"]


# Several with one output


def test_only_one_writes_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with writing(path) as first:
        first.write(b"first")
        with pytest.raises(InputError, match="out: another process is writing there; wait"):
            PendingFile(path)
        with writing(tmp_path / "other") as other:  # another path is free
            other.write(b"other")
    assert path.read_bytes() == b"first"
    write_atomically(path, b"again")
    assert names(tmp_path) == ["other", "out"]


def test_a_file_that_came_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(InputError, match="out: came there while it was made"):
        with writing(path, overwrite=False) as file:
            file.write(b"ours")
            path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("there", [False, True])
def test_file_systems_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "out"
    if there:
        path.write_bytes(b"theirs")
        with pytest.raises(InputError, match="came there"):
            write_atomically(path, b"ours", overwrite=False)
    else:
        write_atomically(path, b"ours", overwrite=False)
    assert path.read_bytes() == (b"theirs" if there else b"ours")
    assert names(tmp_path) == ["out"]


# Full disks


@pytest.fixture(params=["limit", "disk"])
def nearly_full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder in which no file of 200 kB can be written."""
    if request.param == "limit":
        with file_size_limit(100_000):
            yield tmp_path
    else:
        with tiny_disk(tmp_path / "disk", 100_000):
            yield tmp_path / "disk"


def test_a_full_disk(nearly_full: Path) -> None:
    path = nearly_full / "out"
    write_atomically(path, b"old")
    with pytest.raises(InputError, match="out: cannot be written .*MB are free there.; free some"):
        write_atomically(path, bytes(200_000))
    assert path.read_bytes() == b"old"
    assert names(nearly_full) == ["out"]


# The end of a process


CODE = """
import sys
from aeolia.files import PendingFile
file = PendingFile(sys.argv[1])
file.write(b"half")
sys.exit(130)
"""


def test_what_nobody_discards_goes_with_the_process(tmp_path: Path) -> None:
    """Such as where a second Ctrl-C came while the first one's files were removed."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, tmp_path / "out"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.PIPE,
    )
    assert (done.returncode, done.stderr) == (130, b"")
    assert names(tmp_path) == []


@posix
def test_a_fork_leaves_its_parents_file_alone(tmp_path: Path) -> None:
    with writing(tmp_path / "out") as file:
        file.write(b"whole")
        child = os.fork()
        if not child:
            file.discard()
            os._exit(0)
        os.waitpid(child, 0)
    assert (tmp_path / "out").read_bytes() == b"whole"


# Folders


def test_a_folder_appears_when_complete(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()  # an empty one may be there
    with new_folder(out) as partial:
        (partial / "a").write_text("a")
        assert names(out) == []
    assert names(out) == ["a"] and names(tmp_path) == ["out"]


def test_a_folder_that_fails_vanishes(tmp_path: Path) -> None:
    with pytest.raises(ValueError), new_folder(tmp_path / "out") as partial:
        (partial / "a").write_text("a")
        raise ValueError
    assert names(tmp_path) == []


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(FileExistsError), new_folder(tmp_path / "out"):
        raise AssertionError("never reached")
    assert names(tmp_path / "out") == ["mine"]


def test_only_one_fills_a_folder(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out"):
        with pytest.raises(InputError, match="another process"), new_folder(tmp_path / "out"):
            raise AssertionError("never reached")
    with pytest.raises(OSError), new_folder(tmp_path / "shared", exclusive=False) as first:
        with new_folder(tmp_path / "shared", exclusive=False) as second:
            (second / "a").write_text("second")
        (first / "a").write_text("first")
    assert (tmp_path / "shared" / "a").read_text() == "second"
    assert names(tmp_path) == ["out", "shared"]
