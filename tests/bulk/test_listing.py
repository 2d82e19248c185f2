"""Inputs of jobs of millions: folders, patterns, lists and archives, lazily."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import fsspec
import pytest

from aeolia.bulk.listing import Found, Source
from aeolia.errors import InputError
from made.stores import Vast, register

ENDINGS = (".wav", ".flac")


def names(uri: str | Path) -> list[str]:
    return sorted(found.name for found in Source(str(uri), ENDINGS))


def test_a_folder_with_all_below_but_what_is_hidden_or_no_sound(recordings: Path) -> None:
    (recordings / "notes.txt").write_text("no sound")
    (recordings / ".hidden.wav").write_bytes((recordings / "a.wav").read_bytes())
    (recordings / ".partial").mkdir()
    (recordings / ".partial" / "e.wav").write_bytes((recordings / "a.wav").read_bytes())
    assert names(recordings) == ["a.wav", "b.flac", "deep/c.wav", "deep/er/d.wav"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["a.wav", "b.flac"]),
        ("*.wav", ["a.wav"]),
        ("[ab].*", ["a.wav", "b.flac"]),
        ("*/*.wav", ["deep/c.wav"]),
        ("**/*.wav", ["a.wav", "deep/c.wav", "deep/er/d.wav"]),
        ("**", ["a.wav", "b.flac", "deep/c.wav", "deep/er/d.wav"]),
    ],
)
def test_patterns_are_those_of_fsspec(
    recordings: Path, memory: Callable[[str], str], pattern: str, expected: list[str]
) -> None:
    assert names(recordings / pattern) == expected
    store = fsspec.filesystem("memory")
    store.put(str(recordings), memory("in"), recursive=True)
    assert names(f"{memory('in')}/{pattern}") == expected
    found = [path for path in store.glob(f"{memory('in')}/{pattern}") if store.isfile(path)]
    assert len(found) == len(expected)  # fsspec's own answer


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "take[1].wav").touch()
    assert names(tmp_path / "take[1].wav") == ["take[1].wav"]


def test_lists_are_read_line_by_line_with_names_of_their_own(recordings: Path) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = recordings / "list.txt"
    text.write_text(f"a.wav\n\ndeep/c.wav\nfile://{recordings}/b.flac\n")
    whole = str(recordings).strip("/")
    assert names(text) == sorted(f"{whole}/{name}" for name in ("a.wav", "b.flac", "deep/c.wav"))
    table = recordings / "list.csv"
    table.write_text("speaker,path,output\nx,a.wav,x/1.wav\ny,b.flac,\n")
    assert names(table) == sorted(["x/1.wav", f"{whole}/b.flac"])
    columns = {"uri": [f"{recordings}/a.wav"], "size": [5], "other": [None]}
    pq.write_table(pa.table(columns), recordings / "list.parquet")
    (found,) = Source(str(recordings / "list.parquet"), ENDINGS)
    assert (found.uri, found.size) == (f"file://{recordings}/a.wav", 5)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_list_without_a_column_of_uris_is_told_so(tmp_path: Path, kind: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / f"list.{kind}"
    if kind == "csv":
        path.write_text("speaker,seconds\nx,1\n")
    else:
        pq.write_table(pa.table({"speaker": ["x"], "seconds": [1]}), path)
    with pytest.raises(InputError, match="one must be called input"):
        list(Source(str(path), ENDINGS))


def test_members_of_archives_and_of_many_archives(recordings: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        with zipfile.ZipFile(tmp_path / f"s{number}.zip", "w") as archive:
            archive.write(recordings / "a.wav", "x/a.wav")
            archive.writestr("x/readme.md", "no sound")
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        tar.add(recordings / "deep", "deep")
    assert names(f"zip://::{tmp_path}/s1.zip") == ["s1.zip/x/a.wav"]
    assert names(f"zip://**/*.wav::{tmp_path}/s*.zip") == ["s1.zip/x/a.wav", "s2.zip/x/a.wav"]
    assert names(f"tar://deep/*.wav::{tmp_path}/t.tar") == ["t.tar/deep/c.wav"]


def test_names_that_lead_elsewhere_are_errors_of_their_own(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../evil.wav", "")
        archive.writestr("good.wav", "")
    found = {one.name: one.error for one in Source(f"zip://**::{tmp_path}/evil.zip", ENDINGS)}
    assert found.pop("evil.zip/good.wav") == ""
    assert all("rename it" in error for error in found.values())


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_an_error_of_its_own(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")).touch()
    (found,) = Source(str(tmp_path), ENDINGS)
    assert "not UTF-8" in found.error


def test_no_more_is_listed_than_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    monkeypatch.setattr(Vast, "n_folders", 1000)
    monkeypatch.setattr(Vast, "listed", 0)
    found = list(islice(Source("vast://bucket", ENDINGS), 250))
    assert len({one.uri for one in found}) == 250
    assert all(isinstance(one, Found) and one.version for one in found)
    assert Vast.listed == 3  # folders of 100


@pytest.mark.parametrize(
    ("uri", "match"),
    [
        ("no/such/folder", "nothing is there"),
        ("webhdf://bucket/x.wav", "no store is called .webhdf.; did you mean webhdfs://"),
        ("zip://a.wav", "of which archive"),
        ("ftp://me:secret@host/x.wav", r"ftp://\.\.\.@host/x.wav: a password came"),
        ("shut://bucket", "no permission"),
    ],
)
def test_what_cannot_be_listed_is_said_in_words(uri: str, match: str) -> None:
    register()
    with pytest.raises(InputError, match=match):
        list(Source(uri, ENDINGS))


def test_a_row_that_cannot_be_is_an_error_of_its_own(recordings: Path) -> None:
    """And none of the others'; a password in it is not repeated."""
    rows = ["a.wav,", "a.wav,12", "b.flac,abc", "b.flac,-5", "zip://x,", "ftp://me:secret@h/x,3.0"]
    (recordings / "list.csv").write_text("\n".join(["input,size", *rows]))
    found = list(Source(str(recordings / "list.csv"), ENDINGS))
    assert [one.size for one in found] == [(recordings / "a.wav").stat().st_size, 12, *[None] * 4]
    said = [one.error for one in found]
    assert said[:2] == ["", ""] and "its size in the list is 'abc'; bytes" in said[2]
    assert "is -5.0; bytes" in said[3] and "of which archive" in said[4]
    assert "a password came" in said[5] and "secret" not in repr(found[5])


def test_keys_that_are_no_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two slashes in a row are one; what would lead out of the output is as what is hidden."""
    register()
    keys = ["x//a.wav", "x/../../b.wav"]
    monkeypatch.setattr(Vast, "ls", lambda self, *_, **__: [self.info(f"bucket/{k}") for k in keys])
    (found,) = Source("vast://bucket", ENDINGS)
    assert (found.uri, found.name, found.error) == ("vast://bucket/x//a.wav", "x/a.wav", "")
