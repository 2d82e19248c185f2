"""One path for separators: forward == stream == blocks == ONNX, made and released; and sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import aeolia
from aeolia.config import SeparateConfig
from aeolia.models.export.onnx import export_onnx
from aeolia.models.torch_backend import TorchSeparator
from aeolia.runtime.backend import SeparationBackend
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.released_file import open_released
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.separate.sources import Source, parse_sources
from aeolia.runtime.separate.stream import SeparationStream
from made.random_separators import BY_CLASS, BY_SPEAKER, random_separator

#: Of a model of all classes, which sum to the mixture.
THREE = ["speech", "music", "noise"]
#: Of a drum kit, which leaves a rest.
TWO = ["kick+snare+toms", "hihat+cymbals"]

RELEASED = [
    pytest.param(path, id=name)
    for name, path in released_models().items()
    if open_released(path).config.task == "separate"
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    paths = {
        config.condition: folder / f"{config.condition}.onnx" for config in (BY_CLASS, BY_SPEAKER)
    }
    for config in (BY_CLASS, BY_SPEAKER):
        export_onnx(random_separator(config), paths[config.condition], "# made\n")
    return paths


def sound(samples: int, channels: int, seed: int = 0) -> np.ndarray:
    """Bursts over noise [T, C]: silence, loud and quiet parts, other in every channel."""
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / 16000.0
    bursts = np.sin(2 * np.pi * 180.0 * time) * (np.sin(2 * np.pi * 2.0 * time) > 0.0)
    pan = rng.uniform(0.1, 1.0, channels)
    return (0.3 * bursts[:, None] * pan + 0.03 * rng.standard_normal((samples, channels))).astype(
        "f4"
    )


def asked(config: SeparateConfig) -> list[Source]:
    if config.condition == "classes":
        return parse_sources(THREE if config.is_complete else TWO, config.classes)
    vector = np.random.default_rng(1).standard_normal(config.condition_dim)
    return [Source("speaker", (vector / np.linalg.norm(vector)).astype(np.float32))]


def pushed(stream: SeparationStream, audio: np.ndarray) -> dict[str, np.ndarray]:
    """Through `stream` in blocks of random sizes, some empty."""
    rng = np.random.default_rng(0)
    parts, start = [], 0
    while start < len(audio):
        stop = start + int(rng.choice([0, 1, 37, 480, 1000, 3001]))
        parts.append(stream.push(audio[start:stop]))
        start = min(stop, len(audio))
    parts.append(stream.flush())
    return {name: np.concatenate([part[name] for part in parts]) for name in stream.names}


def same_on_every_path(backends: list[SeparationBackend], samples: int, rate: int) -> None:
    config = backends[0].config
    audio = sound(samples, 2)
    rest = None if config.is_complete else "background"
    streams = [SeparationStream(one, asked(config), rate, 2, rest=rest) for one in backends]
    expected = streams[0].process(audio)
    for stream in streams:
        for output in (stream.process(audio), pushed(stream, audio)):
            for name, part in output.items():
                assert part.shape == audio.shape
                assert np.abs(part - expected[name]).max() < 1e-5, name
            assert np.abs(sum(output.values()) - audio).max() < 1e-5
    levels = [float(np.std(part)) for part in expected.values()]
    assert min(levels) > 1e-4 and max(levels) - min(levels) > 1e-4


@pytest.mark.parametrize("config", [BY_CLASS, BY_SPEAKER], ids=["classes", "speaker"])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_made_models(config: SeparateConfig, rate: int, made: dict[str, Path]) -> None:
    torch_backend = TorchSeparator(random_separator(config))
    same_on_every_path([torch_backend, OnnxSeparator(made[config.condition])], 20_001, rate)


def test_the_stream_is_the_models_forward(made: dict[str, Path]) -> None:
    """Padded to whole hops and trimmed of the delay, with the model's own sum untouched."""
    model, audio = random_separator(BY_CLASS), sound(5000, 2)
    hops = -(-(len(audio) + BY_CLASS.delay) // BY_CLASS.hop_length)
    padded = np.zeros((hops * BY_CLASS.hop_length, 2), np.float32)
    padded[: len(audio)] = audio
    condition = np.stack([source.condition for source in asked(BY_CLASS)])[None]
    with torch.no_grad():
        output, _ = model.step(
            torch.from_numpy(padded.T.copy())[None],
            torch.from_numpy(condition),
            torch.ones(1),
            model.initial_state(1, 3, 2),
        )
    expected = output[0, :, :, BY_CLASS.delay : BY_CLASS.delay + len(audio)].numpy()
    assert np.abs(expected.sum(axis=0).T - audio).max() < 1e-5
    stream = SeparationStream(OnnxSeparator(made["classes"]), asked(BY_CLASS), channels=2)
    for part, target in zip(stream.process(audio).values(), expected, strict=True):
        assert np.abs(part - target.T).max() < 1e-5


def test_a_made_models_own_voice(made: dict[str, Path], tmp_path: Path) -> None:
    clip, mixture = sound(50_000, 1, seed=3), sound(9000, 2)
    voice = aeolia.enrol(clip, 16000, model=made["speaker"])
    assert voice.vector.shape == (8,)
    centred = (clip - clip.mean(dtype=np.float64)).astype(np.float32)[:, 0]
    torch_vector = TorchSeparator(random_separator(BY_SPEAKER)).voice(centred)
    np.testing.assert_allclose(voice.vector, torch_vector, atol=1e-4)
    voice.save(tmp_path / "someone.voice")
    outputs = [
        aeolia.separate(mixture, 16000, speaker=given, rest=True, model=made["speaker"])
        for given in (voice, tmp_path / "someone.voice")
    ]
    np.testing.assert_array_equal(outputs[0]["speaker"], outputs[1]["speaker"])


@pytest.mark.parametrize("path", RELEASED)
class TestReleased:
    """What every released separator must do, whatever its weights."""

    def test_any_partition_equals_the_whole_and_sums(self, path: Path) -> None:
        backend = OnnxSeparator(path)
        for rate in (backend.config.sample_rate, 44100):
            same_on_every_path([backend], 60_001, rate)

    def test_silence_stays_silent(self, path: Path) -> None:
        backend = OnnxSeparator(path)
        stream = SeparationStream(backend, asked(backend.config))
        for part in stream.process(np.zeros(30_000, np.float32)).values():
            assert np.abs(part).max() < 1e-4
