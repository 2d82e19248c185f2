"""Export of separators: ONNX is the PyTorch step for any channels, sources and lengths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from aeolia.config import SeparateConfig, config_from_json
from aeolia.errors import ModelError
from aeolia.models.export import separate
from aeolia.models.export.onnx import export_onnx
from made.random_separators import BY_CLASS, BY_SPEAKER, random_separator, some_conditions
from made.tiny_models import noise

CONFIGS = [
    pytest.param(BY_CLASS, id="film"),
    pytest.param(replace(BY_CLASS, fusion="attention", band_memory=4), id="attention, memory"),
    pytest.param(
        replace(
            BY_CLASS,
            fusion="concat",
            encoder="conv",
            decoder="conv",
            skips=False,
            output="magnitude",
        ),
        id="textbook",
    ),
    pytest.param(
        replace(BY_SPEAKER, sample_rate=48000, win_length=1536, hop_length=768, network_hz=8000),
        id="speaker, full band",
    ),
]


def opened(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("config", CONFIGS)
@torch.no_grad()
def test_onnx_equals_pytorch(config: SeparateConfig, tmp_path: Path) -> None:
    model, path = random_separator(config), tmp_path / "model.onnx"
    assert 0.0 < export_onnx(model, path, "# card") < 1e-4
    session = opened(path)
    shapes = {node.name: node.shape for node in session.get_inputs()}
    assert shapes.pop("audio") == [1, "channels", "samples"]
    assert shapes.pop("condition") == [1, "sources", model.condition_width]
    assert shapes.pop("partition") == [1]
    axes = {name: 1 if axis == "one" else axis for name, axis in model.state_axes().items()}
    assert shapes == {
        f"state_{name}": [axes[name], *shape] for name, shape in model.state_shapes().items()
    }
    names = [node.name for node in session.get_outputs()]
    assert session.get_outputs()[0].shape == [1, "sources", "channels", "samples"]
    for channels, sources, whole in ((1, 1, 0.0), (2, 1, 0.0), (1, 2, 1.0), (2, 6, 1.0)):
        condition, partition = some_conditions(model, 1, sources), torch.tensor([whole])
        theirs = model.initial_state(1, sources, channels)
        ours = {f"state_{name}": value.numpy() for name, value in theirs.items()}
        for frames in (1, 5, 40, 2):  # the state goes on from length to length
            audio = noise(1, channels, frames * config.hop_length, seed=frames)
            expected, theirs = model.step(audio, condition, partition, theirs)
            feeds = {
                "audio": audio.numpy(),
                "condition": condition.numpy(),
                "partition": partition.numpy(),
                **ours,
            }
            values = dict(zip(names, session.run(None, feeds), strict=True))
            assert np.abs(values.pop("output") - expected.numpy()).max() < 2e-5
            ours = {name.removeprefix("next_"): value for name, value in values.items()}
            for name, value in theirs.items():
                assert ours[f"state_{name}"].shape == value.shape


@pytest.fixture(scope="module")
def by_speaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an exported separator by speaker."""
    folder = tmp_path_factory.mktemp("by_speaker")
    export_onnx(random_separator(BY_SPEAKER), folder / "speaker.onnx", "# speaker\n")
    return folder


@torch.no_grad()
def test_the_voice_network_lies_beside(by_speaker: Path) -> None:
    model = random_separator(BY_SPEAKER)
    assert model.voice is not None
    assert sorted(path.name for path in by_speaker.iterdir()) == [
        "speaker.onnx",
        "speaker.voice.onnx",
    ]
    session = opened(by_speaker / "speaker.voice.onnx")
    assert [(node.name, node.shape) for node in session.get_inputs()] == [("audio", [1, "samples"])]
    for seconds in (2.0, 4.321, 30.0):
        audio = noise(1, round(seconds * 16000))
        (voice,) = session.run(["voice"], {"audio": audio.numpy()})
        assert voice.shape == (1, BY_SPEAKER.condition_dim)
        np.testing.assert_allclose(voice, model.voice(audio).numpy(), atol=1e-5)


def test_both_files_describe_themselves(by_speaker: Path) -> None:
    for name in ("speaker.onnx", "speaker.voice.onnx"):
        proto = onnx.load(by_speaker / name)
        metadata = {entry.key: entry.value for entry in proto.metadata_props}
        assert metadata["aeolia_format"] == "1" and metadata["aeolia_card"] == "# speaker\n"
        assert config_from_json(SeparateConfig, metadata["aeolia_config"]) == BY_SPEAKER
        assert [(entry.domain, entry.version) for entry in proto.opset_import] == [("", 17)]
        assert all(node.domain == "" for node in proto.graph.node)


@pytest.mark.parametrize("check", ["largest_step_difference", "_voice_difference"])
def test_nothing_is_written_when_either_differs(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(separate, check, lambda *_: 2e-3)
    with pytest.raises(ModelError, match="differ by 2.00e-03"):
        export_onnx(random_separator(BY_SPEAKER), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_other_weights_are_noticed(by_speaker: Path, tmp_path: Path) -> None:
    model = random_separator(BY_SPEAKER)
    export_onnx(random_separator(BY_SPEAKER, seed=1), tmp_path / "speaker.onnx")
    own, others = (
        {"": f.read_bytes(), "voice": f.with_suffix(".voice.onnx").read_bytes()}
        for f in (by_speaker / "speaker.onnx", tmp_path / "speaker.onnx")
    )
    assert separate.largest_difference(model, own) < 1e-4
    for part in ("", "voice"):
        assert separate.largest_difference(model, {**own, part: others[part]}) > 1e-3
