"""Test what plays (no PyTorch) with the oldest versions that are declared, or the newest.

    python scripts/test_versions.py oldest --python python3.10
    python scripts/test_versions.py newest --python python3.13

Makes a new environment in a temporary folder, installs the package and its extra `pitch` with
exactly the lowest declared versions (or whatever is newest), runs every command's help and the
tests of the playing wing. Exit code 0 when all passed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["lowest_versions", "main"]

ROOT = Path(__file__).resolve().parents[1]
#: Extras whose packages run without PyTorch.
_EXTRAS = ("pitch",)
#: What the tests themselves need, at any version: `onnx` writes their tiny models.
_TOOLS = ("pytest", "pytest-xdist", "hypothesis", "onnx", "scipy")
#: Tests of what plays.
_TESTS = (
    "tests/audio",
    "tests/bulk",
    "tests/runtime",
    "tests/cli/test_denoise.py",
    "tests/cli/test_models.py",
    "tests/cli/test_separate.py",
    "tests/cli/test_streams.py",
    "tests/cli/test_synth.py",
)
_COMMANDS = (
    "denoise separate live synth transfer shift morph encode decode models evaluate "
    "listen-test data recipes train export"
).split()


def lowest_versions(pyproject: str) -> list[str]:
    """The declared packages of the playing wing, each at its lowest version: "numpy==1.24".

    Lines of pyproject.toml are read as text: Python 3.10 has no reader of TOML.

    Raises:
        ValueError: a package has no lower bound.
    """
    lists = [_list(pyproject, "dependencies"), *(_list(pyproject, extra) for extra in _EXTRAS)]
    pinned = []
    for line in (line for entries in lists for line in entries):
        match = re.fullmatch(r"([\w.-]+)>=([\w.]+)(?:,.*)?", line)
        if match is None:
            raise ValueError(f"{line!r} has no lower bound")
        pinned.append(f"{match[1]}=={match[2]}")
    return pinned


def _list(pyproject: str, name: str) -> list[str]:
    """The strings of `name = [...]` in a TOML file."""
    match = re.search(rf"^{name} = \[(.*?)\]$", pyproject, re.MULTILINE | re.DOTALL)
    if match is None:
        raise ValueError(f"pyproject.toml has no list {name!r}")
    entries = re.sub(r"^\s*#.*$", "", match[1], flags=re.MULTILINE)
    return re.findall(r'"([^"]+)"', entries)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("which", choices=("oldest", "newest"))
    parser.add_argument("--python", default=sys.executable, help="The interpreter to test with.")
    parser.add_argument("tests", nargs="*", default=list(_TESTS), help="Tests to run.")
    chosen = parser.parse_intermixed_args(arguments)
    declared = (ROOT / "pyproject.toml").read_text()
    pinned = lowest_versions(declared) if chosen.which == "oldest" else []
    package = f"{ROOT}[{','.join(_EXTRAS)}]"
    with tempfile.TemporaryDirectory(prefix="aeolia-versions-") as folder:
        subprocess.run([chosen.python, "-m", "venv", folder], check=True)
        python = str(Path(folder, "bin" if sys.platform != "win32" else "Scripts", "python"))
        install = [python, "-m", "pip", "install", "--quiet", "--upgrade", *_TOOLS, *pinned]
        subprocess.run([*install, "--editable", package], check=True)
        subprocess.run([python, "-m", "pip", "list", "--format", "freeze"], check=True)
        for command in ((), *((name,) for name in _COMMANDS)):
            help_ = [python, "-m", "aeolia", *command, "--help"]
            subprocess.run(help_, check=True, stdout=subprocess.DEVNULL)
        tests = [python, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *chosen.tests]
        return subprocess.run(tests, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
