"""Planning of inputs and outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeolia.bulk.plan import Job, plan
from aeolia.errors import InputError

SUFFIXES = (".wav", ".flac")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.wav", "in/b.WAV", "in/notes.txt", "in/.hidden.wav", "in/deep/er/c.flac"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    return tmp_path


def pairs(jobs: list[Job]) -> list[tuple[str, str]]:
    return [(job.source, job.target) for job in jobs]


def test_one_file(tree: Path) -> None:
    assert pairs(plan(["a.wav"], None, suffixes=SUFFIXES)) == [("a.wav", "a.denoised.wav")]
    assert pairs(plan(["a.wav"], "b.flac", suffixes=SUFFIXES)) == [("a.wav", "b.flac")]
    assert pairs(plan(["a.wav"], "new/", suffixes=SUFFIXES)) == [("a.wav", "new/a.wav")]
    assert pairs(plan(["a.wav"], "in", suffixes=SUFFIXES)) == [("a.wav", "in/a.wav")]
    assert pairs(plan(["a.wav"], "-", suffixes=SUFFIXES)) == [("a.wav", "-")]


def test_folders(tree: Path) -> None:
    assert pairs(plan(["in"], "out", suffixes=SUFFIXES)) == [("in/b.WAV", "out/b.WAV")]
    assert pairs(plan(["in", "a.wav"], "out", suffixes=SUFFIXES, recursive=True)) == [
        ("in/b.WAV", "out/b.WAV"),
        ("in/deep/er/c.flac", "out/deep/er/c.flac"),
        ("a.wav", "out/a.wav"),
    ]
    assert pairs(plan(["in"], None, suffixes=SUFFIXES)) == [("in/b.WAV", "in/b.denoised.WAV")]


def test_results_of_an_earlier_run_are_no_inputs(tree: Path) -> None:
    Path("in/b.denoised.wav").touch()
    Path("in/out").mkdir()
    Path("in/out/b.WAV").touch()
    assert len(plan(["in"], None, suffixes=SUFFIXES)) == 1
    assert pairs(plan(["in"], "in/out", suffixes=SUFFIXES, recursive=True)) == [
        ("in/b.WAV", "in/out/b.WAV"),
        ("in/b.denoised.wav", "in/out/b.denoised.wav"),
        ("in/deep/er/c.flac", "in/out/deep/er/c.flac"),
    ]


def test_pipes(tree: Path) -> None:
    assert pairs(plan(["-"], None, suffixes=SUFFIXES)) == [("-", "-")]
    assert pairs(plan(["-"], "x.wav", suffixes=SUFFIXES)) == [("-", "x.wav")]
    with pytest.raises(InputError, match="with other inputs"):
        plan(["-", "a.wav"], None, suffixes=SUFFIXES)
    with pytest.raises(InputError, match="is a folder; name a file"):
        plan(["-"], "in", suffixes=SUFFIXES)
    with pytest.raises(InputError, match="takes one input"):
        plan(["a.wav", "in"], "-", suffixes=SUFFIXES)


def test_folder_without_audio(tree: Path) -> None:
    (job,) = plan(["in/deep"], "out", suffixes=SUFFIXES)
    assert "folder without audio files (.wav .flac); add --recursive" in str(job.error)
    Path("empty").mkdir()
    (job,) = plan(["empty"], None, suffixes=SUFFIXES, recursive=True)
    assert "name another folder" in str(job.error)


def test_outputs_that_collide(tree: Path) -> None:
    Path("deep").mkdir()
    Path("deep/a.wav").touch()
    with pytest.raises(InputError, match="a.wav and deep/a.wav would both become out/a.wav"):
        plan(["a.wav", "deep/a.wav"], "out", suffixes=SUFFIXES)
    with pytest.raises(InputError, match="is a file, and a folder is needed"):
        plan(["a.wav", "in"], "a.wav", suffixes=SUFFIXES)


def test_what_is_only_read_becomes_what_can_be_written(tree: Path) -> None:
    Path("phone").mkdir()
    for name in ("memo.amr", "memo.wav", "call.AMR", "clip.avi", "song.m4a", "talk.aac", "x.3gp"):
        Path("phone", name).touch()
    suffixes = (".amr", ".wav", ".avi", ".m4a", ".aac", ".3gp")
    assert pairs(plan(["phone"], "out", suffixes=suffixes)) == [
        ("phone/call.AMR", "out/call.wav"),
        ("phone/clip.avi", "out/clip.mkv"),
        ("phone/memo.amr", "out/memo.amr.wav"),
        ("phone/memo.wav", "out/memo.wav"),
        ("phone/song.m4a", "out/song.m4a"),
        ("phone/talk.aac", "out/talk.m4a"),
        ("phone/x.3gp", "out/x.3gp"),
    ]
    assert pairs(plan(["phone/call.AMR"], None)) == [("phone/call.AMR", "phone/call.denoised.wav")]
    assert pairs(plan(["phone/call.AMR"], "x.flac")) == [("phone/call.AMR", "x.flac")]
