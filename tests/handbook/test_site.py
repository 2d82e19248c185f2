"""The site as MkDocs builds it: strictly, in both languages, nothing fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from handbook.drawings import DRAWINGS, draw
from handbook.mathml import on_page_content
from handbook.pages import ROOT


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

    index = json.loads((site / "search/search_index.json").read_text("utf-8"))
    assert "zh" in index["config"]["lang"] and "en" in index["config"]["lang"]
    texts = " ".join(entry["text"] for entry in index["docs"])
    assert "\u200b潜在" in texts or "潜在\u200b" in texts, "words are not cut"


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
