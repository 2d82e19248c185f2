"""What shells and terminals leave to us: help, completion, encodings of output, patterns."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import app, run
from aeolia.cli.groups import GROUPS
from aeolia.cli.shell import expand_patterns

SOURCE = Path(__file__).parents[2] / "src"


def aeolia(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "aeolia", *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True,
        timeout=60,
    )


def test_help_shows_every_command_in_one_group(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    commands += [group.name for group in app.registered_groups]
    assert sorted(commands) == sorted(name for names in GROUPS.values() for name in names)
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    listed = re.findall(r"^  ([a-z][a-z-]+)  +[A-Z]", shown, re.MULTILINE)
    assert listed == [name for names in GROUPS.values() for name in names]
    assert [line for line in GROUPS if f"\n{line}:\n" in shown] == list(GROUPS)


@pytest.mark.parametrize("command", [[], ["denoise"], ["models", "show"], ["train", "denoise"]])
def test_h_is_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    expected = capsys.readouterr().out
    assert run([*command, "-h"]) == 0
    assert capsys.readouterr().out == expected != ""


@pytest.mark.parametrize(
    ("words", "expected"), [("aeolia den", "denoise"), ("aeolia denoise --rec", "--recursive")]
)
def test_shells_complete(words: str, expected: str) -> None:
    done = aeolia(
        COMP_WORDS=words, COMP_CWORD=str(words.count(" ")), _AEOLIA_COMPLETE="complete_bash"
    )
    assert done.stdout.decode().split() == [expected]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_names_that_the_output_cannot_encode(
    encoding: str, gain_model: Path, tmp_path: Path
) -> None:
    name = "第1集"
    soundfile.write(tmp_path / f"{name}.flac", np.zeros(1600), 16000)
    path = str(tmp_path / f"{name}.flac")
    options = ["--model", str(gain_model)]
    done = aeolia("denoise", path, *options, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u7b2c1\u96c6.flac -> " in done.stdout
    assert (tmp_path / f"{name}.denoised.flac").exists()
    again = aeolia("denoise", path, *options, PYTHONIOENCODING=encoding)
    assert again.returncode == 2 and again.stderr.startswith(b"aeolia: ")
    assert rb"\u7b2c1\u96c6" in again.stderr and again.stderr.count(b"\n") == 1


def test_tables_that_the_output_cannot_encode() -> None:
    """rich's, too, and the signs in the text of cards and recipes."""
    for command in (
        ["models"],
        ["models", "show", "notes"],
        ["recipes"],
        ["recipes", "show", "denoise"],
    ):
        done = aeolia(*command, PYTHONIOENCODING="cp1252")
        assert (done.returncode, done.stderr) == (0, b""), command
        assert done.stdout.decode("cp1252")


def test_patterns_are_expanded_where_no_shell_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.mp3", "a.mp3", "c.wav", "take[1].wav"):
        Path(name).touch()
    given = ["denoise", "*.mp3", "take[1].wav", "*.ogg", "-o", "clean/"]
    expected = ["denoise", "a.mp3", "b.mp3", "take[1].wav", "*.ogg", "-o", "clean/"]
    assert expand_patterns(given, system="nt") == expected
    assert expand_patterns(given, system="posix") == given
