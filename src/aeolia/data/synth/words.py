"""Words for instruments: families, and the kinds of drum hits that file names give."""

from __future__ import annotations

import re

from aeolia.data.synth.files import NoteFile
from aeolia.runtime.synth.program_names import (
    ALIASES,
    DRUM_NAMES,
    PROGRAM_NAMES,
    instrument_name,
)

__all__ = ["drum_kind", "instrument_words"]

#: Word in a name -> words of its family.
_FAMILIES = {
    "piano": ("keys", "struck", "strings"),
    "epiano": ("keys", "struck", "electric", "piano"),
    "guitar": ("plucked", "strings"),
    "archtop": ("plucked", "strings", "guitar"),
    "electric": ("electric",),
    "bass": ("bass", "low"),
    "double": ("bowed", "strings"),
    "cello": ("bowed", "strings"),
    "violin": ("bowed", "strings"),
    "pizzicato": ("plucked",),
    "sax": ("blown", "reed", "wind"),
    "clarinet": ("blown", "reed", "wind"),
    "oboe": ("blown", "reed", "wind"),
    "bassoon": ("blown", "reed", "wind"),
    "contrabassoon": ("blown", "reed", "wind"),
    "flute": ("blown", "wind"),
    "piccolo": ("blown", "wind"),
    "tuba": ("blown", "brass", "wind"),
    "hang": ("struck", "metal"),
    "drum": ("struck",),
    "steel": ("metal",),
    "xylophone": ("struck", "wood"),
    "voice": ("sung", "vocal"),
    "choir": ("sung", "vocal"),
    "synth": ("electronic",),
    "pad": ("electronic",),
    "square": ("electronic",),
    "strings": ("strings", "bowed"),
}
#: Pattern in a hit's path -> what it is called; the first match counts.
_HITS = (
    ("kick", r"kdrum|kick|bass ?drum|stomp|doom"),
    ("sidestick", r"/ss[_./]|side ?stick|rim|claves|castanet"),
    ("snare", r"snare|/sn[_./]"),
    ("hihat_open", r"hi-?hat-?open|open-?hat"),
    ("hihat_closed", r"hi-?hat"),
    ("crash", r"crash|china|splash"),
    ("ride", r"ride"),
    ("tom", r"tom"),
    ("clap", r"clap"),
    ("snap", r"snap"),
    ("shaker", r"shaker|maracas|cabasa"),
    ("tambourine", r"tambourine"),
    ("conga", r"conga|bongo|cajon|darbuka|djembe"),
    ("body", r"body|cheek|chest|belly|head|heel|shoulder"),
)


#: Words of each of General MIDI's families of eight programs.
_PROGRAM_FAMILIES = (
    ("keys", "struck", "strings"),
    ("struck", "mallet"),
    ("organ", "keys"),
    ("guitar", "plucked", "strings"),
    ("bass", "plucked", "low"),
    ("strings",),
    ("ensemble",),
    ("blown", "brass", "wind"),
    ("blown", "reed", "wind"),
    ("blown", "wind"),
    ("lead", "synth", "electronic"),
    ("pad", "synth", "electronic"),
    ("effect", "synth", "electronic"),
    ("ethnic",),
    ("struck", "percussive"),
    ("effect", "noise"),
)
_OF_PROGRAM = {
    instrument_name(name): _PROGRAM_FAMILIES[number // 8]
    for number, name in enumerate(PROGRAM_NAMES)
}
_DRUM_LABELS = {instrument_name(name) for name in DRUM_NAMES.values()}


def instrument_words(name: str) -> tuple[str, ...]:
    """Words that describe an instrument's name: its own parts, its other names', its family's."""
    others = [old for old, new in ALIASES.items() if new == name]
    own = [
        word
        for each in (name, *others)
        for word in re.split(r"[^a-z0-9]+", each.lower())
        if word and not word.isdigit()
    ]
    family = [word for part in own for word in _FAMILIES.get(part, ())]
    family += _OF_PROGRAM.get(name, ())
    # A double bass is bowed here, an electric one plucked.
    if "electric" in own and "bass" in own:
        family.append("plucked")
    return tuple(dict.fromkeys([*own, *family]))


def drum_kind(file: NoteFile) -> str:
    """The kind of hit that a file's label or path gives, "percussion" where neither does."""
    if file.instrument in _DRUM_LABELS:
        return file.instrument
    text = "/".join(["", file.instrument, *file.path.split("/")[-2:]]).lower()
    text = text.replace("_sn_", "/sn_").replace("_ss_", "/ss_")
    for name, pattern in _HITS:
        if re.search(pattern, text):
            return name
    return "percussion"
