"""aeolia train ... --resume: what it would ignore is refused, and moved recordings are known."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aeolia.cli import run
from made.recordings import voice_like, write
from made.tiny_training import make_recordings, write_config

Refused = Callable[..., str]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with speech/, noise/ and a run/ of two steps."""
    folder = tmp_path_factory.mktemp("resume")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AEOLIA_CACHE", str(folder / "cache"))
        speech, noise = make_recordings(folder / "sounds")
        small = write_config(folder / "tiny.json", steps=2, validation_clips=0)
        named = ["--speech", str(speech), "--noise", str(noise), "--config", str(small)]
        assert run(["train", "denoise", *named, "--out", str(folder / "run"), "--quiet"]) == 0
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run, beside a cache of decoded sound."""
    monkeypatch.setenv("AEOLIA_CACHE", str(begun / "cache"))
    shutil.copytree(begun / "run", tmp_path / "run")
    return tmp_path


def resume(folder: Path, *more: object) -> list[str]:
    out = ["--resume", "--quiet", "--out", str(folder / "run")]
    return ["train", "denoise", *out, *map(str, more)]


@pytest.fixture
def refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Resume with options that must be refused in one line, and change nothing; returns it."""

    def check(*more: object) -> str:
        before = {path.name: path.read_bytes() for path in (folder / "run").glob("*.*")}
        assert run(resume(folder, *more)) == 2
        said = capsys.readouterr().err
        assert said.startswith("aeolia: ") and said.count("\n") == 1
        assert {path.name: path.read_bytes() for path in (folder / "run").glob("*.*")} == before
        return said

    return check


def test_what_would_be_ignored_is_refused(begun: Path, folder: Path, refused: Refused) -> None:
    assert "begun with seed 0 in train, not 3" in refused("--seed", 3)
    assert "begun with batch_size 2 in train, not 4" in refused("--batch-size", 4)
    assert "--preset denoise-16k is for a run that begins" in refused("--preset", "denoise-16k")
    assert "--from denoise is for a run that begins" in refused("--from", "denoise")
    assert "--minutes 3.0 is for a run that begins" in refused("--minutes", 3)
    other = write_config(folder / "other.json", learning_rate=1e-4)
    assert "begun with learning_rate 0.003 in train, not 0.0001" in refused("--config", other)
    like = folder / "like.json"
    like.write_text('{"model": {"like": "denoise-16k"}}')
    assert "in model" in refused("--config", like)
    assert "no such config" in refused("--config", folder / "none.json")
    assert "none" in refused("--speech", folder / "none")
    assert "not those" in refused("--speech", begun / "sounds/noise")
    assert "not those" in refused("--rooms", begun / "sounds/noise")


def test_another_task_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(folder / "run")
    assert run(["train", "separate", "--resume", "--out", out]) == 2
    assert f"aeolia train denoise --resume --out {out}" in capsys.readouterr().err


def test_the_whole_command_once_more_goes_on(begun: Path, folder: Path) -> None:
    named = ["--speech", begun / "sounds/speech", "--noise", begun / "sounds/noise"]
    same = ["--config", begun / "tiny.json", "--seed", 0, "--batch-size", 2]
    assert run(resume(folder, *named, *same, "--steps", 3)) == 0
    assert json.loads((folder / "run/train.json").read_text())["train"]["steps"] == 3


def test_recordings_that_moved_are_named_anew(begun: Path, folder: Path, refused: Refused) -> None:
    shutil.copytree(begun / "sounds", folder / "moved")
    assert run(resume(folder, "--noise", folder / "moved/noise", "--steps", 3)) == 0
    data = json.loads((folder / "run/train.json").read_text())["data"]
    assert data["noise"] == str(folder / "moved/noise")
    assert data["speech"] == str(begun / "sounds/speech")
    # Others in their place are found out, without being named again.
    write(folder / "moved/noise/fan/fan.wav", voice_like(2.0, 16000, 100.0, seed=9), 16000)
    assert "the recordings are not those" in refused()


def test_a_run_that_noted_no_content_goes_on_where_its_recordings_are(
    begun: Path, folder: Path, refused: Refused
) -> None:
    path = folder / "run/train.json"
    settings = json.loads(path.read_text())
    del settings["data_hash"]
    path.write_text(json.dumps(settings))
    assert "earlier version" in refused("--noise", begun / "sounds/speech")
    assert run(resume(folder, "--steps", 3)) == 0
