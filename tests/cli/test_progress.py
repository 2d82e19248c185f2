"""The progress bar: only on terminals, only for long work, and with the remaining time."""

from __future__ import annotations

import io
import sys

import pytest

from aeolia.cli import progress
from aeolia.cli.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, patience: float, hidden: bool = False
) -> str:
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", patience)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with ProgressBar(2, hidden=hidden) as bar:
        bar.update("a", 0.5)
        bar.update("a", None)
        bar.finish("a")
        bar.update("b", 0.25)
        bar.finish("b")
    return stream.getvalue()


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, Terminal(), patience=0.0)
    assert "denoising" in text and "remaining" in text and "100%" in text


def test_short_work_and_other_places_show_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, Terminal(), patience=60.0) == ""
    assert shown(monkeypatch, Terminal(), patience=0.0, hidden=True) == ""
    assert shown(monkeypatch, io.StringIO(), patience=0.0) == ""
