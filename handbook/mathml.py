"""A hook of MkDocs: formulas become MathML, which browsers draw without scripts or fonts."""

from __future__ import annotations

import html
import re
from typing import Any

__all__ = ["on_page_content"]

#: What pymdownx.arithmatex leaves, inline and in blocks.
_FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\s*(?:\\\((.*?)\\\)|\\\[(.*?)\\\])\s*</\1>', re.DOTALL
)


def on_page_content(content: str, **_: Any) -> str:
    """The page's HTML with every formula as MathML; one that cannot be read ends the build."""
    return _FORMULA.sub(_mathml, content)


def _mathml(formula: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    inline = formula[2] is not None
    latex = html.unescape(formula[2] if inline else formula[3])
    found = str(convert(latex, display="inline" if inline else "block"))
    if "\\" in found:  # what the converter does not know it passes on as it is
        raise ValueError(f"a command of this formula is unknown to latex2mathml: {latex}")
    return found
