"""Who plays what: General MIDI's choices, the map, drums, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.orchestra import orchestrate
from aeolia.runtime.synth.performance import touch
from aeolia.runtime.synth.score import Curve, Note, Score


@pytest.fixture(scope="module")
def notes(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


@pytest.fixture(scope="module")
def drums(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "drums.onnx")


def score(*notes: tuple[int, int, int], **more: object) -> Score:
    """Notes of (pitch, channel, program), one a second."""
    return Score(
        tuple(Note(float(n), n + 0.5, p, 64, c, g) for n, (p, c, g) in enumerate(notes)),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (0, "piano"),
        (4, "piano"),
        (32, "double_bass"),
        (43, "double_bass"),
        (33, "double_bass"),
        (65, "alto_sax"),
        (66, "alto_sax"),
        (73, "alto_sax"),
        (56, "alto_sax"),
        (127, "piano"),
    ],
)
def test_programs_choose(notes: OnnxSynthesiser, program: int, name: str) -> None:
    assert orchestrate(score((60, 1, program)), notes).players == {1: name}


def test_programs_change_within_a_channel(notes: OnnxSynthesiser) -> None:
    written = score((60, 1, 0), (50, 1, 32), (62, 1, 4), (64, 2, 65))
    result = orchestrate(written, notes)
    assert result.players == {1: "piano and double_bass", 2: "alto_sax"}
    assert [int(voice.instrument.argmax()) for voice in result.voices] == [0, 1, 0, 2]
    mapped = orchestrate(written, notes, players={1: "alto_sax"})
    assert mapped.players == {1: "alto_sax", 2: "alto_sax"}
    assert [int(voice.instrument.argmax()) for voice in mapped.voices] == [2, 2, 2, 2]


def test_the_map_overrules(notes: OnnxSynthesiser) -> None:
    result = orchestrate(score((60, 1, 0), (40, 4, 32)), notes, players={1: "alto_sax"})
    assert result.players == {1: "alto_sax", 4: "double_bass"}
    np.testing.assert_array_equal(result.voices[0].instrument, [0, 0, 1])
    with pytest.raises(InputError, match="did you mean 'piano'"):
        orchestrate(score((60, 1, 0)), notes, players={1: "pianola"})
    with pytest.raises(InputError, match="channel 5, on which .* are 1, 4"):
        orchestrate(score((60, 1, 0), (40, 4, 32)), notes, players={5: "piano"})


def test_voices_are_the_notes(notes: OnnxSynthesiser) -> None:
    bend = Curve(np.array([-np.inf, 1.0]), np.array([0.0, 2.0]))
    result = orchestrate(score((60, 1, 0), (40, 2, 32), (62, 1, 0), bends={2: bend}), notes)
    assert [v.pitch_midi for v in result.voices] == [60.0, 40.0, 62.0]
    assert [v.onset_seconds for v in result.voices] == [0.0, 1.0, 2.0]
    assert [v.bend for v in result.voices] == [None, bend, None]
    velocity = touch(64, 40.0)
    assert result.voices[0].velocity == velocity
    # The tiny prior's mean: pitch / 100, velocity, and the instrument.
    np.testing.assert_allclose(result.voices[1].latent, [0.4, velocity, 0, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (35, "kick"),
        (36, "kick"),
        (38, "snare"),
        (37, "snare"),
        (42, "hihat"),
        (46, "hihat"),
        (51, "hihat"),
    ],
)
def test_drum_keys(notes: OnnxSynthesiser, drums: OnnxSynthesiser, key: int, name: str) -> None:
    result = orchestrate(score((key, 10, 0)), notes, drums)
    (voice,) = result.voices
    assert voice.model is drums and voice.unpitched
    assert drums.config.instruments[int(voice.instrument.argmax())] == name
    assert result.players == {10: "drums"}


def test_keys_on_which_no_drum_lies(notes: OnnxSynthesiser, drums: OnnxSynthesiser) -> None:
    result = orchestrate(score((26, 10, 0), (38, 10, 0), (88, 10, 0), (60, 1, 0)), notes, drums)
    assert [voice.onset_seconds for voice in result.voices] == [1.0, 3.0]
    assert result.remarks == (
        "2 of 3 drum notes are left out: no drum lies on their keys (drums lie on 27 to 87)",
    )
    with pytest.raises(InputError, match="nothing but drum notes, and no drum lies on their keys"):
        orchestrate(score((5, 10, 0)), notes, drums)


def test_without_drums(notes: OnnxSynthesiser) -> None:
    result = orchestrate(score((60, 1, 0), (36, 10, 0), (38, 10, 0)), notes)
    assert len(result.voices) == 1
    assert result.remarks == ("2 drum notes are left out: no drum model is installed",)
    with pytest.raises(InputError, match="nothing but drum notes"):
        orchestrate(score((36, 10, 0)), notes)
    # A map may give the drum channel to a pitched instrument.
    assert len(orchestrate(score((36, 10, 0)), notes, players={10: "piano"}).voices) == 1


def test_notes_out_of_range_are_remarked_on(notes: OnnxSynthesiser) -> None:
    result = orchestrate(score((90, 1, 32), (50, 1, 32)), notes)
    assert len(result.voices) == 2
    assert "channel 1: 1 of 2 notes are outside the range that double_bass" in result.remarks[0]
