"""The site as MkDocs builds it: strictly, in both languages, nothing fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handbook.drawings import DRAWINGS, draw
from handbook.mathml import on_page_content
from handbook.pages import ROOT
from made.browser import Browser, find_browser
from made.site import serving

PROGRAM = find_browser()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("mkdocs", "material", "mkdocs_static_i18n", "latex2mathml", "jieba"):
        pytest.importorskip(package, reason="pip install '.[docs]'")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "handbook", "--no-sounds", "-o", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_pages_are_there_in_both_languages(site: Path) -> None:
    english = {path.relative_to(site) for path in site.rglob("index.html")}
    chinese = {path.relative_to("zh") for path in english if path.parts[0] == "zh"}
    assert chinese == {path for path in english if path.parts[0] != "zh"}
    assert len(chinese) > 25
    assert 'lang="zh"' in (site / "zh/learn/dae/index.html").read_text("utf-8")


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    fetched = (
        r'<(?:script|img|audio|source|iframe)[^>]* src="(?:https?:)?//|<link[^>]*stylesheet[^>]*//'
    )
    for path in site.rglob("*.html"):
        assert not re.search(fetched, path.read_text("utf-8")), path


def test_links_to_anchors_and_pages_lead_somewhere(site: Path) -> None:
    """MkDocs looks at links of Markdown; this, at all of the HTML, as it is served."""
    ids = {
        path.parent: set(re.findall(r' id="([^"]+)"', path.read_text("utf-8")))
        for path in site.rglob("index.html")
    }
    for folder in ids:
        text = (folder / "index.html").read_text("utf-8")
        for link in re.findall(r'<a [^>]*href="([^"]+)"', text):
            if re.match(r"[a-z]+:", link):
                continue
            where, _, anchor = link.partition("#")
            # The language switch leads from the root.
            start = site if where.startswith("/") else folder
            target = (start / where.lstrip("/")).resolve() if where else folder
            assert target.exists(), f"{folder}: {link}"
            if anchor and target in ids and not anchor.startswith("__"):
                from urllib.parse import unquote

                assert unquote(anchor) in ids[target], f"{folder}: {link}"


def test_search_finds_chinese_words(site: Path) -> None:
    import json

    index = json.loads((site / "zh/search/search_index.json").read_text("utf-8"))
    assert "zh" in index["config"]["lang"] and "en" in index["config"]["lang"]
    texts = " ".join(entry["text"] for entry in index["docs"])
    assert "\u200b潜在空间\u200b" in texts, "words are not cut"


@pytest.fixture(scope="module")
def reader(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, str]]:
    """A browser, and where the site is."""
    if PROGRAM is None:
        pytest.skip("no Chromium is installed")
    with serving(site) as address:
        browser = Browser(PROGRAM, tmp_path_factory.mktemp("browser"))
        browser.command("Runtime.enable")
        browser.command("Network.enable")
        yield browser, address
        browser.close()


@pytest.mark.parametrize(
    ("start", "typed", "found"),
    [
        ("", "posterior collapse", "/learn/vae/"),
        ("", "attenuation limit", "/use/"),
        ("zh/", "潜在空间", "/zh/learn/vae/"),
        ("zh/", "语谱图", "/zh/learn/"),
        ("zh/", "坍缩", "/zh/learn/vae/"),
    ],
)
def test_what_is_typed_into_the_search_is_found(
    reader: tuple[Browser, str], start: str, typed: str, found: str
) -> None:
    browser, address = reader
    browser.visit(f"{address}/{start}")
    browser.click("input.md-search__input")
    for letter in typed:
        browser.command("Input.dispatchKeyEvent", type="char", text=letter)
    results = "[...document.querySelectorAll('.md-search-result__link')].map(one => one.href)"
    browser.wait(f"{results}.some(one => one.startsWith({address + found!r}))")
    pages = browser.value(results)
    assert all(("/zh/" in page) == (start == "zh/") for page in pages), "of the other language"
    browser.visit(next(page for page in pages if page.startswith(address + found)))
    assert typed.split()[-1] in browser.value("document.querySelector('article').textContent")


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)], ids=["phone", "desktop"])
@pytest.mark.parametrize(
    "page",
    ["", "learn/dae/", "learn/vae/", "reference/api/", "reference/commands/", "results/denoise/"],
)
@pytest.mark.parametrize("language", ["", "zh/"])
def test_pages_fit_the_screen(
    reader: tuple[Browser, str], language: str, page: str, size: tuple[int, int]
) -> None:
    browser, address = reader
    width, height = size
    browser.command(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=width < 500,
    )
    browser.events.clear()
    browser.visit(f"{address}/{language}{page}")
    assert browser.value("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter(one => one.complete && !one.naturalWidth)"
    assert browser.value(f"{broken}.map(one => one.src)") == []
    assert not [one for one in browser.events if one["method"] == "Runtime.exceptionThrown"]
    asked = [
        one["params"]["request"]["url"]
        for one in browser.events
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert asked and all(one.startswith((address, "data:", "blob:")) for one in asked)


def test_formulas_are_drawn_by_the_browser() -> None:
    pytest.importorskip("latex2mathml")
    found = on_page_content('<p><span class="arithmatex">\\(x^2 &lt; 1\\)</span></p>')
    assert "<math" in found and "<msup>" in found and "arithmatex" not in found
    with pytest.raises(ValueError, match="unknown"):
        on_page_content('<span class="arithmatex">\\(\\arg x\\)</span>')


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("ending", ["", ".zh"])
def test_drawings_in_docs_are_those_of_the_code(name: str, ending: str) -> None:
    drawn = draw(DRAWINGS[name], "zh" if ending else "en")
    assert (ROOT / f"docs/learn/{name}{ending}.svg").read_text("utf-8") == drawn
