"""Steps on the page of `aeolia web`, for tests in a browser."""

from __future__ import annotations

from made.browser import Browser

__all__ = ["TABS", "tab", "text"]

TABS = ("clean", "separate", "play", "reshape", "live", "compare", "models")


def tab(page: Browser, name: str) -> None:
    page.click(f"#tab-{name}")
    page.wait(f"!document.querySelector('#panel-{name}').hidden")


def text(page: Browser, selector: str) -> str:
    return str(page.value(f"document.querySelector({selector!r}).innerText"))
