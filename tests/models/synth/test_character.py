"""The character of instruments: a course by age and pitch, a waver by chance, each their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from aeolia.models.synth.character import Character
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.nn.state import zero_state
from made.tiny_notes import TINY_SYNTH, random_synth

BANDS = 40
HOP = TINY_SYNTH.hop_length
FIRST, SECOND = torch.eye(2)[:1], torch.eye(2)[1:]


def plain(config=TINY_SYNTH) -> Character:
    """One that does nothing yet."""
    character = Character(config, BANDS)
    torch.nn.init.zeros_(character.waver.weight)
    return character


@torch.no_grad()
def levels(
    character: Character,
    instrument: Tensor = FIRST,
    hz: float = 330.0,
    frames: int = 50,
    age: float = 0.0,
    seed: int = 0,
) -> Tensor:
    """Levels [F, 3, bands] of a voice at one pitch."""
    state = zero_state({**character.state_shapes(), "age": (1,)}, 1, torch.device("cpu"))
    state["age"] = state["age"] + age
    noise = torch.randn(1, frames * character.hearing.shape[0], generator=torch.manual_seed(seed))
    found, _ = character(instrument, torch.full((1, frames), hz), noise, state)
    return found[0].reshape(frames, 3, BANDS)


def set_course(character: Character, feature: int, instrument: int = 0) -> None:
    """One neper in all bands of all filters for a feature of one instrument."""
    with torch.no_grad():
        weight = character.course.weight.view(-1, 3, 12, 2)
        weight[feature, :, 0, instrument] = 1.0


def test_a_fresh_one_wavers_a_little_and_does_no_more() -> None:
    found = levels(Character(TINY_SYNTH, BANDS), frames=4000)
    assert found.mean(0).abs().max() < 0.01
    assert found[:, :2].std(0).mean() == pytest.approx(0.1, rel=0.1)
    assert float(found[:, 2].abs().max()) == 0.0


def test_wavers_are_slow_and_differ_between_bands_and_seeds() -> None:
    character = Character(TINY_SYNTH, BANDS)
    found = levels(character, frames=4000)[:, 0]

    def likeness(a: Tensor, b: Tensor) -> float:
        return float(torch.corrcoef(torch.stack([a, b]))[0, 1])

    assert likeness(found[1:, 5], found[:-1, 5]) > 0.6
    assert abs(likeness(found[12:, 5], found[:-12, 5])) < 0.1
    assert abs(likeness(found[:, 5], found[:, 20])) < 0.1
    assert abs(likeness(found[:, 5], levels(character, frames=4000, seed=1)[:, 0, 5])) < 0.1


def test_a_young_note_differs_from_an_old_one() -> None:
    character = plain()
    set_course(character, 1)
    found = levels(character)[:, 0, 0]
    assert float(found[0]) == pytest.approx(1.0)
    assert float(found[3]) == pytest.approx(0.135, abs=0.01)
    assert float(levels(character, age=30.0).abs().max()) < 1e-6


def test_a_course_may_depend_on_the_pitch() -> None:
    character = plain()
    set_course(character, 5)
    low, middle, high = (float(levels(character, hz=hz)[0, 0, 0]) for hz in (65.4, 261.63, 1046.5))
    assert (low, middle, high) == pytest.approx((-24 / 36, 0.0, 24 / 36), abs=0.01)


def test_instruments_have_their_own_and_mixes_share() -> None:
    character = plain()
    set_course(character, 0, instrument=1)
    assert float(levels(character, FIRST).abs().max()) == 0.0
    assert float(levels(character, SECOND).min()) == pytest.approx(1.0)
    assert float(levels(character, 0.5 * FIRST + 0.5 * SECOND).min()) == pytest.approx(0.5)


def test_weights_from_before_are_read_as_they_were() -> None:
    model = random_synth(TINY_SYNTH)
    for weight in model.decoder.character.parameters():
        torch.nn.init.zeros_(weight)
    older = {k: v for k, v in model.state_dict().items() if ".character." not in k}
    read = Synthesiser(TINY_SYNTH)
    torch.nn.init.normal_(read.decoder.character.course.weight)
    read.load_state_dict(older)
    latent, hz = torch.ones(1, TINY_SYNTH.latent_dim), torch.full((1, 9), 330.0)
    sounds = [one.decode(latent, hz, torch.full((1, 9), -20.0), FIRST) for one in (model, read)]
    assert torch.equal(*sounds)


def test_frames_may_be_shorter_than_there_are_wavers() -> None:
    found = levels(
        Character(replace(TINY_SYNTH, hop_length=10, sample_rate=8000), BANDS), frames=500
    )
    assert torch.isfinite(found).all() and float(found.std()) > 0.01
