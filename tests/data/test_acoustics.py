"""Rooms and equalisers for many crops: the same as one by one with NumPy's convolution."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from aeolia.data.acoustics import Acoustics, Colour, smooth_response  # noqa: E402
from aeolia.data.rooms import simulate_room  # noqa: E402

RATE, LENGTH = 16000, 16000


@pytest.fixture(scope="module")
def acoustics() -> Acoustics:
    return Acoustics.with_bank(RATE, LENGTH, rooms=4, rt60_seconds=(0.1, 0.4), seed=3)


def noise(count: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.standard_normal((count, LENGTH), dtype=np.float32))


def test_a_crop_without_colour_is_left_alone(acoustics: Acoustics) -> None:
    audio = noise(3)
    colours = [Colour(), Colour(room=acoustics.bank[1]), Colour()]
    wet, target = acoustics.apply_with_early(audio.clone(), colours)
    for row in (0, 2):
        assert torch.equal(wet[row], audio[row]) and torch.equal(target[row], audio[row])
    assert not torch.allclose(wet[1], audio[1], atol=0.1)


def test_rooms_agree_with_convolution(acoustics: Acoustics) -> None:
    """More crops than are transformed together, each in a room of its own."""
    responses = [simulate_room(np.random.default_rng(i), RATE, 0.2) for i in range(10)]
    audio = noise(10)
    colours = [Colour(room=room) for room in acoustics.rooms(responses)]
    wet = acoustics.apply(audio.clone(), colours)
    for dry, sound, response in zip(audio.numpy(), wet.numpy(), responses, strict=True):
        assert np.allclose(sound, np.convolve(dry, response)[:LENGTH], atol=1e-3)


def test_the_target_keeps_the_direct_sound_and_50_ms(acoustics: Acoustics) -> None:
    response = np.zeros(RATE // 2, np.float32)
    response[[0, 640, 3200]] = 1.0, 0.5, 0.4  # 0, 40 and 200 ms
    click = torch.zeros(1, LENGTH)
    click[0, 1000] = 1.0
    (room,) = acoustics.rooms([response])
    wet, target = acoustics.apply_with_early(click, [Colour(room=room)])
    expected = torch.zeros(1, LENGTH)
    expected[0, 1000], expected[0, 1640] = 1.0, 0.5
    assert torch.allclose(target, expected, atol=1e-5)
    expected[0, 4200] = 0.4
    assert torch.allclose(wet, expected, atol=1e-5)


def test_equalisers_are_products_in_frequency(acoustics: Acoustics) -> None:
    """The middle of the crop, where the padding is out of an equaliser's reach."""
    audio = noise(2)
    curve = np.linspace(-6.0, 6.0, 8)
    equalised = acoustics.apply(audio.clone(), [Colour(), Colour(curve_db=curve)])
    assert torch.equal(equalised[0], audio[0])
    gain = smooth_response(curve[None], LENGTH, RATE)[0].numpy()
    expected = np.fft.irfft(np.fft.rfft(audio[1].numpy()) * gain, LENGTH)
    assert np.allclose(equalised[1].numpy()[2000:-2000], expected[2000:-2000], atol=1e-3)


def test_an_equaliser_and_a_room_are_one_after_the_other(acoustics: Acoustics) -> None:
    audio = noise(1)
    audio[:, :2000] = audio[:, -2000:] = 0.0
    curve, room = np.linspace(6.0, -6.0, 8), acoustics.bank[2]
    both = acoustics.apply(audio.clone(), [Colour(curve, room)])
    equalised = acoustics.apply(audio.clone(), [Colour(curve)])
    assert torch.allclose(both, acoustics.apply(equalised, [Colour(room=room)]), atol=2e-3)


def test_a_level_equaliser_is_a_gain(acoustics: Acoustics) -> None:
    audio = noise(2)
    colours = [Colour(np.zeros(8)), Colour(np.full(8, -6.0206))]
    flat, half = acoustics.apply(audio.clone(), colours)
    assert torch.allclose(flat, audio[0], atol=1e-5)
    assert torch.allclose(half, audio[1] / 2, atol=1e-5)


def test_the_equaliser_goes_through_its_points() -> None:
    points = np.array([[6.0, -3.0, 0.0, 4.0, -6.0]])
    response = 20 * torch.log10(smooth_response(points, 65536, RATE)[0])
    for index, expected in enumerate(points[0]):
        frequency = 60.0 * (8000.0 / 60.0) ** (index / 4)
        assert response[round(frequency / RATE * 65536)].item() == pytest.approx(expected, abs=0.1)


def test_draws_follow_their_probabilities(acoustics: Acoustics) -> None:
    colours = [acoustics.draw(np.random.default_rng(i), 0.5, 6.0, 0.25) for i in range(400)]
    curves = [colour.curve_db for colour in colours if colour.curve_db is not None]
    assert 0.4 < len(curves) / 400 < 0.6
    assert max(np.abs(curve).max() for curve in curves) <= 6.0
    rooms = [acoustics.bank.index(colour.room) for colour in colours if colour.room is not None]
    assert 0.18 < len(rooms) / 400 < 0.32 and set(rooms) == {0, 1, 2, 3}


def test_without_a_bank_nothing_is_in_a_room() -> None:
    empty = Acoustics.with_bank(RATE, LENGTH, rooms=0, rt60_seconds=(0.1, 0.4), seed=3)
    assert empty.draw(np.random.default_rng(0), 0.0, 6.0, 1.0).room is None
