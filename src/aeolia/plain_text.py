"""Names and texts of anyone's, made harmless for who shows them: terminals and spreadsheets."""

from __future__ import annotations

import re

__all__ = ["as_utf8", "cell_text", "file_stem", "from_cell", "printable", "without_commands"]

#: Control characters but for tab and the end of a line, and those that turn a line around.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
#: Controls that only colour text or move within it, which progress bars and tables send.
_HARMLESS = re.compile(r"\x1b\[(?:[\d;]*m|\d*A|2K|\?25[lh])|\r")
#: What a spreadsheet would take for a formula.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def printable(text: str, *, lines: bool = False) -> str:
    """The text with what a terminal would obey shown as an escape.

    Args:
        lines: keep the ends of lines.
    """
    shown = _CONTROLS.sub(_escaped, text)
    return shown if lines else shown.replace("\n", "\\n").replace("\t", "\\t")


def without_commands(text: str) -> str:
    """`printable`, but for what progress bars and tables send."""
    parts, at = [], 0
    for match in _HARMLESS.finditer(text):
        parts += [printable(text[at : match.start()], lines=True), match[0]]
        at = match.end()
    return "".join([*parts, printable(text[at:], lines=True)])


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def file_stem(text: str, most_bytes: int = 120) -> str:
    """The text as a part of a file's name: on one line, without folders, and short.

    File systems take 255 bytes, of which the rest is for endings and what sets names apart.
    """
    plain = re.sub(r"[\n\t/\\]", "_", _CONTROLS.sub("_", text))
    return as_utf8(plain)[:most_bytes].decode(errors="ignore").strip()


def as_utf8(text: str) -> bytes:
    """UTF-8; what `os.fsdecode` took from a file's name that is none stays as it was."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # no name, and no character either
        return text.encode(errors="backslashreplace")


def cell_text(text: str) -> str:
    """Text for a cell of CSV, which a spreadsheet must not take for a formula; see `from_cell`."""
    if not _FORMULA.match(text) or _is_number(text):
        return text
    return f"'{text}"


def from_cell(text: str) -> str:
    """What `cell_text` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
