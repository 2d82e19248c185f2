"""Names of anyone's are shown as they are spelt, and obeyed by nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeolia.cli import run
from aeolia.evaluation.tables import print_table
from aeolia.files import read_rows, write_atomically
from aeolia.pictures.table import Table
from aeolia.plain_text import as_utf8, cell_text, from_cell, printable, without_commands


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [b]ä[/b] 音.wav", "plain [b]ä[/b] 音.wav"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc\rd", r"a\nb\tc\x0dd"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
    ],
)
def test_what_a_terminal_would_obey_is_spelt_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_and_colours_may_stay() -> None:
    assert printable("a\n\tb\x1b", lines=True) == "a\n\tb\\x1b"
    bar = "\r\x1b[2K\x1b[1A\x1b[?25l\x1b[1;32mdone\x1b[0m\n"
    assert without_commands(bar) == bar
    assert without_commands("\x1b]52;c;aGk=\x07\x1b[?1049h") == r"\x1b]52;c;aGk=\x07\x1b[?1049h"


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@sum", "\tx", "'=x", "=", "-"])
def test_a_spreadsheet_sees_no_formula(text: str) -> None:
    assert cell_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-3.5", "+1e3", "-inf", "a=b", "it's", "'quoted'"])
def test_other_cells_stay(text: str) -> None:
    assert cell_text(text) == text


@given(st.text(alphabet="'=+-@\t\ra1", max_size=6))
def test_cells_are_read_back(text: str) -> None:
    assert from_cell(cell_text(text)) == text


def test_a_manifest_keeps_its_names(tmp_path: Path) -> None:
    from aeolia.data.corpus.manifest import Row, read_manifest, write_manifest

    row = Row(str(tmp_path / "=cmd.wav"), "speech", "@source", "-label", 1.0)
    write_manifest(tmp_path / "m.csv", [row])
    assert ",'@source,'-label," in (tmp_path / "m.csv").read_text()
    assert read_rows(tmp_path / "m.csv", "manifest")[1][0]["path"] == "=cmd.wav"
    assert read_manifest(tmp_path / "m.csv") == [row]


def test_a_table_shows_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Table("[/x]", ("[red]a", "[/b]"), (("[i]one[/i]", "\x1b[2Jtwo"),), 1, "[/note]"))
    shown = capsys.readouterr().out
    for text in ("[/x]", "[red]a", "[/b]", "[i]one[/i]", r"\x1b[2Jtwo", "[/note]"):
        assert text in shown


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["denoise", "[/x]\x1b]0;owned\x07\nfoo.wav"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and r"[/x]\x1b]0;owned\x07\nfoo.wav" in error


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("ü", b"\xc3\xbc"),
        ("a\udcff", b"a\xff"),
        ("a\ud800\udcff", b"a\\ud800\\udcff"),
    ],
)
def test_any_text_can_be_written(text: str, data: bytes, tmp_path: Path) -> None:
    assert as_utf8(text) == data
    write_atomically(tmp_path / "a.html", text)
    assert (tmp_path / "a.html").read_bytes() == data
