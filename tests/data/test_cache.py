"""The cache: an entry is made once, is whole or not there, and is named by all it depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeolia.data.cache import cache_folder, cached, entry_name
from aeolia.errors import DataError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write(entry: Path) -> None:
    (entry / "x").write_text("made")


def fail(entry: Path) -> None:
    write(entry)
    raise OSError(28, "No space left on device")


def test_the_folder_follows_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == folder / "cache"
    monkeypatch.delenv("AEOLIA_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "aeolia"


def test_an_entry_is_made_once(folder: Path) -> None:
    assert (cached("a", write) / "x").read_text() == "made"
    assert cached("a", fail) == folder / "cache" / "a"


def test_what_fails_leaves_nothing(folder: Path) -> None:
    with pytest.raises(DataError, match="cannot write the cache .*No space left.*AEOLIA_CACHE"):
        cached("a", fail)
    assert list((folder / "cache").iterdir()) == []
    (folder / "cache").rmdir()
    (folder / "cache").touch()
    with pytest.raises(DataError, match="cannot write the cache"):
        cached("a", write)


def test_of_two_processes_the_first_counts(folder: Path) -> None:
    def build(entry: Path) -> None:
        write(cached("a", lambda other: (other / "first").touch() or write(other)))
        write(entry)

    assert {path.name for path in cached("a", build).iterdir()} == {"first", "x"}
    assert [path.name for path in (folder / "cache").iterdir()] == ["a"]


def test_the_name_changes_with_everything(folder: Path) -> None:
    one = folder / "one"
    one.write_text("1")

    def name(settings: str = "s", facts: str = "f", path: Path = one) -> str:
        return entry_name("kind", settings, [(str(path), facts)])

    first = name()
    assert first == name() and first.startswith("kind-")
    other = folder / "two"
    other.write_text("1")
    names = {first, name(settings="t"), name(facts="g"), name(path=other)}
    one.write_text("22")
    assert len(names | {name()}) == 5
    with pytest.raises(DataError, match="cannot read .*gone"):
        name(path=folder / "gone")
