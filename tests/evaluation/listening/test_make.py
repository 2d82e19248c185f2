"""Making listening tests of made recordings: what is written, and what is refused in words."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aeolia.audio.loudness import loudness
from aeolia.errors import AudioFileError, DataError, InputError
from aeolia.evaluation.listening.make import make_listening_test

RATE = 16000


def write(path: Path, level: float = 0.1, samples: int = RATE, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    audio = level * np.random.default_rng(len(path.name)).standard_normal(samples)
    soundfile.write(path, audio, options.pop("rate", RATE), **options)


@pytest.fixture
def systems(tmp_path: Path) -> list[Path]:
    """Folders clean, soft (20 dB down) and loud, with clips a and deep/b."""
    for folder, level in (("clean", 0.1), ("soft", 0.01), ("loud", 0.2)):
        for clip in ("a", "deep/b"):
            write(tmp_path / folder / f"{clip}.wav", level)
    return [tmp_path / name for name in ("clean", "soft", "loud")]


def content(page: Path) -> dict[str, Any]:
    """The test inside a page."""
    text = re.search(r'<script type="application/json" id="test">(.*?)</script>', page.read_text())
    assert text
    found = json.loads(text[1])
    found["systems"] = json.loads(base64.b64decode(found["systems"]))
    return found


def test_mushra_has_reference_and_anchors_at_one_loudness(
    systems: list[Path], tmp_path: Path
) -> None:
    made = make_listening_test(systems[1:], tmp_path / "test", reference=systems[0])
    assert (made.method, made.clips, made.trials) == ("mushra", 2, 2)
    assert made.systems == ("soft", "loud")
    found = content(made.page)
    assert [(s["name"], s["role"]) for s in found["systems"]] == [
        ("soft", "system"),
        ("loud", "system"),
        ("clean", "reference"),
        ("anchor 3.5 kHz", "anchor"),
        ("anchor 7 kHz", "anchor"),
    ]
    assert [item["name"] for item in found["items"]] == ["a", "deep/b"]
    for item in found["items"]:
        assert item["reference"] == item["sounds"][2]
        sounds = [soundfile.read(made.page.parent / file)[0] for file in item["sounds"]]
        levels = [loudness(sound, RATE) for sound in sounds]
        assert levels == pytest.approx([-23.0] * 5, abs=0.01)
        above = [np.abs(np.fft.rfft(sound))[4500:].max() for sound in sounds]
        assert above[3] < 0.01 * above[2]
    written = {path.name for path in made.page.parent.rglob("*") if path.is_file()}
    named = {Path(file).name for item in found["items"] for file in item["sounds"]}
    assert written == named | {"index.html"}
    assert not any(word in "".join(named) for word in ("clean", "soft", "loud"))


def test_page_needs_nothing_from_elsewhere(systems: list[Path], tmp_path: Path) -> None:
    text = make_listening_test(systems, tmp_path / "test").page.read_text()
    assert not re.findall(r"https?://|<link|src=|@import|url\(", text)
    for name in ("soft", "loud"):  # a glance at the source does not tell which is which
        assert name not in text


def test_without_reference_every_pair_is_compared(systems: list[Path], tmp_path: Path) -> None:
    made = make_listening_test(systems, tmp_path / "test")
    assert (made.method, made.clips, made.trials) == ("ab", 2, 6)
    found = content(made.page)
    assert {s["role"] for s in found["systems"]} == {"system"}
    assert all(item["reference"] is None for item in found["items"])


def test_reference_may_be_one_of_the_systems_by_name(systems: list[Path], tmp_path: Path) -> None:
    made = make_listening_test(systems, tmp_path / "test", reference="clean")
    assert made.method == "mushra" and made.systems == ("soft", "loud")


def test_identity_follows_the_sounds_and_not_the_seed(systems: list[Path], tmp_path: Path) -> None:
    pages = [make_listening_test(systems, tmp_path / f"{n}", seed=n).page for n in (0, 1)]
    ids = [content(page)["id"] for page in pages]
    assert ids[0] == ids[1] and [content(page)["seed"] for page in pages] == [0, 1]
    assert content(pages[0])["items"] != content(pages[1])["items"]  # other file names
    write(systems[0] / "a.wav", 0.05, subtype="FLOAT")
    assert content(make_listening_test(systems, tmp_path / "2").page)["id"] != ids[0]


def test_folders_of_one_name_are_told_apart(systems: list[Path], tmp_path: Path) -> None:
    folders = [tmp_path / "run1" / "out", tmp_path / "run2" / "out"]
    for folder in folders:
        write(folder / "a.flac")
    assert make_listening_test(folders, tmp_path / "t").systems == tuple(map(str, folders))


def test_remarks_on_what_is_unusual(tmp_path: Path) -> None:
    write(tmp_path / "clean" / "a.wav", rate=8000, samples=8000)
    write(tmp_path / "mute" / "a.wav", 0.0, rate=8000, samples=8000)
    write(tmp_path / "faint" / "a.wav", 0.002, rate=8000, samples=8000)
    made = make_listening_test(
        [tmp_path / "mute", tmp_path / "faint"], tmp_path / "t", reference=tmp_path / "clean"
    )
    assert [note.split(":")[0] for note in made.notes] == ["a"] * 3
    words = " ".join(made.notes)
    assert "mute is silent" in words and "no anchor 7 kHz" in words and "LU apart" in words
    assert content(made.page)["items"][0]["sounds"][-1] is None


def refused(tmp_path: Path, words: str, kind: type[Exception], *args: Any, **options: Any) -> None:
    with pytest.raises(kind, match=words):
        make_listening_test(*args, **{"out": tmp_path / "test", **options})
    assert not (tmp_path / "test").exists()
    assert not list(tmp_path.glob(".test*"))


def test_bad_folders_are_refused_in_words(systems: list[Path], tmp_path: Path) -> None:
    clean, soft, loud = systems
    (tmp_path / "empty").mkdir()
    refused(tmp_path, "does not exist", DataError, [soft, tmp_path / "nothing"])
    refused(tmp_path, "is a file", DataError, [soft, loud / "a.wav"])
    refused(tmp_path, "holds no audio files", DataError, [soft, tmp_path / "empty"])
    refused(tmp_path, "only one system came", DataError, [soft])
    refused(tmp_path, "only the reference", DataError, [clean], reference=clean)
    refused(tmp_path, "does not exist", DataError, systems, reference="cleam")
    refused(tmp_path, "came twice", DataError, [soft, loud, soft])
    many = [tmp_path / f"s{n}" for n in range(10)]
    refused(tmp_path, "more than 9", DataError, many, reference=clean)
    (loud / "deep" / "b.wav").unlink()
    refused(tmp_path, "loud lacks 1 of 2 clips, such as 'deep/b'", DataError, systems)
    write(loud / "a.flac")
    refused(tmp_path, "are both the clip 'a'", DataError, systems)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"samples": RATE + 1}, "16001 samples in 1 channel"),
        ({"rate": 8000}, "at 8000 Hz"),
    ],
)
def test_versions_that_disagree_are_refused(
    systems: list[Path], tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    write(systems[2] / "deep" / "b.wav", **options)
    refused(tmp_path, words, DataError, systems)


def test_bad_files_are_refused(systems: list[Path], tmp_path: Path) -> None:
    write(systems[0] / "a.wav", 0.0)
    refused(tmp_path, "a.wav is silent", DataError, systems, reference="clean")
    (systems[0] / "a.wav").write_text("no audio")
    refused(tmp_path, "not a readable audio file", AudioFileError, systems)


def test_a_folder_in_use_is_left_alone(systems: list[Path], tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    make_listening_test(systems, tmp_path / "test")
    before = (tmp_path / "test" / "index.html").read_bytes()
    with pytest.raises(InputError, match="is there already"):
        make_listening_test(systems[:2], tmp_path / "test")
    assert (tmp_path / "test" / "index.html").read_bytes() == before
    with pytest.raises(InputError, match="cannot be written"):
        make_listening_test(systems, systems[0] / "a.wav" / "test")
