"""The page of a listening test: one HTML file, its script inside, the audio files beside it.

`page.html` is the frame, `logic.js` decides (orders, what is missing, CSV),
`words.js` has the texts in English and Chinese (the browser's language, or that of
`index.html?language=zh`), and `page.js` shows, plays and keeps. Nothing is loaded from elsewhere,
so the page works from a folder, a memory stick or any web space.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aeolia.plain_text import as_utf8

__all__ = ["render_listening_page"]

_HERE = Path(__file__).parent


def render_listening_page(
    *,
    identity: str,
    title: str,
    method: str,
    seed: int,
    systems: Sequence[Mapping[str, str]],
    items: Sequence[Mapping[str, Any]],
) -> str:
    """The page as HTML text.

    Args:
        identity: keeps this test's ratings apart from others', in the browser and in CSV files.
        title: heading.
        method: "mushra" or "ab".
        seed: with the listener's name, decides the orders.
        systems: `name` and `role` ("system", "reference" or "anchor") of each.
        items: `name`, `reference` (a file, or None) and `sounds`: a file per system, or None
            where it has no such sound; files relative to the page.
    """
    names = as_utf8(json.dumps(list(systems), ensure_ascii=False))
    test = {
        "id": identity,
        "title": title,
        "method": method,
        "seed": seed,
        "systems": base64.b64encode(names).decode(),
        "items": list(items),
    }
    parts = {
        "title": html.escape(title),
        # A "</script>" inside a string would end the element.
        "test": json.dumps(test, ensure_ascii=False).replace("<", "\\u003c"),
        "logic": _read("logic.js"),
        "words": _read("words.js"),
        "script": _read("page.js"),
    }
    frame = _read("page.html")
    return re.sub("@(title|test|logic|words|script)@", lambda mark: parts[mark[1]], frame)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
