"""General MIDI's names of its 128 programs and 47 drum keys, in its words (RP-003)."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["ALIASES", "DRUM_KEYS", "DRUM_NAMES", "PROGRAM_NAMES", "instrument_name", "known_name"]

#: A family of eight a row.
_FAMILIES = (
    "Acoustic Grand Piano|Bright Acoustic Piano|Electric Grand Piano|Honky-tonk Piano|"
    "Electric Piano 1|Electric Piano 2|Harpsichord|Clavi",
    "Celesta|Glockenspiel|Music Box|Vibraphone|Marimba|Xylophone|Tubular Bells|Dulcimer",
    "Drawbar Organ|Percussive Organ|Rock Organ|Church Organ|"
    "Reed Organ|Accordion|Harmonica|Tango Accordion",
    "Acoustic Guitar (nylon)|Acoustic Guitar (steel)|Electric Guitar (jazz)|"
    "Electric Guitar (clean)|Electric Guitar (muted)|Overdriven Guitar|"
    "Distortion Guitar|Guitar Harmonics",
    "Acoustic Bass|Electric Bass (finger)|Electric Bass (pick)|Fretless Bass|"
    "Slap Bass 1|Slap Bass 2|Synth Bass 1|Synth Bass 2",
    "Violin|Viola|Cello|Contrabass|Tremolo Strings|Pizzicato Strings|Orchestral Harp|Timpani",
    "String Ensemble 1|String Ensemble 2|SynthStrings 1|SynthStrings 2|"
    "Choir Aahs|Voice Oohs|Synth Voice|Orchestra Hit",
    "Trumpet|Trombone|Tuba|Muted Trumpet|French Horn|Brass Section|SynthBrass 1|SynthBrass 2",
    "Soprano Sax|Alto Sax|Tenor Sax|Baritone Sax|Oboe|English Horn|Bassoon|Clarinet",
    "Piccolo|Flute|Recorder|Pan Flute|Blown Bottle|Shakuhachi|Whistle|Ocarina",
    "Lead 1 (square)|Lead 2 (sawtooth)|Lead 3 (calliope)|Lead 4 (chiff)|"
    "Lead 5 (charang)|Lead 6 (voice)|Lead 7 (fifths)|Lead 8 (bass + lead)",
    "Pad 1 (new age)|Pad 2 (warm)|Pad 3 (polysynth)|Pad 4 (choir)|"
    "Pad 5 (bowed)|Pad 6 (metallic)|Pad 7 (halo)|Pad 8 (sweep)",
    "FX 1 (rain)|FX 2 (soundtrack)|FX 3 (crystal)|FX 4 (atmosphere)|"
    "FX 5 (brightness)|FX 6 (goblins)|FX 7 (echoes)|FX 8 (sci-fi)",
    "Sitar|Banjo|Shamisen|Koto|Kalimba|Bag pipe|Fiddle|Shanai",
    "Tinkle Bell|Agogo|Steel Drums|Woodblock|Taiko Drum|Melodic Tom|Synth Drum|Reverse Cymbal",
    "Guitar Fret Noise|Breath Noise|Seashore|Bird Tweet|Telephone Ring|Helicopter|Applause|Gunshot",
)

#: By number, 0 to 127.
PROGRAM_NAMES = tuple(name for family in _FAMILIES for name in family.split("|"))

#: Keys of the percussion map.
DRUM_KEYS = range(35, 82)
_DRUMS = (
    "Acoustic Bass Drum|Bass Drum 1|Side Stick|Acoustic Snare|Hand Clap|Electric Snare|"
    "Low Floor Tom|Closed Hi-Hat|High Floor Tom|Pedal Hi-Hat|Low Tom|Open Hi-Hat|Low-Mid Tom|"
    "Hi-Mid Tom|Crash Cymbal 1|High Tom|Ride Cymbal 1|Chinese Cymbal|Ride Bell|Tambourine|"
    "Splash Cymbal|Cowbell|Crash Cymbal 2|Vibraslap|Ride Cymbal 2|Hi Bongo|Low Bongo|"
    "Mute Hi Conga|Open Hi Conga|Low Conga|High Timbale|Low Timbale|High Agogo|Low Agogo|Cabasa|"
    "Maracas|Short Whistle|Long Whistle|Short Guiro|Long Guiro|Claves|Hi Wood Block|"
    "Low Wood Block|Mute Cuica|Open Cuica|Mute Triangle|Open Triangle"
)

#: By key, 35 to 81.
DRUM_NAMES = dict(zip(DRUM_KEYS, _DRUMS.split("|"), strict=True))


def instrument_name(name: str) -> str:
    """One of General MIDI's names as an instrument's: "Lead 1 (square)" is lead_1_square."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


#: Names that recordings have, and had in models before General MIDI's.
ALIASES = {
    "piano": "acoustic_grand_piano",
    "epiano_cp80": "electric_grand_piano",
    "nylon_guitar": "acoustic_guitar_nylon",
    "archtop_pickup": "electric_guitar_jazz",
    "electric_guitar": "electric_guitar_clean",
    "double_bass": "contrabass",
    "electric_bass": "electric_bass_finger",
    "synth_bass": "synth_bass_1",
    "synth_strings": "synthstrings_1",
    "square_lead": "lead_1_square",
    "choir_pad": "pad_4_choir",
    "steel_drum": "steel_drums",
    "kick": "bass_drum_1",
    "sidestick": "side_stick",
    "snare": "acoustic_snare",
    "hihat_closed": "closed_hi_hat",
    "hihat_open": "open_hi_hat",
    "crash": "crash_cymbal_1",
    "ride": "ride_cymbal_1",
    "clap": "hand_clap",
}


def known_name(name: str, names: Collection[str]) -> str | None:
    """The one of a model's instruments that a name means: itself, as General MIDI writes it
    ("Acoustic Grand Piano"), or one of `ALIASES`; None where it means none."""
    if name in names:
        return name
    written = instrument_name(name)
    return next((one for one in (written, ALIASES.get(written, "")) if one in names), None)
