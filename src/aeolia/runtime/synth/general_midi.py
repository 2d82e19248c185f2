"""General MIDI's programs and drum keys, in the words of instruments.

An instrument that has General MIDI's own name plays its program. For a model without such, each of
the 128 programs names, best first, who may play it, in phrases such as "electric piano". An
instrument fits a phrase when it has all its words; the first phrase that somebody fits chooses, and
among those who fit it the one whose name says least besides: "cello" before "cello_pizzicato". A
program that nobody fits goes to its family's phrases, and then to the first instrument. Banks
(controllers 0 and 32) hold variations of a program, which its own instrument plays.

Names and order: General MIDI 1 (RP-003), its Sound Set and Percussion Key Map; the keys beside
those of the map are General MIDI 2's (RP-024).
"""

from __future__ import annotations

from collections.abc import Sequence

from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.program_names import (
    DRUM_KEYS,
    DRUM_NAMES,
    PROGRAM_NAMES,
    instrument_name,
)

__all__ = [
    "DRUM_KEYS",
    "HIHAT_KEYS",
    "KIT_KEYS",
    "OPEN_HIHAT",
    "best_drum",
    "best_instrument",
    "program_name",
]

#: Keys that drum kits have: General MIDI 2's, which begin below those of the first and end above.
KIT_KEYS = range(27, 88)
#: Keys of one hi-hat, which end each other.
HIHAT_KEYS = (42, 44, 46)
OPEN_HIHAT = 46

#: Phrases of each family of eight, and of its programs, the best first.
_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "piano | keys",
        (
            "grand piano | piano",
            "bright piano | piano",
            "electric grand | cp80 | electric piano",
            "honky tonk | piano",
            "rhodes | wurlitzer | pianet | electric piano | epiano",
            "fm piano | electric piano pianet | electric piano | epiano",
            "harpsichord | piano",
            "clavinet | pianet | electric piano",
        ),
    ),
    (
        "mallet | steel drum | hang | struck | piano",
        (
            "celesta | glockenspiel | music box",
            "glockenspiel | celesta",
            "music box | celesta",
            "vibraphone | vibes",
            "marimba | xylophone",
            "xylophone | marimba",
            "tubular bells | bells | bell",
            "dulcimer | zither | struck strings",
        ),
    ),
    (
        "organ | accordion | square lead | choir pad | keys | woodwind",
        (
            "drawbar organ | organ",
            "percussive organ | organ",
            "rock organ | organ",
            "church organ | pipe organ | organ",
            "reed organ | harmonium | organ | accordion",
            "accordion | bandoneon | reed organ",
            "harmonica | accordion | oboe | reed",
            "bandoneon | accordion",
        ),
    ),
    (
        "guitar | plucked",
        (
            "nylon guitar | classical guitar | spanish guitar | acoustic guitar",
            "steel guitar | acoustic guitar",
            "jazz guitar | archtop pickup | archtop guitar | electric guitar",
            "clean guitar | electric guitar",
            "muted guitar | electric guitar",
            "overdriven guitar | electric guitar",
            "distorted guitar | distortion guitar | electric guitar",
            "guitar harmonics | electric guitar",
        ),
    ),
    (
        "bass plucked | bass | plucked low | low",
        (
            "upright bass | plucked double bass | double bass | electric bass",
            "fingered bass | electric bass",
            "picked bass | electric bass",
            "fretless bass | electric bass",
            "slap bass | electric bass",
            "slap bass | electric bass",
            "synth bass | electric bass",
            "synth bass | electric bass",
        ),
    ),
    (
        "bowed | strings | plucked",
        (
            "violin",
            "viola | violin",
            "cello",
            "contrabass | double bass | bass bowed",
            "tremolo strings | ensemble strings | synth strings",
            "pizzicato | strings plucked",
            "harp | nylon guitar | classical guitar | plucked",
            "timpani | tom | electric bass",
        ),
    ),
    (
        "ensemble strings | synth strings | choir | strings | bowed | voice | pad",
        (
            "ensemble strings | synth strings",
            "slow strings | ensemble strings | synth strings",
            "synth strings | ensemble strings",
            "synth strings | ensemble strings",
            "choir | voices | voice",
            "voice | choir",
            "synth voice | synth choir | choir | voice",
            "orchestra hit | ensemble strings | synth strings",
        ),
    ),
    (
        "brass | sax | reed | blown",
        (
            "trumpet | cornet | flugelhorn | alto sax",
            "trombone | baritone sax",
            "tuba | euphonium",
            "muted trumpet | trumpet | oboe | alto sax",
            "french horn | horn | bassoon",
            "brass section | trumpet | trombone | alto sax",
            "synth brass | brass section | trumpet | alto sax",
            "synth brass | brass section | trumpet | alto sax",
        ),
    ),
    (
        "reed | woodwind | blown",
        (
            "soprano sax | alto sax | sax",
            "alto sax | sax",
            "tenor sax | alto sax | sax",
            "baritone sax | tenor sax | sax",
            "oboe",
            "english horn | cor anglais | oboe",
            "bassoon",
            "clarinet",
        ),
    ),
    (
        "flute | woodwind | wind | blown",
        (
            "piccolo | flute",
            "flute",
            "recorder | flute",
            "pan flute | flute",
            "bottle | flute",
            "shakuhachi | flute",
            "whistle | flute",
            "ocarina | flute",
        ),
    ),
    (
        "lead | square | synth | electronic",
        (
            "square lead",
            "saw lead | sawtooth lead | lead",
            "calliope | lead",
            "chiff lead | lead",
            "charang | lead",
            "voice lead | voice",
            "fifths lead | lead",
            "bass lead | synth bass | lead",
        ),
    ),
    (
        "pad | synth | electronic | choir | strings",
        (
            "new age pad | pad",
            "warm pad | synth strings",
            "polysynth | square lead | lead",
            "choir pad | choir | pad",
            "bowed pad | synth strings",
            "metallic pad | pad",
            "halo pad | pad",
            "sweep pad | synth strings",
        ),
    ),
    (
        "pad | synth | electronic",
        (
            "rain pad | pad",
            "soundtrack pad | synth strings",
            "crystal | glockenspiel | steel drum",
            "atmosphere pad | nylon guitar",
            "brightness pad | pad",
            "goblins pad | pad",
            "echoes pad | pad",
            "sci fi pad | synth strings",
        ),
    ),
    (
        "plucked | guitar | ethnic",
        (
            "sitar | acoustic guitar",
            "banjo | acoustic guitar",
            "shamisen | acoustic guitar",
            "koto | nylon guitar",
            "kalimba | hang",
            "bagpipe | oboe | reed",
            "fiddle | violin",
            "shanai | shehnai | oboe | reed",
        ),
    ),
    (
        "struck | steel | hang | xylophone",
        (
            "tinkle bell | bell | glockenspiel | steel drum",
            "agogo | cowbell | steel drum",
            "steel drum",
            "woodblock | xylophone | marimba | hang",
            "taiko | timpani | electric bass",
            "tom | timpani | electric bass",
            "synth drum | synth bass",
            "cymbal | steel drum",
        ),
    ),
    (
        "effect | noise | pad | synth | electronic",
        (
            "fret noise | guitar",
            "breath noise | flute",
            "seashore",
            "bird | flute",
            "telephone",
            "helicopter",
            "applause",
            "gunshot",
        ),
    ),
)

_DRUM_FALLBACK = "drum | tom"
_DRUMS = {
    27: "high q | block | sidestick | rim",
    28: "slap | clap | hand | snare",
    **dict.fromkeys((29, 30), "scratch | short guiro | guiro | shaker | closed hihat | hihat"),
    34: "metronome bell | open triangle | triangle | cowbell | bell | ride | cymbal",
    **dict.fromkeys((31, 32, 33), "sticks | click | sidestick | rim"),
    **dict.fromkeys((35, 36), "kick | bass drum | bass"),
    37: "sidestick | rim | stick | snare",
    **dict.fromkeys((38, 40), "snare"),
    39: "clap | hand | snare",
    **dict.fromkeys((41, 43, 45, 47, 48, 50), "tom"),
    **dict.fromkeys((42, 44), "closed hihat | hihat | hat | cymbal"),
    46: "open hihat | hihat | hat | cymbal",
    **dict.fromkeys((49, 52, 55, 57), "crash | cymbal"),
    **dict.fromkeys((51, 53, 59), "ride | cymbal"),
    54: "tambourine | shaker | closed hihat | hihat",
    56: "cowbell | bell | sidestick | rim",
    **dict.fromkeys((58, 69, 70, 71, 72, 73, 74, 82), "shaker | closed hihat | hihat"),
    **dict.fromkeys((60, 61, 62, 63, 64, 78, 79), "conga | bongo | hand | tom"),
    **dict.fromkeys((65, 66), "timbale | tom"),
    **dict.fromkeys((67, 68), "agogo | cowbell | bell | sidestick | rim"),
    **dict.fromkeys((75, 76, 77, 85), "claves | block | sidestick | rim"),
    **dict.fromkeys((80, 81, 84), "triangle | ride | cymbal"),
    **dict.fromkeys((86, 87), "surdo | low floor tom | tom"),
    83: "jingle | tambourine | shaker | hihat",
}


def best_instrument(model: OnnxSynthesiser, program: int) -> str:
    """Who of a model's instruments plays a program, 0 to 127 as the file has it."""
    own = instrument_name(PROGRAM_NAMES[program])
    if own in model.config.instruments:
        return own
    family, programs = _FAMILIES[program // 8]
    return _best(model, [*_phrases(programs[program % 8]), *_phrases(family)])


def program_name(program: int) -> str:
    """What General MIDI calls a program, 0 to 127."""
    return PROGRAM_NAMES[program]


def best_drum(drums: OnnxSynthesiser, key: int) -> str:
    """Which of a model's drums sounds for a key of General MIDI's percussion map."""
    own = instrument_name(DRUM_NAMES.get(key, ""))
    if own in drums.config.instruments:
        return own
    return _best(drums, [*_phrases(_DRUMS.get(key, "")), *_phrases(_DRUM_FALLBACK)])


def _phrases(text: str) -> list[set[str]]:
    return [set(phrase.split()) for phrase in text.split("|") if phrase.strip()]


def _best(model: OnnxSynthesiser, phrases: Sequence[set[str]]) -> str:
    names = model.config.instruments
    for phrase in phrases:
        fitting = [name for n, name in enumerate(names) if phrase <= set(model.words_of(n))]
        if fitting:
            # The first of those that say as little besides.
            return min(fitting, key=lambda name: len(set(name.lower().split("_")) - phrase))
    return names[0]
