"""Small files are read whole, bounded, with errors in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeolia.errors import DataError
from aeolia.files import read_limited, read_rows, read_text


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


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_as_spreadsheets_write_them(tmp_path: Path, mark: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    lines = (("name", "note"), ("ä", "x"), ("b", ""))
    path.write_text("\n".join(map(mark.join, lines)), encoding)
    assert read_rows(path, "table", exact=True) == (
        ["name", "note"],
        [{"name": "ä", "note": "x"}, {"name": "b", "note": ""}],
    )
