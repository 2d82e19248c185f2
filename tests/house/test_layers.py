"""Imports go only downward, and the playing wing runs without the workshop's packages."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "aeolia"

#: Floor of each room; a room imports only from lower floors and from itself.
FLOORS = {
    "errors": 0,
    "plain_text": 0,
    "files": 1,
    "config": 2,
    "recipes": 3,
    "audio": 4,
    "metrics": 4,
    "pictures": 5,
    "runtime": 5,
    "api": 6,
    "bulk": 7,
    "ray": 8,
    "nn": 8,
    "models": 9,
    "data": 10,
    "training": 11,
    "tuning": 12,
    "evaluation": 12,
    "web": 13,
    "cli": 14,
}
PLAYING = (
    "errors",
    "plain_text",
    "files",
    "config",
    "recipes",
    "audio",
    "metrics",
    "pictures",
    "runtime",
    "api",
    "bulk",
    "ray",
    "web",
)
WORKSHOP = ("nn", "models", "data", "training", "tuning")
#: These serve both wings: what they need of the workshop they import inside a function.
BOTH_WINGS = ("evaluation", "cli")
#: Names of folders and files that belong to one task. `models/spectral` serves two of them.
TASKS = {"denoise", "separate", "synth"}
#: Rooms with a folder for each task beside what all tasks share.
SHARED_ROOMS = ("runtime", "models", "data", "training")
#: The modules of those rooms that know all tasks: each turns a task's name into its parts.
MEETING_PLACES = {
    "runtime/catalogue.py",
    "models/build.py",
    "models/export/onnx.py",
    "training/settings.py",
    "training/tasks.py",
}
#: What `pip install aeolia` brings, without extras.
RUNTIME_PACKAGES = {"numpy", "onnxruntime", "soundfile", "soxr", "typer", "rich"}
#: Optional packages that one place of the playing wing imports, inside a function.
OPTIONAL = {
    "metrics": {"pesq", "pystoi"},
    "audio": {"av", "mutagen", "pyworld", "swift_f0"},
    "api": {"rtmidi", "sounddevice"},
    "bulk": {"fsspec", "grpc", "pyarrow", "ray"},
    "ray": {"pyarrow", "ray"},
}

#: A room that is an extra as a whole, and the packages that its modules import at their top; one
#: command imports it, inside its function.
EXTRA_ROOMS = {"web": {"starlette", "uvicorn"}}

MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def room(module: Path) -> str:
    """The room a module lies in; "" is the package's own __init__."""
    first = module.parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(module: Path) -> Iterator[tuple[str, bool]]:
    """(dotted name, whether it is imported when the module is) for every import of a module."""
    tree = ast.parse((PACKAGE / module).read_text())
    late = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    inside = {id(node) for outer in late for node in ast.walk(outer)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) not in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative import"
            assert node.module is not None
            for alias in node.names:
                # `from aeolia.data import rooms` names a module, others name what is in one.
                whole = f"{node.module}.{alias.name}"
                path = PACKAGE.parent / whole.replace(".", "/")
                if not (path.is_dir() or path.with_suffix(".py").exists()):
                    whole = node.module
                yield whole, id(node) not in inside


def test_every_room_has_a_floor() -> None:
    rooms = {room(module) for module in MODULES} - {"", "__main__"}
    assert rooms <= set(FLOORS), "a new room: give it a floor here and a line in CONTRIBUTING.md"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_go_down(module: Path) -> None:  # and the playing wing knows no workshop
    here = room(module)
    if here in FLOORS:
        allowed = {name for name, floor in FLOORS.items() if floor < FLOORS[here]} | {here}
    else:  # the package itself, or its __main__
        allowed = {*PLAYING, *(["cli"] if here else [])}
    for name, at_import in imports(module):
        parts = name.split(".")
        if parts[0] == "aeolia" and len(parts) > 1 and parts[1] in FLOORS:
            assert parts[1] in allowed, f"{module} must not import {name}"
            assert not (here in PLAYING and parts[1] in WORKSHOP), f"{module}: {name}"
            late = here in BOTH_WINGS and parts[1] in WORKSHOP
            assert not (late and at_import), f"{module}: import {name} inside the function"


#: Folders of commands over the workshop and what serves both wings; others know the API only.
WORKSHOP_COMMANDS = ("train", "workshop")


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) == "cli"], ids=str)
def test_commands_are_thin_over_the_api(module: Path) -> None:
    workshop = module.parts[1] in WORKSHOP_COMMANDS
    for name, _ in imports(module):
        package, *parts = name.split(".")
        if package != "aeolia" or not parts:  # public names come from the package itself
            continue
        assert parts[0] != "runtime", f"{module} must not import {name}: let the API have it"
        thin = parts[0] in ("api", "bulk", "cli", "errors", "plain_text", *EXTRA_ROOMS)
        assert thin or workshop, f"{module} must not import {name}: let the API have it"


def task(parts: Iterable[str]) -> str:
    """The task that a module's path or dotted name belongs to; "" for none."""
    return next((part for part in parts if part in TASKS), "")


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_task_imports_another(module: Path) -> None:
    here = task(module.with_suffix("").parts)
    for name, _ in imports(module):
        there = task(name.split("."))
        assert not (here and there) or here == there, f"{module} must not import {name}"


@pytest.mark.parametrize(
    "module", [module for module in MODULES if room(module) in SHARED_ROOMS], ids=str
)
def test_what_tasks_share_knows_none_of_them(module: Path) -> None:
    if task(module.with_suffix("").parts) or str(module) in MEETING_PLACES:
        return
    for name, _ in imports(module):
        assert not task(name.split(".")), f"{module} must not import {name}"


@pytest.mark.parametrize(
    "module", [module for module in MODULES if room(module) not in EXTRA_ROOMS], ids=str
)
def test_rooms_that_are_extras_are_imported_inside_functions(module: Path) -> None:
    for name, at_import in imports(module):
        extra = name.split(".")[1:2] and name.split(".")[1] in EXTRA_ROOMS
        assert not (name.startswith("aeolia.") and extra and at_import), f"{module}: {name}"


@pytest.mark.parametrize(
    "module", [module for module in MODULES if room(module) in PLAYING], ids=str
)
def test_playing_wing_needs_only_the_runtime_packages(module: Path) -> None:
    for name, at_import in imports(module):
        package = name.split(".")[0]
        if package == "aeolia" or package in sys.stdlib_module_names:
            continue
        if package in EXTRA_ROOMS.get(room(module), set()):
            continue
        optional = OPTIONAL.get(room(module), set())
        assert package in RUNTIME_PACKAGES | optional, f"{module} must not import {package}"
        assert package in RUNTIME_PACKAGES or not at_import, f"{module}: {package} at the top"


def test_commands_import_the_workshop_only_when_they_run() -> None:
    """The playing wing, evaluation and all commands import with the runtime packages alone."""
    names = [
        ".".join(("aeolia", *module.with_suffix("").parts)).removesuffix(".__init__")
        for module in MODULES
        if room(module) in (*PLAYING, *BOTH_WINGS, "") and room(module) not in EXTRA_ROOMS
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(*{'torch', 'onnx', 'tensorboard', 'pesq', 'pystoi', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
