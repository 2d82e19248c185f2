"""Models that have another's weights: opened, copied, listed, refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import aeolia
from aeolia.api.models import copy_released
from aeolia.errors import ModelError
from aeolia.runtime import catalogue
from aeolia.runtime.graph_file import metadata_apart, read_graph, with_metadata
from aeolia.runtime.like import graph_path, read_model
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.separate.enrolment import encoder_fingerprint
from made.tiny_separators import write_separator, write_voice_encoder


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "released"
    folder.mkdir()
    write_voice_encoder(write_separator(folder / "one.onnx", "speaker"))
    (folder / "two.json").write_text('{"like": "one", "chunk_seconds": 0.5}', encoding="utf-8")
    (folder / "two.md").write_text("# two\n", encoding="utf-8")
    monkeypatch.setattr(catalogue, "released_folder", lambda: folder)
    return folder


def test_it_has_the_others_graph_and_its_own_settings_and_card(released: Path) -> None:
    assert list(catalogue.released_models()) == ["one", "two"]
    one, two = OnnxSeparator(released / "one.onnx"), OnnxSeparator(released / "two.json")
    assert one.config.chunk_seconds == 0.0 and two.config.chunk_seconds == 0.5
    assert two.config.name == "two" and two.card == "# two\n"
    assert two.config.latency_ms == one.config.latency_ms + 496.0  # 31 whole hops
    state = one.initial_state(1, 1)
    assert state.keys() == two.initial_state(1, 1).keys()
    assert encoder_fingerprint(two.path) == encoder_fingerprint(one.path)
    assert pickle.loads(pickle.dumps(two)).config == two.config
    info = aeolia.describe_model("two")
    assert (info.name, info.bytes) == ("two", (released / "one.onnx").stat().st_size)
    names = [path.name for path in catalogue.model_files("two")]
    assert names == ["two.json", "one.onnx", "one.voice.onnx"]


def test_a_voice_fits_all_models_of_the_same_weights(released: Path, tmp_path: Path) -> None:
    audio = (0.1 * np.random.default_rng(0).standard_normal(48_000)).astype(np.float32)
    voice = aeolia.enrol(audio, 16000, model="one")
    found = [
        aeolia.separate(audio, 16000, speaker=voice, model=name)["speaker"]
        for name in ("one", "two")
    ]
    # Its gain keeps no memory, so that hearing it twice changes nothing.
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_a_copy_is_one_file_that_others_read(released: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    written = copy_released("two", tmp_path / "mine.onnx")
    assert [path.name for path in written] == ["mine.onnx", "mine.voice.onnx"]
    copied, original = (onnx.load(path) for path in (written[0], released / "one.onnx"))
    onnx.checker.check_model(copied)
    assert copied.graph == original.graph
    metadata = {entry.key: entry.value for entry in copied.metadata_props}
    assert json.loads(metadata["aeolia_config"])["chunk_seconds"] == 0.5
    assert len(copied.metadata_props) == len(metadata)
    assert aeolia.load(written[0]).config == aeolia.load("two").config
    assert written[1].read_bytes() == (released / "one.voice.onnx").read_bytes()


def test_metadata_is_what_onnx_reads(released: Path) -> None:
    onnx = pytest.importorskip("onnx")
    rest, metadata = metadata_apart(read_graph(released / "one.onnx"))
    original = onnx.load(released / "one.onnx")
    assert metadata == {entry.key: entry.value for entry in original.metadata_props}
    long = {"a": "", "é": "b" * 300, "c": "d" * 70_000}
    again = onnx.load_from_string(with_metadata(rest, long))
    assert {entry.key: entry.value for entry in again.metadata_props} == long
    assert again.graph == original.graph


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nothing", "no model (it is not valid JSON"),
        ("[]", "it must be a JSON object"),
        ('{"chunk_seconds": 2}', 'its key "like" names no model beside it'),
        ('{"like": "../released/one"}', 'its key "like" names no model beside it'),
        ('{"like": "three"}', "three.onnx: no such model file"),
        ('{"like": "one", "chunks": 2}', "has no key 'chunks'"),
        ('{"like": "one", "chunk_seconds": 99}', "chunk_seconds is 99"),
    ],
)
def test_what_is_no_such_model_is_told_in_one_line(
    released: Path, content: str, message: str
) -> None:
    (released / "two.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError) as error:
        aeolia.load(released / "two.json")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_card_is_needed(released: Path) -> None:
    (released / "two.md").unlink()
    with pytest.raises(ModelError, match=r"two\.md: no such model card"):
        read_model(released / "two.json")


def test_an_onnx_file_is_itself(released: Path) -> None:
    path = released / "one.onnx"
    assert graph_path(path) == path and read_model(path) == path.read_bytes()


def test_fine_tuning_starts_from_the_same_weights() -> None:
    pytest.importorskip("torch")
    from aeolia.training.recipe import read_start

    ahead, weights = read_start("separate-studio")
    causal, same = read_start("separate")
    assert ahead.chunk_seconds == 2.0 and causal.chunk_seconds == 0.0
    assert weights.keys() == same.keys()
    assert all(bool((weights[key] == same[key]).all()) for key in weights)
