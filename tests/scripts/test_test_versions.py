"""What scripts/test_versions.py installs: the lowest version of all that is declared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.test_versions import lowest_versions

PYPROJECT = (Path(__file__).parents[2] / "pyproject.toml").read_text()


def test_every_declared_package_is_pinned_to_its_bound() -> None:
    pinned = dict(line.split("==") for line in lowest_versions(PYPROJECT))
    assert set(pinned) >= {"numpy", "onnxruntime", "soundfile", "soxr", "typer", "rich", "swift-f0"}
    for name, version in pinned.items():
        assert re.search(rf'"{name}>={re.escape(version)}"', PYPROJECT)


def test_versions_that_break_every_command_are_out() -> None:
    """typer 0.12.0 to 0.12.3 cannot be imported with what it asks for, and up to 0.15 it calls
    click in a way that click 8.2 no longer knows."""
    pinned = dict(line.split("==") for line in lowest_versions(PYPROJECT))
    assert tuple(map(int, pinned["typer"].split("."))) >= (0, 16)
    assert tuple(map(int, pinned["onnxruntime"].split("."))) >= (1, 23)


def test_a_package_without_a_bound_is_an_error() -> None:
    with pytest.raises(ValueError, match="'numpy' has no lower bound"):
        lowest_versions('dependencies = [\n    "numpy",\n]\npitch = ["a>=1"]\n')
    with pytest.raises(ValueError, match="no list 'pitch'"):
        lowest_versions('dependencies = [\n    # why\n    "numpy>=1",\n]\n')
