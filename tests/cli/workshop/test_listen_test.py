"""`aeolia listen-test`: both ways to call it, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in with systems old, new and clean."""
    for number, name in enumerate(("old", "new", "clean")):
        (tmp_path / name).mkdir()
        noise = 0.1 * np.random.default_rng(number).standard_normal(8000)
        soundfile.write(tmp_path / name / "a.wav", noise, 16000)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["old", "new", "-o", "test"], "A/B test of old, new on 1 clip(s), 1 screen(s)"),
        (["-o", "test", "old", "new"], "A/B test of old, new"),
        (["make", "old", "new", "-o", "test"], "A/B test of old, new"),
        (["old", "new", "--reference", "clean", "-o", "test"], "MUSHRA test of old, new"),
    ],
)
def test_makes_a_page(
    folders: Path, capsys: pytest.CaptureFixture[str], words: list[str], printed: str
) -> None:
    assert run(["listen-test", *words]) == 0
    assert printed in capsys.readouterr().out
    assert (folders / "test" / "index.html").is_file()


def test_the_seed_reaches_the_page(folders: Path) -> None:
    assert run(["listen-test", "old", "new", "-o", "test", "--seed", "7"]) == 0
    assert '"seed": 7' in (folders / "test" / "index.html").read_text()


def test_remarks_are_printed(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(folders / "new" / "a.wav", np.zeros(8000), 16000)
    assert run(["listen-test", "old", "new", "-o", "test"]) == 0
    assert "a: new is silent there" in capsys.readouterr().out


def write_ratings(path: Path, rater: str, reference: float) -> None:
    lines = ["test,method,rater,trial,item,position,system,role,rating"]
    for trial in range(1, 4):
        start = f"t,mushra,{rater},{trial},clip{trial}"
        lines += [f"{start},A,clean,reference,{reference}", f"{start},B,ours,system,{60 + trial}"]
    path.write_text("\n".join(lines) + "\n")


def test_analyses_all_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ratings(tmp_path / "a.csv", "Ada", 100)
    write_ratings(tmp_path / "b.csv", "Bob", 50)
    files = sorted(str(path) for path in tmp_path.glob("*.csv"))
    assert run(["listen-test", "analyse", *files]) == 0
    printed = capsys.readouterr().out
    assert "62.0 ± 2.5" in printed and "clean (hidden reference)" in printed
    assert "Bob is left out: rated the hidden reference below 90 in 3 of 3 trials" in printed
    assert run(["listen-test", "analyse", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["systems"]["ours"]["rating"]["mean"] == 62
    assert list(found["excluded"]) == ["Bob"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["old", "-o", "test"], "only one system came, old"),
        (["old", "nowhere", "-o", "test"], "nowhere does not exist"),
        (["analyse", "nothing.csv"], "nothing.csv: no such export of ratings; check the path"),
        (["analyse", "old/a.wav"], "old/a.wav: no text in UTF-8; name an export of ratings"),
        (["old", "new"], "'--out'"),
        (["analyse"], "CSV"),
    ],
)
def test_mistakes_are_answered_in_words(
    folders: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(["listen-test", *words]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and "Traceback" not in captured.err
    assert not (folders / "test").exists()


def test_help_names_both_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["listen-test", "--help"]) == 0
    printed = capsys.readouterr().out
    assert "make" in printed and "analyse" in printed
