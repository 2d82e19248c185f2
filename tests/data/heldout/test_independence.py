"""Held-out sets judge what mixers train, so they are not made by them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import aeolia.data.heldout

MODULES = sorted(Path(next(iter(aeolia.data.heldout.__path__))).glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_mixer_is_imported(module: Path) -> None:
    names = {
        alias.name
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert not {name for name in names if "Mix" in name or "mix" in name}
