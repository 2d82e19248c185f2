"""Models and errors pickle: a copy answers as its original does, in another process, too."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aeolia
from aeolia import errors
from aeolia.errors import AeoliaError, ModelError, TrainingStoppedError
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.separate.enrolment import VoiceEncoder

SOURCE = Path(__file__).parents[2] / "src"

#: A model that was sent comes in, and what it makes of noise goes out.
ELSEWHERE = """
import pickle, sys
import numpy as np
model = pickle.load(sys.stdin.buffer)
audio = np.random.default_rng(0).standard_normal((1, 1, 4 * model.config.hop_length))
output, _ = model.step(audio.astype("f4"), model.initial_state(1))
sys.stdout.buffer.write(output.tobytes())
"""


def copy(what: Any) -> Any:
    return pickle.loads(pickle.dumps(what))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("name", ["denoise", "denoise-16k"])
def test_denoisers(name: str) -> None:
    model = aeolia.load(name)
    other = copy(model)
    assert other.config == model.config and other.path == model.path
    audio = noise(1, 1, 8 * model.config.hop_length)
    for _ in range(2):
        expected, state = model.step(audio, model.initial_state(1))
        found, other_state = other.step(audio, other.initial_state(1))
        np.testing.assert_array_equal(found, expected)
        for key, value in state.items():
            np.testing.assert_array_equal(other_state[key], value)


def test_a_separator(separators_mixture: np.ndarray) -> None:
    rate = 48000
    parts = aeolia.separate(separators_mixture, rate, sources=["speech"], model="separate")
    others = aeolia.separate(
        separators_mixture, rate, sources=["speech"], model=copy(aeolia.load("separate"))
    )
    for name, audio in parts.items():
        np.testing.assert_array_equal(others[name], audio)


@pytest.fixture
def separators_mixture() -> np.ndarray:
    return 0.1 * noise(4800)


def test_a_voice_encoder() -> None:
    encoder = VoiceEncoder(released_models()["separate-speaker"])
    clip = 0.1 * noise(5 * 16000)
    first, second = (
        aeolia.runtime.separate.enrolment.enrol(clip, 16000, one, "clip")
        for one in (encoder, copy(encoder))
    )
    np.testing.assert_array_equal(first.vector, second.vector)
    np.testing.assert_array_equal(copy(first).vector, first.vector)


@pytest.mark.parametrize("name", ["notes", "drums"])
def test_synthesisers(name: str) -> None:
    model = aeolia.load(name)
    expected, rate = aeolia.synthesise(model=model, seconds=0.2, seed=1)
    found, other_rate = aeolia.synthesise(model=copy(model), seconds=0.2, seed=1)
    assert rate == other_rate
    np.testing.assert_array_equal(found, expected)


def test_a_model_goes_to_another_process(gain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may work in another folder."""
    monkeypatch.chdir(gain_model.parent)
    model = aeolia.load(gain_model.name)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=pickle.dumps(model),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        cwd="/",
        check=True,
    )
    expected, _ = model.step(noise(1, 1, 4 * model.config.hop_length), model.initial_state(1))
    np.testing.assert_array_equal(np.frombuffer(done.stdout, "f4"), expected.ravel())


def test_a_model_whose_file_is_gone(gain_model: Path, tmp_path: Path) -> None:
    file = tmp_path / "gone.onnx"
    file.write_bytes(gain_model.read_bytes())
    data = pickle.dumps(aeolia.load(file))
    file.unlink()
    with pytest.raises(ModelError, match="gone.onnx: no such"):
        pickle.loads(data)


@pytest.mark.parametrize(
    "kind",
    [k for _, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, AeoliaError)],
)
def test_errors(kind: type[AeoliaError]) -> None:
    error = kind("what came", 15) if kind is TrainingStoppedError else kind("what came")
    other = copy(error)
    assert type(other) is kind and str(other) == "what came" and other.args == error.args
    assert vars(other) == vars(error)
