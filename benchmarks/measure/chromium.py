"""A headless Chromium and a plain server of files: those of the tests."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from aeolia.errors import InputError
from benchmarks import ROOT

__all__ = ["browser_version", "opened", "serving"]


def _made(name: str) -> Any:
    """A module of what tests are made of."""
    import importlib

    folder = str(ROOT / "tests")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(f"made.{name}")


@contextmanager
def opened(*options: str) -> Iterator[Any]:
    """A tab of a browser with a fresh profile.

    Raises:
        InputError: there is none.
    """
    made = _made("browser")
    program = made.find_browser()
    if program is None:
        raise InputError("no Chromium is installed; name one in AEOLIA_TEST_BROWSER")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = made.Browser(program, Path(folder), *options)
        browser.patience_seconds = 300.0
        try:
            yield browser
        finally:
            browser.close()


def serving(folder: Path) -> AbstractContextManager[str]:
    """The address of a server of the files in a folder."""
    server: AbstractContextManager[str] = _made("site").serving(folder)
    return server


def browser_version(browser: Any) -> str:
    """Such as "HeadlessChrome/156.0.1.2"."""
    return str(browser.command("Browser.getVersion")["product"])
