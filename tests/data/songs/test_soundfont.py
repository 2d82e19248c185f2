"""Soundfonts: what they say of themselves, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeolia.data.songs.soundfont import read_soundfont
from aeolia.errors import DataError
from made.tiny_soundfont import write_soundfont


def test_name_rights_and_instruments(tmp_path: Path) -> None:
    found = read_soundfont(write_soundfont(tmp_path / "a.sf2", (0, 33), rights="Public domain"))
    assert (found.name, found.rights) == ("Tiny", "Public domain")
    assert found.has(33) and found.has(0, is_drum_kit=True)
    assert not found.has(34) and not found.has(33, is_drum_kit=True)


@pytest.mark.parametrize("keep", [0, 11, 40, 300])
def test_what_is_no_soundfont_is_refused(tmp_path: Path, keep: int) -> None:
    path = write_soundfont(tmp_path / "a.sf2")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="no soundfont"):
        read_soundfont(path)


def test_a_missing_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone.sf2"):
        read_soundfont(tmp_path / "gone.sf2")
