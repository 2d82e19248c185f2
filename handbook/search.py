"""A search of its own for each language of the site.

MkDocs writes one index for all pages, so that readers of either language find the other's. A page
looks for its index below the address that its configuration calls `base`: that of the Chinese pages
becomes /zh/, where `split` puts their part.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

__all__ = ["split"]

_INDEX = Path("search", "search_index.json")
_BASE = re.compile(r'(<script id="__config"[^>]*>\{.*?"base": ")([^"]*)(")')


def split(site: Path) -> None:
    """Part the index of a site that has just been built; Chinese pages are in its folder zh."""
    index = json.loads((site / _INDEX).read_text("utf-8"))
    chinese = [entry for entry in index["docs"] if entry["location"].startswith("zh/")]
    english = [entry for entry in index["docs"] if not entry["location"].startswith("zh/")]
    for entry in chinese:
        entry["location"] = entry["location"].removeprefix("zh/")
    _write(site, {**index, "docs": english}, ["en"])
    # Names, options and quotations are English there, too.
    _write(site / "zh", {**index, "docs": chinese}, ["en", "zh"])
    for page in (site / "zh").rglob("*.html"):
        text, found = _BASE.subn(r"\1\2/zh/\3", page.read_text("utf-8"), count=1)
        if not found:
            raise ValueError(f"{page} has no configuration: its search would be the English one")
        page.write_text(text, "utf-8")


def _write(folder: Path, index: dict[str, Any], languages: list[str]) -> None:
    path = folder / _INDEX
    path.parent.mkdir(exist_ok=True)
    index = {**index, "config": {**index["config"], "lang": languages}}
    path.write_text(json.dumps(index, ensure_ascii=False), "utf-8")
