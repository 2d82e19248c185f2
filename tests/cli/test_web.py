"""`aeolia web` before it serves: what is missing or cannot be is one line."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from aeolia.cli import run


def test_what_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec

    def without(name: str, *arguments: Any) -> Any:
        return None if name in ("uvicorn", "websockets") else found(name, *arguments)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    if found("starlette") is None:
        pytest.skip("starlette is not installed either")
    assert run(["web", "--no-browser"]) == 2
    error = capsys.readouterr().err
    assert "uvicorn, websockets" in error and "aeolia[web]" in error
    assert error.count("\n") == 1


def test_an_address_that_others_reach_needs_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    pytest.importorskip("websockets")
    assert run(["web", "--host", "0.0.0.0", "--port", "0", "--no-browser"]) == 2
    assert "AEOLIA_WEB_PASSWORD" in capsys.readouterr().err
