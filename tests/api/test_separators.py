"""Which model takes out what is requested, and the parts of a drum kit through every door."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.api.separators import model_of
from aeolia.cli import run
from aeolia.config.classes import CLASSES, KIT
from aeolia.errors import InputError, ModelError
from aeolia.runtime import catalogue
from made.tiny_separators import write_separator

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording, and models of classes as if they had come with the package."""
    released = tmp_path / "released"
    released.mkdir()
    for name in ("separate", "separate-studio"):
        write_separator(released / f"{name}.onnx")
    monkeypatch.setattr(catalogue, "released_folder", lambda: released)
    monkeypatch.chdir(tmp_path)
    soundfile.write("song.wav", noise(20_000), 16000, "FLOAT")
    return tmp_path


@pytest.fixture
def kit_model(folder: Path) -> Path:
    return write_separator(folder / "released" / "separate-drums.onnx", classes=KIT)


def noise(length: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal((length, 2))).astype(np.float32)


def test_sources_choose_the_model(kit_model: Path) -> None:
    assert model_of([], whole=True) == model_of(["drums"], whole=True) == "separate-studio"
    assert model_of(["drums", "noise"], whole=False) == "separate"
    for texts in (["kick"], ["Kick+snare", "hi-hats"], ["bass drum"], ["crash and toms"], [*KIT]):
        assert {model_of(texts, whole=whole) for whole in (True, False)} == {kit_model.stem}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_never_a_part_of_a_kit(name: str) -> None:
    assert model_of([name], whole=False) == "separate"


@pytest.mark.usefixtures("kit_model")
@pytest.mark.parametrize("texts", [["vocals", "kick"], ["snare", "singing"], ["vocals+kick"]])
def test_sources_of_two_models_are_two_runs(texts: list[str]) -> None:
    with pytest.raises(InputError, match=r"\((kick|snare)\).*vocals by 'separate-studio'.*twice"):
        model_of(texts, whole=True)


@pytest.mark.parametrize("source", ["kick", "snare+toms"])
def test_without_the_model_of_kits_a_line_says_so(
    source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelError, match="'separate-drums', which is not in this package"):
        aeolia.separate(noise(100), 16000, sources=[source])
    assert run(["separate", "song.wav", "-s", source]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.usefixtures("kit_model")
def test_a_kit_comes_apart_in_arrays_files_and_streams() -> None:
    audio, sources = noise(20_000), ["kick", "hihat+cymbals"]
    parts = aeolia.separate(audio, 16000, sources=sources, rest=True)
    for name, share in zip([*sources, "rest"], (0.4, 0.35, 0.25), strict=True):
        np.testing.assert_allclose(parts[name], share * audio, atol=1e-6)
    stream = aeolia.Stream(None, 16000, 2, sources=sources, rest=True)
    operation = aeolia.Separate(sources=tuple(sources), rest=True)
    assert operation.model_name == "separate-drums"
    for live in (stream, operation.stream(16000, 2)):
        for name, part in live.process(audio).items():
            np.testing.assert_allclose(part, parts[name], atol=1e-6)
    for output in aeolia.separate_file("song.wav", "parts", sources=sources, rest=True).outputs:
        found, _ = soundfile.read(output.path)
        np.testing.assert_allclose(found, parts[output.name], atol=1e-6)


@pytest.mark.usefixtures("kit_model")
def test_all_parts_of_a_kit_leave_what_is_no_kit() -> None:
    audio = noise(20_000)
    parts = aeolia.separate(audio, 16000, sources=KIT)
    np.testing.assert_allclose(sum(parts.values()), 0.9 * audio, atol=1e-6)
    whole = aeolia.separate(audio, 16000, sources=KIT, rest=True)
    np.testing.assert_allclose(sum(whole.values()), audio, atol=1e-6)


@pytest.mark.usefixtures("kit_model")
def test_in_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["separate", "song.wav", "-s", "kick+snare", "-s", "toms", "--rest", "-o", "parts"]
    assert run([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == "separate-drums"
    assert sorted(path.name for path in Path("parts").iterdir()) == [
        "song.kick+snare.wav",
        "song.rest.wav",
        "song.toms.wav",
    ]
    for wrong, match in (
        (["-s", "kick", "-s", "vocals"], "separate twice, once for each"),
        (["-s", "kik"], "no source is called 'kik'; did you mean 'kick'? name some of speech,"),
        (["-s", "kick", "-m", "separate"], "no source is called 'kick'; name some of speech,"),
        (
            ["-s", "vocals", "-m", "separate-drums"],
            "name some of kick, snare, toms, hihat, cymbals",
        ),
        (["--stems", "-m", "separate-drums"], "this model tells kick, snare, toms, hihat, cymbals"),
    ):
        assert run(["separate", "song.wav", *wrong, "-o", "no"]) == 2
        error = capsys.readouterr().err
        assert match in error and error.count("\n") == 1
    assert not Path("no").exists()
