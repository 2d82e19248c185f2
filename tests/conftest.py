"""Fixtures shared by the tests: a tiny model in the release format, whose output is known."""

from __future__ import annotations

import importlib.util
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aeolia.config import DenoiseConfig, config_to_json

# Tiny models on several threads spend their time waiting; processes started by tests heed it too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts background jobs deaf to Ctrl-C, and tests of interrupts would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


if importlib.util.find_spec("torch") is None:
    # What plays is tested without PyTorch, but for what compares with it or is made by it.
    collect_ignore = [
        "runtime/test_one_path.py",
        "runtime/separate/test_one_path.py",
        "runtime/synth/test_instrument.py",
        "runtime/synth/test_performance.py",
    ]


def write_gain_model(
    path: Path,
    gain: float = 0.5,
    metadata: dict[str, str] | None = None,
    state: str = "state_past",
    **config: object,
) -> Path:
    """Write a released model that delays by one hop of 256 samples and multiplies by `gain`."""
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    hop = 256

    def constant(name: str, values: np.ndarray) -> object:
        return onnx.numpy_helper.from_array(values, name)

    audio = helper.make_tensor_value_info("audio", floats, ["batch", 1, "samples"])
    past = helper.make_tensor_value_info(state, floats, ["batch", 1, hop])
    output = helper.make_tensor_value_info("output", floats, ["batch", 1, "samples"])
    next_past = helper.make_tensor_value_info(f"next_{state}", floats, ["batch", 1, hop])
    graph = helper.make_graph(
        [
            helper.make_node("Concat", [state, "audio"], ["joined"], axis=2),
            helper.make_node("Slice", ["joined", "zero", "minus_hop", "axis"], ["delayed"]),
            helper.make_node("Slice", ["joined", "minus_hop", "end", "axis"], [f"next_{state}"]),
            helper.make_node("Mul", ["delayed", "gain"], ["output"]),
        ],
        "gain",
        [audio, past],
        [output, next_past],
        [
            constant("zero", np.array([0])),
            constant("minus_hop", np.array([-hop])),
            constant("end", np.array([2**31 - 1])),
            constant("axis", np.array([2])),
            constant("gain", np.array(gain, np.float32)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    entries = {
        "aeolia_format": "1",
        "aeolia_config": config_to_json(DenoiseConfig(win_length=512, hop_length=hop, **config)),
        "aeolia_card": f"# gain\n\nMultiplies by {gain}.\n",
    }
    for key, value in {**entries, **(metadata or {})}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Decoded sound goes into a folder of the tests' own."""
    os.environ["AEOLIA_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def gain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 16 kHz model file: one hop of delay, gain 0.5."""
    return write_gain_model(tmp_path_factory.mktemp("models") / "gain.onnx")


@pytest.fixture(scope="session")
def make_gain_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write variants of the gain model: see `write_gain_model`."""

    def make(**arguments: object) -> Path:
        folder = tmp_path_factory.mktemp("models")
        return write_gain_model(folder / "variant.onnx", **arguments)

    return make


@pytest.fixture(scope="session")
def synth_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny synthesisers of known sound: notes.onnx, drums.onnx and their parts."""
    pytest.importorskip("torch")  # what they are made with
    from made.tiny_synth import DRUMS, write_synth

    folder = tmp_path_factory.mktemp("synths")
    write_synth(folder)
    write_synth(folder, DRUMS)
    return folder


@pytest.fixture(scope="session")
def separators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny separators of known sound: classes.onnx, and speaker.onnx with voices."""
    pytest.importorskip("torch")
    from made.tiny_separators import write_separator, write_voice_encoder

    folder = tmp_path_factory.mktemp("separators")
    write_separator(folder / "classes.onnx")
    write_separator(folder / "speaker.onnx", "speaker")
    write_voice_encoder(folder / "speaker.onnx")
    return folder
