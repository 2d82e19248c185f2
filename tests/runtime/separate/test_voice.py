"""Voice files: what is saved comes back; everything else is an error in words."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import InputError, ModelError
from aeolia.runtime.separate.voice import Voice, _checksum


def voice(size: int = 64) -> Voice:
    vector = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    vector /= np.linalg.norm(vector)
    return Voice(vector, "separate-speaker", "abc", "alice.wav", 4.5, ("alice.wav: short",))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "alice.voice"
    voice().save(path)
    return path


def test_comes_back_unchanged(saved: Path) -> None:
    loaded = Voice.load(saved)
    np.testing.assert_array_equal(loaded.vector, voice().vector)
    assert loaded.vector.dtype == np.float32
    fields = ("model", "encoder", "clip", "seconds", "warnings")
    assert all(getattr(loaded, name) == getattr(voice(), name) for name in fields)
    assert saved.stat().st_size < 10_000
    assert os.listdir(saved.parent) == ["alice.voice"]


def test_is_not_replaced_unasked(saved: Path) -> None:
    before = saved.read_text()
    with pytest.raises(InputError, match="already exists; add --overwrite"):
        voice(8).save(saved)
    assert saved.read_text() == before
    voice(8).save(saved, overwrite=True)
    assert Voice.load(saved).vector.shape == (8,)


def test_places_that_cannot_be(saved: Path) -> None:
    with pytest.raises(InputError, match="a folder; name a file"):
        voice().save(saved.parent, overwrite=True)
    with pytest.raises(InputError, match="cannot be written"):
        voice().save(saved / "below.voice")


def test_a_write_that_fails_leaves_the_old_one(saved: Path, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    before = saved.read_text()
    with pytest.raises(InputError, match="No space left"):
        voice(8).save(saved, overwrite=True)
    assert os.listdir(saved.parent) == ["alice.voice"] and saved.read_text() == before


def edited(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not a readable voice file"),
        (b"RIFF\x00\xff\xfe", "not a readable voice file"),
        (b"[1, 2]", "must be a JSON object"),
        (b'{"some": "json"}', "not a voice of Aeolia's"),
        (b'{"aeolia_voice": 7}', "voice format 7, but .* reads format 1"),
        (b'{"aeolia_voice": 1}', "damaged"),
        (b" " * (1 << 21), "too large"),
        (b"[" * 100_000, "not a readable voice file"),
        (b'{"aeolia_voice": ' + b"9" * 5000 + b"}", "not a readable voice file"),
        (b'{"aeolia_voice": NaN}', "not a readable voice file"),
    ],
)
def test_what_is_no_voice(tmp_path: Path, content: bytes, match: str) -> None:
    path = tmp_path / "odd.voice"
    path.write_bytes(content)
    with pytest.raises(InputError, match=match) as caught:
        Voice.load(path)
    assert "\n" not in str(caught.value)


def test_damage_is_noticed(saved: Path) -> None:
    edited(saved, vector=[1.0] + [0.0] * 63)
    with pytest.raises(InputError, match="damaged .*checksum"):
        Voice.load(saved)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vector", [10**400] + [0.0] * 63),
        ("vector", "long"),
        ("vector", [[1.0]]),
        ("vector", None),
        ("seconds", 10**400),
        ("seconds", -1),
        ("seconds", []),
        ("warnings", 3),
    ],
)
def test_values_that_cannot_be_with_a_checksum_that_fits(
    saved: Path, name: str, value: object
) -> None:
    edited(saved, **{name: value})
    content = json.loads(saved.read_text())
    content.pop("checksum")
    edited(saved, checksum=_checksum(content))
    with pytest.raises(InputError, match="a damaged voice file") as caught:
        Voice.load(saved)
    assert "\n" not in str(caught.value)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such voice file"):
        Voice.load(tmp_path / "none.voice")
    with pytest.raises(InputError, match="a folder"):
        Voice.load(tmp_path)


def test_serves_only_its_own_model(saved: Path) -> None:
    loaded = Voice.load(saved)
    loaded.check_fits("separate-speaker", "abc", 64)
    loaded.check_fits("a-copy-of-the-file", "abc", 64)
    with pytest.raises(ModelError, match="made by another version, and 'separate-speaker'"):
        loaded.check_fits("separate-speaker", "def", 64)
    with pytest.raises(ModelError, match="made for the model 'separate-speaker', and 'mine'"):
        loaded.check_fits("mine", "def", 64)
    with pytest.raises(ModelError, match="another version"):
        loaded.check_fits("separate-speaker", "abc", 32)
