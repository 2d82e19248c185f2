"""Documents that show code: their marked blocks, and the commands that they name."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import stat
import sys
from pathlib import Path

import pytest

__all__ = ["MATCHING", "ROOT", "make_desk", "marked_blocks", "options_exist", "shown_commands"]

ROOT = Path(__file__).parents[2]
MATCHING = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def marked_blocks(language: str, text: str, mark: str = "run") -> list[str]:
    """Code blocks of a language that stand under `<!-- run -->`."""
    return re.findall(rf"<!-- {mark} -->\n```{language}\n(.*?)```", text, re.DOTALL)


def shown_commands(*texts: str) -> list[list[str]]:
    """Every `aeolia ...` line of code blocks and every `aeolia ...` in running text, as words."""
    shown: dict[tuple[str, ...], None] = {}  # once each, in their order
    for text in (text.replace("\\\n", " ") for text in texts):
        lines = re.findall(r"^(?:\$ )?(aeolia .*)$", text, re.MULTILINE)
        lines += re.findall(r"`(aeolia [^`]*)`", text)
        shown |= dict.fromkeys(tuple(shlex.split(line, comments=True)) for line in lines)
    return [list(words) for words in shown]


def options_exist(words: list[str]) -> None:
    """Fail unless the command of these words exists and knows their options."""
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


def make_desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to work in, with examples/ and scripts/ in it and `aeolia` on the PATH."""
    for name in ("examples", "scripts"):
        (folder / name).symlink_to(ROOT / name)
    # Guarded as pip's are: processes that are spawned read it once more.
    main = "from aeolia.cli import main\nif __name__ == '__main__':\n    main()\n"
    for name, line in (
        ("aeolia", f"#!{sys.executable}\n{main}"),
        ("python", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n'),
    ):
        command = folder / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(line)
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(folder)
    return folder
