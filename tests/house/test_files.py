"""Files and folders are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeolia.errors import DataError
from aeolia.files import (
    new_folder,
    partial_path,
    read_limited,
    read_rows,
    read_text,
    write_atomically,
    writing,
)


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


def test_reading_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.voice"
    path.write_bytes(b"12345")
    assert read_limited(path, "voice", 5, DataError) == b"12345"
    with pytest.raises(DataError, match="a.voice: more than 0 MB, too large for a voice"):
        read_limited(path, "voice", 4, DataError)
    with pytest.raises(DataError, match="more than 1 MB"):  # has no end
        read_limited("/dev/zero", "voice", 1 << 20, DataError)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "none: no such voice; check the path"),
        (".", "a folder; name a voice in it"),
        ("a\0b", "'.*a.x00b': cannot be the name of a file; name a voice"),
        ("n" * 300, "cannot be opened .File name too long"),
        ("loop", "cannot be opened .Too many levels of symbolic links"),
        ("latin", "latin: no text in UTF-8; name a voice"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "latin").write_bytes(b"\xe4")
    with pytest.raises(DataError, match=message) as caught:
        read_text(f"{tmp_path}/{name}", "voice", DataError)
    assert "\n" not in str(caught.value)


def test_rows_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfname,note\r\n"a, b",1\nshort\nlong,2,3,4\n')
    assert read_rows(path, "table", DataError) == (
        ["name", "note"],
        [
            {"name": "a, b", "note": "1"},
            {"name": "short", "note": ""},
            {"name": "long", "note": "2"},
        ],
    )
    path.write_bytes(b"")
    assert read_rows(path, "table", DataError) == ([], [])
    path.write_text("name\n" + "x" * 200_000)
    with pytest.raises(DataError, match="a.csv line .: not CSV .field larger.*name a table"):
        read_rows(path, "table", DataError)
