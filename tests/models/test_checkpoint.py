"""Checkpoints: read back bit for bit, refused in one line."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from aeolia.config import DenoiseConfig, config_to_json
from aeolia.errors import ModelError
from aeolia.models.checkpoint import (
    WEIGHTS_FILE,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from made.random_separators import BY_CLASS
from made.tiny_models import TINY, TINY_TEXTBOOK, noise, random_model, with_layers


@pytest.mark.parametrize("config", [TINY, TINY_TEXTBOOK, with_layers(TINY, "lstm", "conv_gru")])
@torch.no_grad()
def test_a_checkpoint_gives_the_model_back(config: DenoiseConfig, tmp_path: Path) -> None:
    model = random_model(config)
    path = tmp_path / WEIGHTS_FILE
    digest = save_checkpoint(path, config, model.state_dict())
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    for given in (path, tmp_path, str(tmp_path)):
        again = load_checkpoint(given)
        assert again.config == config and not again.training
        for name, value in model.state_dict().items():
            assert torch.equal(again.state_dict()[name], value)
    audio = noise(1, 1, 4 * 256)
    assert torch.equal(again(audio), model(audio))
    assert [file.name for file in tmp_path.iterdir()] == [WEIGHTS_FILE]


def write_tensors(path: Path, metadata: dict[str, str] | None, drop: str = "") -> None:
    weights = {
        name: value for name, value in random_model(TINY).state_dict().items() if name != drop
    }
    save_file(weights, path, metadata)


def test_damaged_and_foreign_files_are_refused_in_one_line(tmp_path: Path) -> None:
    good = tmp_path / "good.safetensors"
    save_checkpoint(good, TINY, random_model(TINY).state_dict())
    data = good.read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.safetensors").write_text("not weights at all\n" * 10)
    (tmp_path / "empty.safetensors").write_bytes(b"")
    write_tensors(tmp_path / "plain.safetensors", None)
    wrong = config_to_json(TINY).replace("latent_dim", "latent_dimm")
    write_tensors(tmp_path / "key.safetensors", {"aeolia_config": wrong})
    other = config_to_json(replace(TINY, hidden_dim=16))
    write_tensors(tmp_path / "shape.safetensors", {"aeolia_config": other})
    right = {"aeolia_config": config_to_json(TINY)}
    write_tensors(tmp_path / "less.safetensors", right, drop="encoder.norm.bias")
    (tmp_path / "folder").mkdir()
    for name, message in {
        "cut.safetensors": "is not a readable safetensors file",
        "text.safetensors": "is not a readable safetensors file",
        "empty.safetensors": "is not a readable safetensors file",
        "plain.safetensors": "holds no aeolia_config",
        "key.safetensors": "no key 'latent_dimm'; did you mean 'latent_dim'",
        "shape.safetensors": "do not fit their config",
        "less.safetensors": "do not fit their config",
        "folder": "no checkpoint at",
        "absent.safetensors": "no checkpoint at",
    }.items():
        with pytest.raises(ModelError, match=message) as caught:
            load_checkpoint(tmp_path / name)
        assert "\n" not in str(caught.value) and name in str(caught.value)


def test_read_checkpoint_does_not_build_the_model(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / WEIGHTS_FILE, TINY, {"only": torch.ones(2)})
    config, weights = read_checkpoint(tmp_path)
    assert config == TINY and torch.equal(weights["only"], torch.ones(2))


def test_another_config_must_be_of_the_same_task(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / WEIGHTS_FILE, TINY, random_model(TINY).state_dict())
    other = replace(TINY, name="other")
    assert load_checkpoint(tmp_path, other).config == other
    with pytest.raises(ModelError, match="task 'denoise', but tiny-separate is for 'separate'"):
        load_checkpoint(tmp_path, BY_CLASS)
