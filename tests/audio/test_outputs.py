"""Outputs: several files, all or nothing, whose sum survives rounding."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.files import AudioInfo, Outputs
from aeolia.audio.formats import as_written
from aeolia.errors import AudioFileError

NAMES = ("one", "two", "left")


def info(subtype: str = "PCM_16", container: str = "WAV") -> AudioInfo:
    return AudioInfo("mix.wav", 16000, 2, 1000, container, subtype)


def parts(scale: float = 0.2) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A mixture that 16 bits hold exactly, and three parts of it that they do not."""
    rng = np.random.default_rng(0)
    mixture = np.rint(scale * 32768 * rng.uniform(-1, 1, (1000, 2))).astype("f4") / 32768
    one, two = (mixture * 0.3).astype("f4"), (mixture * 0.3712).astype("f4")
    return mixture, {"one": one, "two": two, "left": mixture - one - two}


def paths(folder: Path, suffix: str = ".wav") -> dict[str, Path]:
    return {name: folder / f"{name}{suffix}" for name in NAMES}


def write(folder: Path, form: AudioInfo, suffix: str = ".wav", **options: object) -> Outputs:
    _, blocks = parts()
    with Outputs(paths(folder, suffix), form, **options) as outputs:  # type: ignore[arg-type]
        for start in range(0, 1000, 300):
            outputs.write({name: block[start : start + 300] for name, block in blocks.items()})
    return outputs


@pytest.mark.parametrize(
    ("subtype", "suffix"), [("PCM_16", ".wav"), ("PCM_24", ".wav"), ("PCM_16", ".flac")]
)
def test_integer_files_sum_exactly(tmp_path: Path, subtype: str, suffix: str) -> None:
    container = "FLAC" if suffix == ".flac" else "WAV"
    write(tmp_path, info(subtype, container), suffix, remainder="left")
    files = [soundfile.read(path)[0] for path in paths(tmp_path, suffix).values()]
    assert soundfile.info(str(tmp_path / f"one{suffix}")).subtype == subtype
    np.testing.assert_allclose(sum(files), parts()[0], rtol=0, atol=2.0**-23)


def test_without_a_remainder_each_is_rounded_alone(tmp_path: Path) -> None:
    write(tmp_path, info())
    for name, block in parts()[1].items():
        written, _ = soundfile.read(tmp_path / f"{name}.wav")
        assert np.abs(written - block).max() <= 0.5001 / 32768


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW"])
def test_as_written_is_what_a_file_holds(tmp_path: Path, subtype: str) -> None:
    block = parts(1.2)[1]["left"] * 3.0
    container = "CAF" if subtype == "PCM_S8" else "WAV"
    path = tmp_path / f"x.{container.lower()}"
    with Outputs({"x": path}, info(subtype, container)) as outputs:
        outputs.write({"x": block})
    there, _ = soundfile.read(path, dtype="float32")
    tolerance = 0.05 if subtype == "ULAW" else 1e-7  # logarithmic steps come after
    np.testing.assert_allclose(as_written(block, subtype), there, rtol=0, atol=tolerance)


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Outputs(paths(tmp_path), info()) as outputs:
        outputs.write(parts()[1])
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


def test_one_that_exists_stops_all(tmp_path: Path) -> None:
    (tmp_path / "two.wav").write_text("mine")
    with pytest.raises(AudioFileError, match="two.wav: already exists"):
        write(tmp_path, info())
    assert os.listdir(tmp_path) == ["two.wav"]
    write(tmp_path, info(), overwrite=True)
    assert sorted(os.listdir(tmp_path)) == ["left.wav", "one.wav", "two.wav"]


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_failure_while_placing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    real, calls = os.link, []

    def link(*arguments: Path) -> None:
        calls.append(arguments)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(AudioFileError, match="cannot be written"):
        write(tmp_path, info())
    assert os.listdir(tmp_path) == []


def test_clipping_is_counted_for_each(tmp_path: Path) -> None:
    blocks = {"one": np.full((10, 2), 1.5, "f4"), "two": np.zeros((10, 2), "f4")}
    with Outputs({name: tmp_path / f"{name}.wav" for name in blocks}, info()) as outputs:
        outputs.write(blocks)
    assert outputs.n_clipped == {"one": 20, "two": 0}
