"""A file that is replaced hands on its mode and owner; a private input makes a private output."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from aeolia.files import write_atomically, writing

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def made(path: Path, bits: int) -> Path:
    path.write_text("")
    path.chmod(bits)
    return path


def test_a_new_file_is_as_others_are(tmp_path: Path) -> None:
    write_atomically(tmp_path / "out", b"")
    assert mode(tmp_path / "out") == 0o644
    os.umask(0o027)
    write_atomically(tmp_path / "less", b"")
    assert mode(tmp_path / "less") == 0o640


@pytest.mark.parametrize("bits", [0o600, 0o640, 0o664, 0o604, 0o755, 0o400])
def test_a_replaced_file_keeps_its_mode(tmp_path: Path, bits: int) -> None:
    path = made(tmp_path / "out", bits)
    with writing(path, inputs=[made(tmp_path / "in", 0o644)]) as file:
        assert mode(file.partial) == 0o600  # until it is clear who may read it
        file.write(b"new")
    assert mode(path) == bits and path.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("bits", "expected"), [(0o644, 0o644), (0o600, 0o600), (0o400, 0o600), (0o640, 0o640)]
)
def test_a_private_input_makes_a_private_output(tmp_path: Path, bits: int, expected: int) -> None:
    inputs = [made(tmp_path / "public", 0o644), made(tmp_path / "in", bits)]
    # A new file's group is the folder's or the process's; the input has the same here.
    os.chown(inputs[1], -1, made(tmp_path / "own", 0o600).stat().st_gid)
    with writing(tmp_path / "out", inputs=inputs) as file:
        assert mode(file.partial) == expected
    assert mode(tmp_path / "out") == expected


def test_what_one_group_may_read_is_not_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = made(tmp_path / "in", 0o640)
    known = os.stat(source)
    other = os.stat_result((*known[:5], known.st_gid + 1, *known[6:]))
    monkeypatch.setattr("aeolia.files.permissions.facts", lambda path: other)
    write_atomically(tmp_path / "out", b"", inputs=[source])
    monkeypatch.undo()
    assert mode(tmp_path / "out") == 0o600


def test_inputs_that_are_no_files_say_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    inputs = [tmp_path / "pipe", tmp_path / "none", "standard input", "a\0b", tmp_path]
    write_atomically(tmp_path / "out", b"", inputs=inputs)
    assert mode(tmp_path / "out") == 0o644


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_stays(tmp_path: Path) -> None:
    path = made(tmp_path / "out", 0o640)
    try:
        os.chown(path, 1234, 5678)
    except OSError:
        pytest.skip("a root without power")
    write_atomically(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (1234, 5678, 0o640)


def test_where_the_group_cannot_stay_another_gets_what_all_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = made(tmp_path / "out", 0o664)
    known = os.stat(path)
    other = os.stat_result((*known[:5], known.st_gid + 1, *known[6:]))
    monkeypatch.setattr("aeolia.files.pending.facts", lambda path: other)
    monkeypatch.setattr(os, "chown", refuse)
    write_atomically(path, b"new")
    monkeypatch.undo()
    assert mode(path) == 0o644
