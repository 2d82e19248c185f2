"""General MIDI on the released models: each of the 128 programs and of the drum keys."""

from __future__ import annotations

import pytest

from aeolia.runtime.catalogue import released_models
from aeolia.runtime.synth.general_midi import best_drum, best_instrument, program_name
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.program_names import PROGRAM_NAMES

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


@pytest.fixture(scope="module")
def notes() -> OnnxSynthesiser:
    return OnnxSynthesiser(released_models()["notes"])


@pytest.mark.parametrize("program", range(128))
def test_every_program(notes: OnnxSynthesiser, program: int) -> None:
    assert best_instrument(notes, program) == PROGRAMS[program]


def test_every_instrument_is_some_programs(notes: OnnxSynthesiser) -> None:
    """But one way of bowing the cello, for which General MIDI has no program."""
    assert set(notes.config.instruments) - set(PROGRAMS) == {"cello_staccato"}


def test_every_drum_key() -> None:
    drums = OnnxSynthesiser(released_models()["drums"])
    assert [best_drum(drums, key) for key in range(35, 82)] == DRUMS
    # Keys of later standards, and of none.
    assert best_drum(drums, 31) == "sidestick"
    assert best_drum(drums, 0) == "tom"


def test_programs_have_general_midis_names() -> None:
    assert len(PROGRAM_NAMES) == 128 and len(set(PROGRAM_NAMES)) == 128
    known = {0: "Acoustic Grand Piano", 4: "Electric Piano 1", 24: "Acoustic Guitar (nylon)"}
    known |= {40: "Violin", 65: "Alto Sax", 73: "Flute", 87: "Lead 8 (bass + lead)"}
    known |= {103: "FX 8 (sci-fi)", 114: "Steel Drums", 127: "Gunshot"}
    assert {number: program_name(number) for number in known} == known
