"""The pages of docs/: translated, their examples run, their commands exist."""

from __future__ import annotations

import doctest
import re
import subprocess
from pathlib import Path

import pytest

import aeolia
from handbook import lessons, pages, reference
from made.documents import MATCHING, make_desk, marked_blocks, options_exist, shown_commands

PAGES = [path.relative_to(pages.DOCS).as_posix() for path in pages.english_pages()]
TEXTS = {name: (pages.DOCS / name).read_text("utf-8") for name in PAGES}
CHINESE = {name: (pages.DOCS / name).with_suffix(".zh.md").read_text("utf-8") for name in PAGES}
LESSONS = ("dae", "cae", "vae")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with examples/ in it and the `aeolia` command on the PATH."""
    return make_desk(tmp_path, monkeypatch)


def run(lines: str) -> None:
    """Run the lines of a shell, in the current folder; the first that fails ends them."""
    done = subprocess.run(["sh", "-ec", lines], capture_output=True, text=True)
    assert done.returncode == 0, f"{lines}\n{done.stdout}{done.stderr}"


def test_every_page_is_translated() -> None:
    assert pages.untranslated() == []
    for name, text in CHINESE.items():
        prose = re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", "", text, flags=re.DOTALL)
        assert len(re.findall(r"[\u4e00-\u9fff]", prose)) > 20, f"{name}: not in Chinese"


def test_a_missing_translation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "DOCS", tmp_path / "docs")
    (tmp_path / "mkdocs.yml").write_text("site_name: A\nnav:\n  - A: a.md\n")
    (tmp_path / "docs/a.md").write_text("# A\n\n```sh\nx  # why\n```\n")
    assert pages.untranslated() == ["docs/a.md has no translation a.zh.md"]
    (tmp_path / "docs/a.zh.md").write_text("# 甲\n\n```sh\nx  # 为何\n```\n")
    assert pages.untranslated() == []
    (tmp_path / "docs/a.zh.md").write_text("# 甲\n\n## 乙\n\n```sh\ny\n```\n")
    (tmp_path / "docs/b.md").write_text("# B\n")
    assert pages.without_a_place() == ["docs/b.md"]
    found = pages.untranslated()
    assert [line.split(" differ")[0] for line in found] == [
        "docs/a.md: headings",
        "docs/a.md: code",
    ]


@pytest.mark.parametrize("name", [name for name in PAGES if marked_blocks("pycon", TEXTS[name])])
def test_python_examples(name: str, desk: Path) -> None:
    blocks = marked_blocks("pycon", TEXTS[name])
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, None, 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=MATCHING)
    runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


@pytest.mark.parametrize(
    "name",
    [name for name in PAGES if marked_blocks("sh", TEXTS[name]) and not name.startswith("learn/")],
)
def test_shell_examples(name: str, desk: Path) -> None:
    # Examples are links here, and what stands beside them would be written there.
    (desk / "examples").unlink()
    (desk / "examples").mkdir()
    for path in (pages.ROOT / "examples").iterdir():
        (desk / "examples" / path.name).symlink_to(path)
    run("\n".join(marked_blocks("sh", TEXTS[name])))


@pytest.mark.parametrize("name", LESSONS)
def test_lessons(name: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lesson's commands in their order, on fewer sounds and with two steps of training."""
    pytest.importorskip("torch")
    monkeypatch.setenv("AEOLIA_CACHE", str(desk / "cache"))
    kinds = {"dae": "speech noise", "cae": "songs", "vae": "notes"}[name]
    run(f"python scripts/make_sounds.py made --only {kinds}")
    for block in lessons.blocks(name):
        lines = re.sub(r"--steps \d+", "--steps 2", block)
        lines = re.sub(r"validation_clips=\d+", "validation_clips=2", lines)
        run(lines.replace("--count 12", "--count 2"))


@pytest.mark.parametrize("words", shown_commands(*TEXTS.values(), *CHINESE.values()), ids=" ".join)
def test_commands_and_options_exist(words: list[str]) -> None:
    options_exist(words)


def test_the_reference_has_every_public_name() -> None:
    grouped = {name for names in reference.GROUPS.values() for name in names.split()}
    errors = {name for name in aeolia.__all__ if name.endswith("Error")}
    assert grouped | errors | {"__version__"} == set(aeolia.__all__)
    text = reference.api("en")
    for name in grouped:
        assert f"{{ #aeolia.{name} }}" in text
    assert text.count("```pycon") >= len(grouped), "examples are not shown as such"
    assert all(f"{{ #aeolia.{name} }}" in reference.errors("zh") for name in errors)


def test_symbols_of_the_lessons_are_in_the_code() -> None:
    """Every file that a lesson's table names is there, and holds the names beside it."""
    for name in LESSONS:
        rows = re.findall(r"^\|.*`src/[^|]*\|$", TEXTS[f"learn/{name}.md"], re.MULTILINE)
        assert len(rows) >= 5
        for row in rows:
            found = re.findall(r"`([^`]+)`", row)
            files = [word for word in found if word.startswith("src/")]
            code = "".join((pages.ROOT / path).read_text("utf-8") for path in files)
            for word in set(found) - set(files):
                assert word.split(".")[-1] in code, f"{word} is not in {files}"
