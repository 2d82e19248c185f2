"""What README shows is true: its marked examples run, its commands and options exist."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")
MATCHING = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def marked_blocks(language: str, text: str = README) -> list[str]:
    """Code blocks of a language that stand under `<!-- run -->`."""
    return re.findall(rf"<!-- run -->\n```{language}\n(.*?)```", text, re.DOTALL)


def shown_commands(*texts: str) -> list[list[str]]:
    """Every `aeolia ...` line of code blocks and every `aeolia ...` in running text, as words."""
    shown: dict[tuple[str, ...], None] = {}  # once each, in their order
    for text in texts:
        lines = re.findall(r"^(?:\$ )?(aeolia .*)$", text, re.MULTILINE)
        lines += re.findall(r"`(aeolia [^`]*)`", text)
        shown |= dict.fromkeys(tuple(shlex.split(line, comments=True)) for line in lines)
    return [list(words) for words in shown]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with examples/ in it and the `aeolia` command on the PATH."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    command = tmp_path / "bin" / "aeolia"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom aeolia.cli import main\nmain()\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python_examples(desk: Path) -> None:
    blocks = marked_blocks("pycon")
    assert blocks, "README has no marked Python example"
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README", None, 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=MATCHING)
    runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_shell_examples(desk: Path) -> None:
    steps = [
        (command, expected)
        for block in marked_blocks("console")
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
    import typer

    from aeolia.cli import app

    command = typer.main.get_command(app)
    for word in words[1:]:
        if getattr(command, "commands", None) is None or not re.fullmatch("[a-z].*", word):
            break
        assert word in command.commands, f"there is no command {' '.join(words)!r}"
        command = command.commands[word]
    # `aeolia listen-test FOLDER...` means its sub-command make.
    default = getattr(command, "default", None)
    if isinstance(default, str) and default in getattr(command, "commands", ()):
        command = command.commands[default]
    known = {option for parameter in command.params for option in parameter.opts} | {"-h", "--help"}
    shown = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert shown <= known, f"{' '.join(words)!r}: no option {', '.join(sorted(shown - known))}"


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
    text = "\n".join(marked_blocks("pycon"))
    lines = [line for block in examples for line in block.splitlines()]
    assert lines and [line for line in lines if line not in text.splitlines()] == []
    extras = r"^pip install '\.\[(\w+)\]'"
    assert set(re.findall(extras, CHINESE, re.M)) == set(re.findall(extras, README, re.M))
