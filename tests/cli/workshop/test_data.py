"""`aeolia data`: what is printed, written, and refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aeolia.cli import run
from aeolia.data.corpus.manifest import read_manifest, write_manifest
from made.recordings import made_rows, noise_like, voice_like, write


def test_scan_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        write(tmp_path / f"in/s{number}/a.wav", voice_like(0.6, 16000, seed=number), 16000)
    arguments = ["data", "scan", str(tmp_path / "in"), "--kind", "speech", "--seed", "4"]
    assert run([*arguments, "-o", str(tmp_path / "m.csv")]) == 0
    printed = capsys.readouterr().out
    assert "speech: 3 files" in printed and "no problems found" in printed
    assert "3 rows, split with seed 4" in printed
    assert {row.split for row in read_manifest(tmp_path / "m.csv")} == {"train", "choose"}


def test_a_wrong_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "scan", str(tmp_path / "gone")]) == 2
    captured = capsys.readouterr()
    assert "does not exist" in captured.err and captured.err.count("\n") == 1
    assert captured.out == ""


def test_pairs_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    # Threads that wait for each other on a busy machine take far longer than one.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))
    write_manifest(tmp_path / "m.csv", made_rows(tmp_path))
    arguments = ["data", "pairs", str(tmp_path / "m.csv"), "-o", str(tmp_path / "out"), "-n", "2"]
    assert run([*arguments, "--split", "train", "--seconds", "1", "--snr", "0,10"]) == 0
    assert "wrote 2 pairs" in capsys.readouterr().out
    assert len(list((tmp_path / "out/noisy").iterdir())) == 2
    assert run([*arguments, "--snr", "loud"]) == 2
    assert "numbers separated by commas" in capsys.readouterr().err
    torch.set_num_threads(threads)


def test_noise_is_taken_as_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "x/a.wav", noise_like(0.2, 8000), 8000)
    assert run(["data", "scan", str(tmp_path / "x"), "--kind", "noise", "-q"]) == 0
    assert capsys.readouterr().out.startswith("noise: 1 file, 0.2 s")


def test_a_manifest_gets_its_splits_and_what_it_says_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.csv").write_text(
        "path,kind,source,label,split\n"
        + "".join(f"{k}.wav,speech,x,s{k},{'valid' if k == 7 else ''}\n" for k in range(60))
        + "".join(f"{k}.flac,stem,song{k // 2},drums,\n" for k in range(4))
    )
    arguments = ["data", "split", str(tmp_path / "m.csv"), "-o", str(tmp_path / "new.csv")]
    assert run([*arguments, "--report", "song1", "--held-out", "0.2"]) == 0
    rows = {Path(row.path).name: row.split for row in read_manifest(tmp_path / "new.csv")}
    assert set(rows.values()) == {"train", "choose", "report"}
    assert rows["7.wav"] == "choose"
    assert rows["2.flac"] == rows["3.flac"] == "report"
    assert "speech: 60 files" in capsys.readouterr().out
    (tmp_path / "new.csv").unlink()
    assert run([*arguments, "--report", "song9"]) == 2
    assert "no source or label called 'song9'" in capsys.readouterr().err
    assert not (tmp_path / "new.csv").exists()


def songs(folder: Path, seconds: list[float], said: str = "") -> list[str]:
    """Arguments of `data split` for a manifest of songs of two stems each."""
    lines = [
        f"{k}{stem}.flac,stem,song{k},{stem},{length},{said if k == 0 else ''}\n"
        for k, length in enumerate(seconds)
        for stem in ("drums", "bass")
    ]
    (folder / "m.csv").write_text("path,kind,source,label,seconds,split\n" + "".join(lines))
    return ["data", "split", str(folder / "m.csv"), "-o", str(folder / "new.csv")]


def splits(folder: Path) -> dict[str, set[str]]:
    """Song -> its splits."""
    found: dict[str, set[str]] = {}
    for row in read_manifest(folder / "new.csv"):
        found.setdefault(row.source, set()).add(row.split)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_of_three_songs_one_is_for_each_split(tmp_path: Path, seed: int) -> None:
    assert run([*songs(tmp_path, [90.0, 70.0, 80.0, 300.0]), "--seed", str(seed)]) == 0
    found = splits(tmp_path)
    assert all(len(one) == 1 for one in found.values()), "stems of a song stay together"
    by_split = {split: name for name, (split,) in found.items()}
    assert set(by_split) == {"train", "choose", "report"}
    left = {"song0": 90.0, "song1": 70.0, "song2": 80.0, "song3": 300.0}
    del left[by_split["choose"]]
    assert by_split["report"] == min(left, key=left.__getitem__), "the shortest costs least"


def test_what_the_manifest_says_of_songs_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(songs(tmp_path, [10.0, 70.0, 80.0], said="train")) == 0
    assert splits(tmp_path)["song0"] == {"train"}, "the shortest, were it open"
    assert "nothing of it is for report" not in capsys.readouterr().out
    assert run([*songs(tmp_path, [10.0, 70.0, 80.0]), "--report", "song2"]) == 0
    assert [name for name, one in splits(tmp_path).items() if one == {"report"}] == ["song2"]


def test_two_songs_have_nothing_to_report_on_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(songs(tmp_path, [60.0, 70.0])) == 0
    assert set.union(*splits(tmp_path).values()) == {"train", "choose"}
    assert "stem: nothing of it is for report (2 in all" in capsys.readouterr().out
    assert run([*songs(tmp_path, [60.0, 70.0, 80.0]), "--held-out", "0"]) == 0
    assert set.union(*splits(tmp_path).values()) == {"train"}


def test_pairs_of_plain_folders_say_what_is_speech(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))
    for number in range(2):
        write(tmp_path / f"ann/{number}.wav", voice_like(1.2, 16000, seed=number), 16000)
        write(tmp_path / f"fan/{number}.wav", noise_like(1.2, 16000, seed=number), 16000)
    ann, fan, out = (str(tmp_path / name) for name in ("ann", "fan", "out"))
    options = ["-o", out, "-n", "2", "--seconds", "1", "--split", "choose"]
    assert run(["data", "pairs", ann, fan, *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"aeolia: {ann}: speech or noise?") and said.count("\n") == 1
    assert f"--noise {ann}" in said and not Path(out).exists()
    assert run(["data", "pairs", *options]) == 2
    assert "add --speech FOLDER" in capsys.readouterr().err
    assert run(["data", "pairs", "--speech", ann, "--noise", fan, *options]) == 0
    table = (tmp_path / "out/pairs.csv").read_text()
    assert "ann/" in table and "fan/" in table


def test_folders_that_were_probably_swapped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their names; by their sound where those say nothing and there is a tracker."""
    pytest.importorskip("swift_f0")
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))
    examples = Path(__file__).parents[3] / "examples"
    for number, name in enumerate(("fan", "cafe", "street")):
        for folder in ("ann", "speech"):
            (tmp_path / folder).mkdir(exist_ok=True)
            shutil.copy(examples / f"{name}.clean.wav", tmp_path / folder / f"{name}.wav")
        for folder in ("yard", "noise"):
            write(tmp_path / f"{folder}/{number}.wav", noise_like(1.2, 16000, seed=number), 16000)

    def said(speech: str, noise: str) -> str:
        out = str(tmp_path / f"{speech}-{noise}")
        given = ["--speech", str(tmp_path / speech), "--noise", str(tmp_path / noise)]
        options = ["-o", out, "-n", "1", "--seconds", "1", "--split", "train"]
        assert run(["data", "pairs", *given, *options]) == 0
        return capsys.readouterr().err

    by_name = said("noise", "speech")
    assert "noise is noise by its folders' names; were" in by_name
    assert "speech is speech by its folders' names; were" in by_name
    by_sound = said("yard", "ann")
    assert "yard: none of 3 recordings that were listened to sound like speech" in by_sound
    assert "ann: 3 of 3 recordings that were listened to sound like speech" in by_sound
    assert said("ann", "yard") == ""
    assert said("speech", "noise") == ""
