"""The pages of docs/, with their translations, filled in and gathered where MkDocs reads them.

A page `x.md` is English and has `x.zh.md` beside it, of the same headings and examples. What stands
as `<!-- put: NAME -->` is written as the site is built: see `PUTS`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from handbook import gallery, reference, results

__all__ = [
    "DOCS",
    "PUTS",
    "ROOT",
    "code_blocks",
    "english_pages",
    "gather",
    "headings",
    "untranslated",
    "without_a_place",
]

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

#: What can be put into a page: a function of its language, "en" or "zh", to Markdown.
PUTS: dict[str, Callable[[str], str]] = {
    "api": reference.api,
    "commands": reference.commands,
    "errors": reference.errors,
    "models": reference.models,
    "gallery": gallery.page,
    "denoise results": results.denoise,
    "separate results": results.written("SEPARATION.md"),
    "synth results": results.written("SYNTHESIS.md"),
    "scores results": results.written("scores.md"),
    "ablations": results.written("ablations.md"),
    "tuning results": results.written("tuning.md"),
    "voices results": results.written("voices.md"),
    "reshaping results": results.written("reshaping.md"),
    "failures": results.written("failures.md"),
    "summary": results.summary,
}
_PUT = re.compile(r"^<!-- put: (.*?) -->$", re.MULTILINE)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)


def english_pages() -> list[Path]:
    """The pages that have a place in the navigation of mkdocs.yml: these are the site."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    return [DOCS / name for name in re.findall(r"[\w/-]+\.md", navigation)]


def without_a_place() -> list[str]:
    """Pages of docs/ that are not on the site yet."""
    pages = {page for page in DOCS.rglob("*.md") if not page.name.endswith(".zh.md")}
    return sorted(page.relative_to(ROOT).as_posix() for page in pages - set(english_pages()))


def code_blocks(text: str) -> list[str]:
    """Fenced blocks, without the comments in them: those are translated."""
    blocks = [block.group() for block in _FENCE.finditer(text)]
    return [re.sub(r"[ \t]*(?:#|//) .*", "", block) for block in blocks]


def headings(text: str) -> list[int]:
    """Levels of headings, in their order."""
    return [len(level) for level in re.findall(r"^(#+) ", _FENCE.sub("", text), re.MULTILINE)]


def untranslated() -> list[str]:
    """A line for every page that lacks its translation, or whose translation is of another page."""
    found = []
    for page in english_pages():
        name, chinese = page.relative_to(ROOT), page.with_suffix(".zh.md")
        if not page.exists():
            found.append(f"{name} is in the navigation of mkdocs.yml, and is not there")
            continue
        if not chinese.exists():
            found.append(f"{name} has no translation {chinese.name}")
            continue
        texts = [path.read_text(encoding="utf-8") for path in (page, chinese)]
        for what, parts in (
            ("headings", headings),
            ("code", code_blocks),
            ("fillings", _PUT.findall),
        ):
            english, translated = (parts(text) for text in texts)
            if english != translated:
                found.append(f"{name}: {what} differ from those of {chinese.name}")
    return found


def gather(target: Path, *, sounds: bool = True) -> None:
    """Fill in all of docs/ into the new folder `target`; with what is heard, if `sounds`."""
    shutil.rmtree(target, ignore_errors=True)
    shown = set(english_pages())
    shown |= {page.with_suffix(".zh.md") for page in shown}
    for path in sorted(path for path in DOCS.rglob("*") if path.is_file()):
        if path.suffix == ".md" and path not in shown:
            continue
        name = path.relative_to(DOCS)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".md":
            shutil.copyfile(path, target / name)
            continue
        language = "zh" if path.name.endswith(".zh.md") else "en"
        text = _relinked(path.read_text(encoding="utf-8"), path.parent)
        if language == "zh":
            text = _joined(text)
        (target / name).write_text(_filled(text, language), encoding="utf-8")
    shutil.copyfile(ROOT / "src/aeolia/web/static/icon.svg", target / "icon.svg")
    if sounds:
        gallery.make(target / "sounds")


def _filled(text: str, language: str) -> str:
    """The text with what is to be put there."""
    return _PUT.sub(lambda put: PUTS[put[1]](language), text)


def _joined(text: str) -> str:
    """Lines of Chinese that go on in the next one, without the space that a line's end becomes."""
    parts = re.split(r"(^ *```.*?^ *```$)", text, flags=re.MULTILINE | re.DOTALL)
    wide = "\u3000-\u9fff\uff00-\uffef\u201c\u201d"
    parts[::2] = [re.sub(rf"([{wide}])\n(?=[{wide}])", r"\1", part) for part in parts[::2]]
    return "".join(parts)


def _relinked(text: str, folder: Path) -> str:
    """Links to files that are not on the site lead to their page; where there is none, they go."""
    on_site = set(english_pages())
    on_site |= {page.with_suffix(".zh.md") for page in on_site}

    def link(found: re.Match[str]) -> str:
        mark, shown, where, anchor = found[1], found[2], found[3], found[4] or ""
        path = (folder / where).resolve()
        if path.is_relative_to(DOCS):
            shown_there = path.suffix != ".md" or path in on_site
            return found[0] if shown_there else shown
        page = results.HOMES.get(path.relative_to(ROOT).as_posix())
        if page is None:
            return shown
        return f"{mark}[{shown}]({os.path.relpath(DOCS / page, folder)}{anchor if page else ''})"

    return _LINK.sub(link, text)
