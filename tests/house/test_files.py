"""Files and folders are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeolia.files import new_folder, partial_path, write_atomically, writing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "notes.txt"
    with writing(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        assert partial.suffix == ".txt" and partial.name.startswith(".notes.partial-")
        partial.write_text("whole")
    assert path.read_text() == "whole"
    assert names(path.parent) == ["notes.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_alone(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")
    with pytest.raises(error), writing(path) as partial:
        partial.write_bytes(b"new")
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


def test_what_cannot_be_written_is_the_systems_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        write_atomically(tmp_path / "file" / "below.txt", b"")
    assert names(tmp_path) == ["file"]


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
