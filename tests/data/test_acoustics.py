"""Rooms and equalisers for many crops: the same as one by one with the plain functions."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from aeolia.data.acoustics import Acoustics, Colour  # noqa: E402
from aeolia.data.corruptions import equalise, reverberate  # noqa: E402

RATE, LENGTH = 16000, 16000


@pytest.fixture(scope="module")
def acoustics() -> Acoustics:
    return Acoustics(RATE, LENGTH, rooms=4, rt60_seconds=(0.1, 0.4), seed=3)


def noise(count: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.standard_normal((count, LENGTH), dtype=np.float32))


def response(acoustics: Acoustics, room: int) -> torch.Tensor:
    impulse = torch.zeros(1, LENGTH)
    impulse[0, 0] = 1.0
    return acoustics.apply(impulse, [Colour(room=room)])


def test_a_crop_without_colour_is_left_alone(acoustics: Acoustics) -> None:
    audio = noise(3)
    colours = [Colour(), Colour(room=1), Colour()]
    heard, target = acoustics.apply_with_early(audio.clone(), colours)
    for row in (0, 2):
        assert torch.equal(heard[row], audio[row]) and torch.equal(target[row], audio[row])
    assert not torch.allclose(heard[1], audio[1], atol=0.1)


def test_rooms_agree_with_plain_reverberation(acoustics: Acoustics) -> None:
    audio = noise(10)
    rooms = [i % 4 for i in range(10)]
    heard, target = acoustics.apply_with_early(audio.clone(), [Colour(room=r) for r in rooms])
    for i, room in enumerate(rooms):
        wet, early = reverberate(audio[i : i + 1], response(acoustics, room), RATE)
        assert torch.allclose(heard[i], wet[0], atol=2e-3)
        assert torch.allclose(target[i], early[0], atol=2e-3)


def test_equalisers_agree_with_the_plain_one(acoustics: Acoustics) -> None:
    audio = noise(2)
    curve = np.linspace(-6.0, 6.0, 8)
    heard = acoustics.apply(audio.clone(), [Colour(), Colour(curve_db=curve)])
    assert torch.allclose(heard[1], equalise(audio[1:], curve[None], RATE)[0], atol=1e-4)
    assert torch.equal(heard[0], audio[0])


def test_draws_follow_their_probabilities(acoustics: Acoustics) -> None:
    colours = [acoustics.draw(np.random.default_rng(i), 0.5, 6.0, 0.25) for i in range(400)]
    curves = [colour.curve_db for colour in colours if colour.curve_db is not None]
    assert 0.4 < len(curves) / 400 < 0.6
    assert max(np.abs(curve).max() for curve in curves) <= 6.0
    rooms = [colour.room for colour in colours if colour.room is not None]
    assert 0.18 < len(rooms) / 400 < 0.32 and set(rooms) == {0, 1, 2, 3}
