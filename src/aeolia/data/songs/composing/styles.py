"""Styles of music: which tempos, grooves, lines, chords and instruments go together.

Programs are General MIDI's, counted from 0 (RP-003). What a style says is a range to draw from:
no two songs of one style are alike, and styles share parts as music does.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["REPORT_STYLES", "STYLES", "Style"]


@dataclass(frozen=True)
class Style:
    """What is drawn from; `drummers` are names of styles in the Groove MIDI Dataset."""

    bpm: tuple[float, float]
    grooves: tuple[str, ...]
    basses: tuple[str, ...]
    bass_programs: tuple[int, ...]
    comps: tuple[str, ...]
    comp_programs: tuple[int, ...]
    pad_programs: tuple[int, ...]
    lead_programs: tuple[int, ...]
    kits: tuple[int, ...]
    chords: tuple[str, ...] = ("triad", "seventh", "add9")
    minor: float = 0.45
    beats_per_bar: int = 4
    steps_per_beat: int = 4
    #: By how much of a step every second one comes late.
    swing: float = 0.0
    drummers: tuple[str, ...] = ()
    #: Played by machines: on the beat, at one tempo, ducked under the kick.
    machine: bool = False
    #: Shares of songs with drums and with a voice; of voices that speak or rap.
    drums: float = 0.95
    voice: float = 0.7
    spoken: float = 0.1


PIANOS, E_PIANOS, CLAVS = (0, 1, 2, 3), (4, 5), (6, 7)
MALLETS, ORGANS, REED_ORGANS = (8, 9, 10, 11, 12, 13, 14, 15), (16, 17, 18), (19, 20, 21, 23)
NYLON, STEEL, CLEAN, DRIVEN = (24,), (25,), (26, 27, 28), (29, 30)
UPRIGHT, FINGERED, PICKED, FRETLESS, SLAP = (32, 43), (33,), (34,), (35,), (36, 37)
SYNTH_BASS = (38, 39, 87)
SOLO_STRINGS, STRINGS, PLUCKED = (40, 41, 42), (44, 48, 49), (45, 46, 107)
# No choirs: a voice that is no vocals would teach the wrong thing.
SYNTH_STRINGS = (50, 51)
SOLO_BRASS, SECTION, SYNTH_BRASS = (56, 57, 58, 59, 60), (61,), (62, 63)
SAXES, REEDS, FLUTES = (64, 65, 66, 67), (68, 69, 70, 71, 22), (72, 73, 74, 75, 77, 78, 79)
SYNTH_LEADS, SYNTH_PADS = (80, 81, 82, 83, 84, 86), (88, 89, 90, 92, 94, 95)
WORLD = (104, 105, 106, 108, 109, 110, 111, 112, 114)
STANDARD, ROOM, POWER, ELECTRONIC, ANALOGUE, JAZZ, BRUSHES, CONCERT = 0, 8, 16, 24, 25, 32, 40, 48
ACOUSTIC_KITS = (STANDARD, ROOM, POWER)
MACHINES = (ELECTRONIC, ANALOGUE)

# fmt: off
STYLES: dict[str, Style] = {
    "rock": Style(
        (96, 168), ("rock",), ("eighths", "rooted", "locked"), PICKED + FINGERED,
        ("power", "strum", "pulse", "picked"), DRIVEN + CLEAN + DRIVEN, ORGANS + STRINGS,
        DRIVEN + CLEAN + SYNTH_LEADS, ACOUSTIC_KITS, ("power", "triad"), drummers=("rock", "pop"),
    ),
    "punk": Style(
        (150, 210), ("punk", "rock"), ("eighths", "locked"), PICKED, ("power", "chug"), DRIVEN,
        DRIVEN + ORGANS, DRIVEN, ACOUSTIC_KITS, ("power",), 0.3, drummers=("punk", "rock"),
        spoken=0.25,
    ),
    "metal": Style(
        (100, 200), ("metal", "rock"), ("gallop", "eighths", "locked"), PICKED, ("chug", "power"),
        DRIVEN, STRINGS + SYNTH_PADS, DRIVEN + SYNTH_LEADS, (POWER, STANDARD), ("power",),
        0.95, drummers=("rock", "punk"), spoken=0.2,
    ),
    "pop": Style(
        (84, 132), ("rock", "ballad", "disco", "house"), ("locked", "rooted", "eighths", "octaves"),
        FINGERED + PICKED + SYNTH_BASS, ("block", "picked", "pulse", "strum", "sequence"),
        PIANOS + E_PIANOS + NYLON + STEEL + CLEAN, STRINGS + SYNTH_STRINGS + SYNTH_PADS,
        SYNTH_LEADS + MALLETS + CLEAN + SAXES, (*ACOUSTIC_KITS, *MACHINES),
        drummers=("pop", "rock", "soul"), voice=0.9,
    ),
    "ballad": Style(
        (56, 90), ("ballad",), ("held", "rooted"), UPRIGHT + FINGERED + FRETLESS,
        ("block", "picked", "strum", "arpeggio"), PIANOS + E_PIANOS + NYLON + STEEL,
        STRINGS + SYNTH_PADS, SOLO_STRINGS + REEDS + FLUTES + CLEAN + PIANOS,
        (STANDARD, ROOM, BRUSHES), drummers=("soul", "gospel", "country"), voice=0.9,
    ),
    "funk": Style(
        (88, 118), ("funk",), ("sixteenths", "octaves", "locked"), FINGERED + SLAP + SYNTH_BASS,
        ("stabs", "chops"), CLAVS + E_PIANOS + CLEAN + ORGANS, SECTION + STRINGS + SYNTH_BRASS,
        SOLO_BRASS + SAXES + SECTION + SYNTH_LEADS, ACOUSTIC_KITS, ("seventh", "ninth"), 0.6,
        swing=0.2, drummers=("funk", "soul", "neworleans"), spoken=0.3,
    ),
    "soul": Style(
        (70, 112), ("ballad", "funk"), ("locked", "held", "rooted"), FINGERED + FRETLESS + UPRIGHT,
        ("block", "stabs", "strum"), E_PIANOS + ORGANS + CLEAN, STRINGS + SECTION,
        SAXES + SOLO_BRASS + CLEAN, (STANDARD, ROOM), ("seventh", "ninth", "add9"), swing=0.25,
        drummers=("soul", "gospel"), voice=0.85,
    ),
    "gospel": Style(
        (62, 126), ("ballad", "rock"), ("rooted", "locked"), FINGERED + FRETLESS,
        ("block", "pulse"), (0, 1, 16, 18, 4), ORGANS, ORGANS + SAXES,
        (STANDARD, ROOM), ("seventh", "ninth"), 0.2, drummers=("gospel", "soul"), voice=0.9,
    ),
    "disco": Style(
        (108, 130), ("disco",), ("octaves", "sixteenths"), FINGERED + SLAP + SYNTH_BASS,
        ("chops", "stabs", "block"), CLEAN + PIANOS + E_PIANOS + CLAVS, STRINGS + SYNTH_STRINGS,
        STRINGS + SECTION + SYNTH_LEADS, (STANDARD, *MACHINES), ("triad", "seventh"), 0.6,
        drummers=("dance", "funk"),
    ),
    "house": Style(
        (118, 130), ("house",), ("octaves", "offbeat", "locked"), SYNTH_BASS,
        ("stabs", "offbeat", "gate", "sequence"), (0, 1, 4, 5, 16, 62, 81, 90),
        SYNTH_PADS + SYNTH_STRINGS, SYNTH_LEADS + MALLETS, MACHINES, ("seventh", "ninth", "triad"),
        0.7, machine=True, voice=0.5, spoken=0.3,
    ),
    "techno": Style(
        (124, 142), ("techno",), ("techno", "offbeat", "sub"), SYNTH_BASS, ("sequence", "stabs"),
        SYNTH_LEADS + (90, 62, 38), SYNTH_PADS, SYNTH_LEADS + (98, 99), MACHINES,
        ("power", "triad"), 0.9, machine=True, voice=0.25, spoken=0.6,
    ),
    "trance": Style(
        (130, 146), ("house",), ("offbeat", "sixteenths"), SYNTH_BASS,
        ("arpeggio", "gate", "sequence"), (80, 81, 86, 62, 90), SYNTH_PADS, SYNTH_LEADS,
        MACHINES, ("triad", "add9"), 0.8, machine=True, voice=0.4,
    ),
    "synthwave": Style(
        (80, 120), ("rock", "disco"), ("eighths", "octaves", "sixteenths"), SYNTH_BASS,
        ("sequence", "pulse", "gate"), (50, 51, 62, 63, 81, 90, 5), SYNTH_PADS + SYNTH_STRINGS,
        SYNTH_LEADS, MACHINES, ("triad", "add9"), 0.75, machine=True, voice=0.5,
    ),
    "hiphop": Style(
        (72, 102), ("hiphop",), ("held", "locked", "sub"), SYNTH_BASS + FINGERED + UPRIGHT,
        ("block", "stabs", "picked"), E_PIANOS + PIANOS + MALLETS + STRINGS, SYNTH_PADS + STRINGS,
        FLUTES + MALLETS + SYNTH_LEADS + SOLO_BRASS, (*MACHINES, STANDARD, ROOM),
        ("seventh", "ninth", "triad"), 0.75, swing=0.3, drummers=("hiphop",),
        voice=0.9, spoken=0.75,
    ),
    "trap": Style(
        (66, 88), ("trap",), ("sub",), SYNTH_BASS, ("sequence", "block"),
        MALLETS + PIANOS + (46, 80, 88), SYNTH_PADS, MALLETS + FLUTES + SYNTH_LEADS,
        (ANALOGUE,), ("triad",), 0.95, machine=True, voice=0.9, spoken=0.75,
    ),
    "drum_and_bass": Style(
        (160, 178), ("breaks",), ("sub", "held", "sixteenths"), SYNTH_BASS, ("block", "stabs"),
        E_PIANOS + SYNTH_PADS, SYNTH_PADS, SYNTH_LEADS + MALLETS, (*MACHINES, STANDARD),
        ("seventh", "ninth"), 0.8, machine=True, voice=0.5, spoken=0.4,
    ),
    "reggae": Style(
        (66, 92), ("reggae",), ("dub", "locked"), FINGERED + FRETLESS + UPRIGHT,
        ("skank", "offbeat"), CLEAN + ORGANS + PIANOS, ORGANS, SOLO_BRASS + SAXES + (22,),
        (STANDARD, ROOM), ("triad", "seventh"), swing=0.2, drummers=("reggae",), spoken=0.3,
    ),
    "ska": Style(
        (120, 170), ("ska",), ("rooted", "eighths"), FINGERED + PICKED, ("skank", "offbeat"),
        CLEAN + ORGANS + PIANOS, SECTION + ORGANS, SECTION + SOLO_BRASS + SAXES, (STANDARD, ROOM),
        ("triad",), 0.3, drummers=("reggae", "punk"),
    ),
    "bossa": Style(
        (110, 150), ("bossa",), ("bossa",), UPRIGHT + FRETLESS, ("bossa", "block"), (24, 0, 4, 26),
        STRINGS, SAXES + FLUTES + (11, 24, 0), (STANDARD, BRUSHES), ("seventh", "ninth"),
        drummers=("latin", "jazz"),
    ),
    "latin": Style(
        (88, 126), ("latin",), ("tumbao", "bossa"), UPRIGHT + FINGERED + FRETLESS,
        ("montuno", "stabs"), (0, 1, 24, 25, 21), STRINGS + SECTION, SOLO_BRASS + FLUTES + (21, 13),
        (STANDARD, ROOM), ("triad", "seventh"), 0.6, drummers=("latin", "afrocuban"),
    ),
    "afrobeat": Style(
        (96, 130), ("afro",), ("afro", "locked"), FINGERED + SLAP, ("chops", "picked", "stabs"),
        CLEAN + ORGANS + E_PIANOS, SECTION + ORGANS, SAXES + SOLO_BRASS + CLEAN, (STANDARD, ROOM),
        ("triad", "seventh"), 0.6, drummers=("afrobeat", "highlife", "afrocuban"), spoken=0.2,
    ),
    "swing": Style(
        (110, 220), ("swing",), ("walking",), UPRIGHT + FRETLESS, ("charleston", "held"),
        (0, 26, 4, 16), STRINGS + REEDS, SAXES + SOLO_BRASS + REEDS + (0, 11, 26),
        (JAZZ, BRUSHES, STANDARD), ("seventh", "ninth"), 0.4, steps_per_beat=3, drummers=("jazz",),
        voice=0.4,
    ),
    "blues": Style(
        (66, 132), ("shuffle",), ("walking", "boogie"), UPRIGHT + FINGERED + FRETLESS,
        ("charleston", "shuffle"), (0, 3, 16, 26, 27, 25), ORGANS + SECTION, (22, 29, 27, 66, 56),
        (STANDARD, ROOM), ("seventh",), 0.2, steps_per_beat=3, drummers=("blues", "jazz"),
    ),
    "country": Style(
        (84, 150), ("train", "rock"), ("rooted",), UPRIGHT + FINGERED, ("strum", "boom_chick"),
        (25, 25, 24, 105, 0), STRINGS + ORGANS, (110, 25, 105, 22, 27, 40), (STANDARD, ROOM),
        ("triad",), 0.15, drummers=("country",),
    ),
    "folk": Style(
        (80, 132), ("hands", "train"), ("rooted", "held"), UPRIGHT + FRETLESS,
        ("strum", "picked", "arpeggio"), NYLON + STEEL + (105, 46, 15, 21), STRINGS + REED_ORGANS,
        WORLD + FLUTES + SOLO_STRINGS + (22,), (STANDARD, BRUSHES), ("triad", "add9"),
        drummers=("country", "middleeastern"), drums=0.7,
    ),
    "waltz": Style(
        (84, 168), ("waltz",), ("waltz",), UPRIGHT + FINGERED, ("oom_pah", "broken"),
        (0, 21, 24, 25, 48), STRINGS, SOLO_STRINGS + FLUTES + REEDS + (21,),
        (STANDARD, BRUSHES, CONCERT), ("triad", "seventh"), beats_per_bar=3, drums=0.8,
    ),
    "six_eight": Style(
        (50, 78), ("twelve",), ("slow",), UPRIGHT + FINGERED + FRETLESS, ("triplets", "held"),
        PIANOS + NYLON + STEEL + CLEAN, STRINGS + SYNTH_PADS, REEDS + SOLO_STRINGS + CLEAN + SAXES,
        (STANDARD, ROOM), ("triad", "add9"), steps_per_beat=3, voice=0.85,
    ),
    "orchestral": Style(
        (60, 132), ("march",), ("held", "rooted"), (43, 42, 32), ("block", "tremolo", "pulse"),
        STRINGS + PLUCKED + (0, 6), STRINGS + SOLO_BRASS,
        SOLO_STRINGS + REEDS + FLUTES + SOLO_BRASS, (CONCERT,), ("triad", "seventh"), drums=0.6,
        voice=0.2,
    ),
    "ambient": Style(
        (60, 92), ("hands", "ballad"), ("held", "sub"), SYNTH_BASS + FRETLESS,
        ("arpeggio", "block", "sequence"), E_PIANOS + MALLETS + SYNTH_PADS + PLUCKED,
        SYNTH_PADS + STRINGS, FLUTES + MALLETS + SYNTH_LEADS, (STANDARD, ELECTRONIC),
        ("add9", "seventh"), drums=0.5, voice=0.4, spoken=0.4,
    ),
    "caravan": Style(
        (84, 130), ("hands", "latin"), ("rooted", "tumbao"), UPRIGHT + FRETLESS,
        ("picked", "strum"), WORLD + NYLON + MALLETS, STRINGS, WORLD + FLUTES + SOLO_STRINGS,
        (STANDARD, BRUSHES), ("triad",), 0.8, drummers=("middleeastern", "afrobeat"),
    ),
}
# fmt: on

#: No song to learn from or to choose by is in these: what is reported holds styles never met.
REPORT_STYLES = ("reggae", "waltz")
