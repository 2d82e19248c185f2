"""axe-core finds no serious fault in any tab, in light and dark, nor on a telephone.

axe-core is no part of the project: `npm ci` in tests/web/axe brings it, as `.ci/run` does. Without
it, or without Chromium, these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

from made.browser import Browser, find_browser
from made.web_page import TABS

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
PROGRAM = find_browser()
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(not AXE.exists(), reason="no axe-core: npm ci in tests/web/axe"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def page(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The page with a recording cleaned, a score and a listening test waiting, and axe in it."""
    assert PROGRAM is not None
    browser = Browser(PROGRAM, tmp_path_factory.mktemp("browser"))
    browser.command("DOM.enable")
    browser.visit(f"{address}/")
    browser.wait(f"document.querySelectorAll('[role=tab]').length === {len(TABS)}")
    browser.choose("#panel-clean input[type=file]", EXAMPLES / "fan.noisy.wav")
    browser.wait("!!document.querySelector('#panel-clean .card a.button')")
    browser.choose("#panel-play input[type=file]", EXAMPLES / "greensleeves.mid")
    browser.wait("!!document.querySelector('#panel-play table')")
    browser.value(AXE.read_text(encoding="utf-8") + "; 1")
    yield browser
    browser.close()


def faults(page: Browser) -> list[Any]:
    """Serious and critical ones, with where they are."""
    found = page.value(
        f"axe.run(document, {{runOnly: {{type: 'tag', values: {RULES}}}}}).then(r => r.violations"
        ".filter(v => ['serious', 'critical'].includes(v.impact))"
        ".map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary)]))"
    )
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", TABS)
def test_no_serious_fault(page: Browser, name: str, theme: str) -> None:
    page.value(f"document.documentElement.dataset.theme = {theme!r}")
    page.value(f"document.querySelector('#tab-{name}').click()")
    assert faults(page) == []


def test_no_serious_fault_on_a_telephone(page: Browser) -> None:
    page.command(
        "Emulation.setDeviceMetricsOverride",
        width=360,
        height=740,
        deviceScaleFactor=2,
        mobile=True,
    )
    for name in TABS:
        page.value(f"document.querySelector('#tab-{name}').click()")
        assert faults(page) == [], name
