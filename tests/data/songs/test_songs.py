"""Songs: sums to the last bit, the same for a seed, whole or not there, split by rule."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run
from aeolia.config.classes import KIT, PERCUSSION, STEMS
from aeolia.data.corpus.manifest import read_manifest
from aeolia.data.songs.composing.styles import REPORT_STYLES
from aeolia.data.songs.plan import Material, Settings, draw_plan, split_of
from aeolia.data.songs.soundfont import Soundfont
from aeolia.data.songs.voices.singers import Singer
from made.recordings import voice_like, write
from made.tiny_soundfont import write_soundfont

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None, reason="FluidSynth plays songs: apt-get install fluidsynth"
)
DRUMS = (*KIT, PERCUSSION)


def font(name: str) -> Soundfont:
    programs = {(0, program) for program in range(128)} | {(128, 0)}
    return Soundfont(Path(name), name, "", frozenset(programs))


def test_splits_are_even_whatever_the_number_of_songs() -> None:
    for count in (20, 100, 1000):
        splits = [split_of(number, 0.1) for number in range(count)]
        assert splits.count("choose") == splits.count("report") == count // 20
    assert {split_of(number, 0.0) for number in range(50)} == {"train"}


def test_what_is_reported_is_heard_nowhere_else() -> None:
    singers = tuple(Singer(f"s{k}", (), ("train", "choose", "report")[k % 3]) for k in range(30))
    material = Material((font("a"), font("b")), (font("c"),), singers=singers)
    plans = [draw_plan(Settings(seed=3), material, number) for number in range(400)]
    for plan in plans:
        names = {one.name for one in plan.soundfonts}
        assert names <= ({"c"} if plan.split == "report" else {"a", "b"})
        assert plan.singer is None or plan.singer.split == plan.split
        assert plan.split == "report" or plan.style not in REPORT_STYLES
    unseen = [plan for plan in plans if plan.style in REPORT_STYLES]
    assert 4 <= len(unseen) <= 16
    assert {plan.manner for plan in plans} == {"", "sung", "rapped", "spoken"}
    assert {one.name for plan in plans for one in plan.soundfonts} == {"a", "b", "c"}
    # The song of a number is the same in a longer run.
    assert plans[7] == draw_plan(Settings(seed=3), material, 7)
    assert plans[7] != draw_plan(Settings(seed=4), material, 7)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two songs of three seconds with a rapper or speaker, made by the command."""
    folder = tmp_path_factory.mktemp("songs")
    write_soundfont(folder / "tiny.sf2")
    for number in range(4):
        sound = voice_like(5.0, 16000, seed=number)
        write(folder / f"speech/s{number}/a.wav", sound, 16000)
    assert run(command(folder, folder / "out")) == 0
    return folder


def command(folder: Path, out: Path, *more: str) -> list[str]:
    made = ["data", "songs", "--out", str(out), "--soundfont", str(folder / "tiny.sf2")]
    made += ["--voices", str(folder / "speech"), "--songs", "2", "--seconds", "3", "-q"]
    return [*made, "--sample-rate", "16000", "--held-out", "0", "--jobs", "1", *more]


@needs_fluidsynth
def test_stems_are_sums_to_the_last_bit(corpus: Path) -> None:
    songs = sorted((corpus / "out").glob("song_*"))
    assert len(songs) == 2
    for song in songs:
        found = {path.stem: soundfile.read(path, dtype="int16")[0] for path in song.glob("*.flac")}
        assert set(found) <= {*STEMS, *DRUMS} and len(set(found) & set(STEMS)) >= 2
        assert all(sound.shape == (48000, 2) and sound.any() for sound in found.values())
        if "drums" in found:
            kit = sum(found[name].astype(int) for name in DRUMS if name in found)
            np.testing.assert_array_equal(found["drums"], kit)
        mixture = sum(found[name].astype(int) for name in STEMS if name in found)
        assert 3000 < np.abs(mixture).max() <= 32767
        record = json.loads((song / "song.json").read_text())
        assert set(record["stems"]) | set(record["kit"]) == set(found)
        assert abs(record["peak"] - np.abs(mixture).max() / 32767) < 1e-3


@needs_fluidsynth
def test_the_manifest_lists_them(corpus: Path) -> None:
    rows = read_manifest(corpus / "out/manifest.csv")
    files = {str(path.resolve()) for path in (corpus / "out").glob("*/*.flac")}
    assert {row.path for row in rows} == files
    assert {row.kind for row in rows} == {"stem"} and {row.split for row in rows} == {"train"}
    assert len({row.source for row in rows}) == 2
    assert all("Tiny: CC0" in row.licence for row in rows if row.label != "vocals")


@needs_fluidsynth
def test_a_run_goes_on_and_its_songs_stay_the_same(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(corpus / "out", out)
    before = {path.relative_to(out): path.read_bytes() for path in out.rglob("*.flac")}
    first, second = sorted(out.glob("song_*"))
    (second / "song.json").unlink()  # a folder that is no whole song
    shutil.rmtree(second)
    marked = first / "song.json"
    stamp = marked.stat().st_mtime_ns
    assert run(command(corpus, out)) == 0
    assert marked.stat().st_mtime_ns == stamp
    after = {path.relative_to(out): path.read_bytes() for path in out.rglob("*.flac")}
    assert after == before


@needs_fluidsynth
def test_songs_of_two_kinds_do_not_mix(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command(corpus, corpus / "out", "--seed", "9")) == 2
    said = capsys.readouterr().err
    assert "made with seed 0, not 9" in said and said.count("\n") == 1


def test_without_fluidsynth_there_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_soundfont(tmp_path / "tiny.sf2")
    write(tmp_path / "speech/s0/a.wav", voice_like(5.0, 16000, seed=0), 16000)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(command(tmp_path, tmp_path / "out")) == 2
    said = capsys.readouterr().err
    assert "FluidSynth, which is not installed" in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()
