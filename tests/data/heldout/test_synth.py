"""Held-out notes: the split that training makes, instruments it knows and those it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aeolia.data.corpus.manifest import HELD_OUT
from aeolia.data.heldout.synth import HeldOutNotes, draw, sound
from made.tiny_notes import TINY_SYNTH, write_notes

RATE = TINY_SYNTH.sample_rate


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HeldOutNotes]:
    folder = tmp_path_factory.mktemp("heldout-notes")
    write_notes(folder / "notes", report=(60,))
    config = replace(TINY_SYNTH, instruments=("bell",), ranges=((50.0, 70.0),), held_seconds=(1.0,))
    return {split: draw(folder, split, config=config, strangers=("reed",)) for split in HELD_OUT}


@pytest.fixture(scope="module")
def notes(drawn: dict[str, HeldOutNotes]) -> HeldOutNotes:
    return drawn["report"]


def test_pitches_are_on_one_side(notes: HeldOutNotes) -> None:
    known = {note.label_midi for note in notes.known["bell"]}
    unseen = {note.label_midi for note in notes.unseen["bell"]}
    assert unseen == {60} and known == {52, 55, 63, 66}


def test_candidates_are_judged_by_other_notes(drawn: dict[str, HeldOutNotes]) -> None:
    chosen = drawn["choose"]
    assert {note.label_midi for note in chosen.unseen["bell"]} == {58}
    assert chosen.known.keys() == drawn["report"].known.keys()
    assert not chosen.strangers["reed"]


def test_strangers_are_whole_instruments(notes: HeldOutNotes) -> None:
    assert set(notes.strangers) == {"reed"} and len(notes.strangers["reed"]) == 12
    assert "reed" not in notes.known


def test_sound_is_at_the_level_learned_at(notes: HeldOutNotes) -> None:
    note = notes.known["bell"][0]
    audio = sound(note, 0.5, RATE)
    assert audio.shape == (RATE // 2,) and audio.dtype == np.float32
    gain = 10.0 ** (note.gain_db / 20.0)
    assert np.allclose(audio, gain * note.audio[: RATE // 2], rtol=1e-5)
