"""General MIDI: each of the 128 programs and of the drum keys, on the released models, which have
them all, and on a model of a few recorded instruments, which has stand-ins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from aeolia.data.synth.words import instrument_words
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.synth.general_midi import best_drum, best_instrument, program_name
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import Performance, PlayedNote
from aeolia.runtime.synth.program_names import (
    ALIASES,
    DRUM_KEYS,
    DRUM_NAMES,
    PROGRAM_NAMES,
    instrument_name,
    known_name,
)
from aeolia.runtime.synth.tags import read_tags

#: By families of eight, in General MIDI's order from program 0 on. Checked by hand against its
#: names; what the model has not (organs, brass but the tuba, mallets) goes to a stand-in.
PROGRAMS = """
piano piano epiano_cp80 piano epiano_pianet epiano_pianet piano epiano_pianet
steel_drum steel_drum steel_drum steel_drum steel_drum steel_drum steel_drum piano
square_lead square_lead square_lead square_lead square_lead square_lead oboe square_lead
nylon_guitar archtop_acoustic_mic archtop_pickup electric_guitar
    electric_guitar electric_guitar electric_guitar electric_guitar
double_bass electric_bass electric_bass electric_bass
    electric_bass electric_bass synth_bass synth_bass
violin violin cello double_bass synth_strings cello_pizzicato nylon_guitar electric_bass
synth_strings synth_strings synth_strings synth_strings choir_pad voice choir_pad synth_strings
alto_sax baritone_sax tuba oboe bassoon alto_sax alto_sax alto_sax
alto_sax alto_sax alto_sax baritone_sax oboe oboe bassoon clarinet
piccolo flute flute flute flute flute flute flute
square_lead square_lead square_lead square_lead square_lead voice square_lead synth_bass
choir_pad synth_strings square_lead choir_pad synth_strings choir_pad choir_pad synth_strings
choir_pad synth_strings steel_drum nylon_guitar choir_pad choir_pad choir_pad synth_strings
archtop_acoustic_mic archtop_acoustic_mic archtop_acoustic_mic nylon_guitar hang oboe violin oboe
steel_drum steel_drum steel_drum hang electric_bass electric_bass synth_bass steel_drum
electric_guitar flute choir_pad flute choir_pad choir_pad choir_pad choir_pad
""".split()

#: Keys 35 to 81 of the percussion map.
DRUMS = """
kick kick sidestick snare clap snare tom hihat_closed tom hihat_closed tom hihat_open
tom tom crash tom ride crash ride tambourine crash sidestick crash shaker ride
conga conga conga conga conga tom tom sidestick sidestick shaker shaker shaker shaker shaker shaker
sidestick sidestick sidestick conga conga ride ride
""".split()


RECORDED = sorted({*PROGRAMS, "cello_staccato"})
HITS = sorted({*DRUMS, "snap", "body"})


def model_of(names: list[str]) -> OnnxSynthesiser:
    """As much of a synthesiser as General MIDI asks for."""
    config = SimpleNamespace(instruments=tuple(names))
    stub = SimpleNamespace(config=config, words_of=lambda i: instrument_words(names[i]))
    return cast(OnnxSynthesiser, stub)


@pytest.mark.parametrize("program", range(128))
def test_every_program_has_a_stand_in(program: int) -> None:
    assert best_instrument(model_of(RECORDED), program) == PROGRAMS[program]


def test_every_drum_key_has_a_stand_in() -> None:
    drums = model_of(HITS)
    assert [best_drum(drums, key) for key in DRUM_KEYS] == DRUMS
    # Keys of later standards, and of none.
    later = {27: "sidestick", 28: "clap", 29: "shaker", 31: "sidestick", 34: "ride"}
    later |= {82: "shaker", 84: "ride", 85: "sidestick", 86: "tom", 0: "tom"}
    assert {key: best_drum(drums, key) for key in later} == later


def test_the_released_models_have_every_program_and_key() -> None:
    notes, drums = (OnnxSynthesiser(released_models()[name]) for name in ("notes", "drums"))
    for program, name in enumerate(PROGRAM_NAMES):
        assert best_instrument(notes, program) == instrument_name(name)
    for key in DRUM_KEYS:
        assert best_drum(drums, key) == instrument_name(DRUM_NAMES[key])
    later = {28: "hand_clap", 29: "short_guiro", 31: "side_stick", 34: "open_triangle"}
    later |= {82: "shaker", 83: "tambourine", 87: "low_floor_tom"}
    assert {key: best_drum(drums, key) for key in later} == later


def test_names_of_before_and_as_general_midi_writes_them_are_understood() -> None:
    notes, drums = (OnnxSynthesiser(released_models()[name]) for name in ("notes", "drums"))
    both = {*notes.config.instruments, *drums.config.instruments}
    assert {known_name(name, both) for name in RECORDED} == {
        ALIASES.get(name, name) for name in RECORDED
    }
    assert {known_name(name, both) for name in HITS} == {ALIASES.get(name, name) for name in HITS}
    assert set(ALIASES.values()) <= both
    for name in (*PROGRAM_NAMES, *DRUM_NAMES.values()):
        assert known_name(name, both) == instrument_name(name)
    assert known_name("kazoo", both) is None
    index = notes.config.instruments.index("acoustic_grand_piano")
    assert notes.instrument("piano")[index] == 1.0
    # Two names of one instrument are one instrument.
    assert notes.instrument({"piano": 1.0, "Acoustic Grand Piano": 1.0})[index] == 1.0


def test_a_word_means_those_that_have_it_in_their_name_first() -> None:
    notes = OnnxSynthesiser(released_models()["notes"])
    assert read_tags("bright organ", notes).instruments[0] == "church_organ"
    assert all("organ" in name for name in read_tags("organ", notes).instruments)
    assert len(read_tags("plucked", notes).instruments) == 20


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("trumpet", 0.3, 0.8), ("tenor_sax", 0.3, 0.8), ("drawbar_organ", -0.2, 0.2)],
)
def test_winds_are_brighter_when_blown_harder(name: str, least: float, most: float) -> None:
    notes = OnnxSynthesiser(released_models()["notes"])
    instrument, midi = notes.instrument(name), 57.0
    octaves = []
    for velocity in (0.3, 1.0):
        usual = notes.prior(instrument[None], np.array([midi]), np.array([velocity])).mean[0]
        played = PlayedNote(notes, 0.0, 1.0, instrument, usual, midi, velocity)
        power = np.abs(np.fft.rfft(Performance([played]).render()[:48000])) ** 2
        octaves.append(np.log2(power @ np.arange(len(power)) / power.sum()))
    assert least < octaves[1] - octaves[0] < most


def test_programs_have_general_midis_names() -> None:
    assert len(PROGRAM_NAMES) == 128 and len(set(PROGRAM_NAMES)) == 128
    known = {0: "Acoustic Grand Piano", 4: "Electric Piano 1", 24: "Acoustic Guitar (nylon)"}
    known |= {40: "Violin", 65: "Alto Sax", 73: "Flute", 87: "Lead 8 (bass + lead)"}
    known |= {103: "FX 8 (sci-fi)", 114: "Steel Drums", 127: "Gunshot"}
    assert {number: program_name(number) for number in known} == known
    assert instrument_name("Lead 8 (bass + lead)") == "lead_8_bass_lead"
    assert instrument_name("Honky-tonk Piano") == "honky_tonk_piano"
    keys = {35: "Acoustic Bass Drum", 42: "Closed Hi-Hat", 60: "Hi Bongo", 81: "Open Triangle"}
    assert {key: DRUM_NAMES[key] for key in keys} == keys
