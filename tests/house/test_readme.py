"""What README shows is true: its marked examples run, its commands and options exist."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
from pathlib import Path

import pytest

from handbook.pages import english_pages
from made.documents import (
    MATCHING,
    ROOT,
    make_desk,
    marked_blocks,
    options_exist,
    shown_commands,
)

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with examples/ in it and the `aeolia` command on the PATH."""
    return make_desk(tmp_path, monkeypatch)


def test_python_examples(desk: Path) -> None:
    blocks = marked_blocks("pycon", README)
    assert blocks, "README has no marked Python example"
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README", None, 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=MATCHING)
    runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_shell_examples(desk: Path) -> None:
    steps = [
        (command, expected)
        for block in marked_blocks("console", README)
        for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]
    assert steps, "README has no marked shell example"
    for command, expected in steps:
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        printed = done.stdout + done.stderr
        assert done.returncode == 0, f"$ {command}\n{printed}"
        same = doctest.OutputChecker().check_output(expected, printed, MATCHING)
        assert same, f"$ {command}\n{printed}\nREADME says:\n{expected}"


@pytest.mark.parametrize("words", shown_commands(README, CHINESE), ids=" ".join)
def test_commands_and_options_exist(words: list[str]) -> None:
    options_exist(words)


def test_options_named_in_the_text_exist() -> None:
    import typer

    from aeolia.cli import app

    def options(command: object) -> set[str]:
        found = {opt for parameter in getattr(command, "params", ()) for opt in parameter.opts}
        for sub in getattr(command, "commands", {}).values():
            found |= options(sub)
        return found

    named = set(re.findall(r"`(--[a-z-]+)", README + CHINESE))
    assert named <= options(typer.main.get_command(app))


def test_files_that_readme_names_are_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README + CHINESE)
    assert links
    for link in [*links, "scripts/demo", "scripts/test"]:
        assert (ROOT / link).exists(), link
    for script in ("scripts/demo", "scripts/test"):
        assert os.access(ROOT / script, os.X_OK), f"{script} is not executable"


def test_the_chinese_readme_is_of_the_same_program() -> None:
    """The same commands in its table; its examples stand in README, where they run."""

    def table(text: str) -> list[str]:
        return re.findall(r"^\| (`aeolia .*?) \|", text, re.MULTILINE)

    assert table(CHINESE) == table(README) != []
    examples = marked_blocks("pycon", CHINESE)
    text = "\n".join(marked_blocks("pycon", README))
    lines = [line for block in examples for line in block.splitlines()]
    assert lines and [line for line in lines if line not in text.splitlines()] == []
    extras = r"^pip install '\.\[(\w+)\]'"
    assert set(re.findall(extras, CHINESE, re.M)) == set(re.findall(extras, README, re.M))


def test_no_index_is_promised() -> None:
    """Aeolia is on no package index yet: what is shown installs from a clone or a wheel."""
    for path in [ROOT / "README.md", ROOT / "README.zh.md", *english_pages()]:
        text = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"pip install '?aeolia", text), path
