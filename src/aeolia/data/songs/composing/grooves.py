"""Drum grooves, written as drummers count them: a line a drum, a character a step of the bar.

    X accent    x stroke    o soft    - ghost    . rest

A step is a sixteenth, or a triplet's eighth where a style counts three to the beat. A line shorter
than its bar is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CRASHES", "GROOVES", "HATS", "LEVELS", "RIDES", "SNARE", "TOMS", "Groove"]

#: A line of steps by General MIDI's key.
Groove = Mapping[int, str]

#: Share of full velocity of each stroke.
LEVELS = {"X": 1.0, "x": 0.82, "o": 0.62, "-": 0.38}

KICK, STICK, SNARE, CLAP = 36, 37, 38, 39
CLOSED, PEDAL, OPEN = 42, 44, 46
CRASH, RIDE, CHINA, BELL, SPLASH, SECOND_CRASH = 49, 51, 52, 53, 55, 57
TAMBOURINE, COWBELL, CABASA, MARACAS, CLAVES = 54, 56, 69, 70, 75
MUTE_CONGA, OPEN_CONGA, LOW_CONGA = 62, 63, 64
HIGH_BONGO, LOW_BONGO, TRIANGLE = 60, 61, 81

#: From the highest to the lowest.
TOMS = (50, 48, 47, 45, 43, 41)
CRASHES = (CRASH, CRASH, SECOND_CRASH, SPLASH, CHINA)
HATS = (CLOSED, PEDAL, OPEN)
RIDES = (RIDE, BELL)

GROOVES: dict[str, tuple[Groove, ...]] = {
    "rock": (
        {KICK: "X.......X.x.....", SNARE: "....X.......X...", CLOSED: "x.o."},
        {KICK: "X..x......x.x...", SNARE: "....X.......X..-", CLOSED: "x.x."},
        {KICK: "X.....x.X.....x.", SNARE: "....X..-.-..X...", RIDE: "x.o."},
        {KICK: "X.x...x.X.x.....", SNARE: "....X.......X...", CRASH: "X...x..."},
        {KICK: "X.......x.......", SNARE: "....X.......X...", OPEN: "x.o.x.o."},
        {KICK: "X...x...X...x...", TOMS[4]: "..o...o...o..oo.", SNARE: "....X.......X..."},
    ),
    "punk": (
        {KICK: "X...X...X...X...", SNARE: "..X...X...X...X.", CLOSED: "x.x."},
        {KICK: "X..xX...X..xX...", SNARE: "..X...X...X...X.", RIDE: "x.x."},
        {KICK: "X.....X.X.....X.", SNARE: "....X.......X...", OPEN: "X.X."},
    ),
    "metal": (
        {KICK: "XxXx", SNARE: "....X.......X...", RIDE: "x..."},
        {KICK: "X.xxX.xxX.xxX.xx", SNARE: "........X.......", CHINA: "X...x..."},
        {KICK: "X.xX.xX.X.xX.x.x", SNARE: "....X.......X...", CRASH: "x..."},
        {KICK: "X.X.X.X.X.X.X.X.", SNARE: ".X.X.X.X.X.X.X.X", CLOSED: "x.x."},
    ),
    "ballad": (
        {KICK: "X.........x.....", STICK: "....x.......x...", CLOSED: "o.-."},
        {KICK: "X......xx.......", SNARE: "....x.......x...", CLOSED: "x.o."},
        {KICK: "X.........x...o.", SNARE: "....x.......x...", RIDE: "x...o.-."},
        {KICK: "x.......x.......", SNARE: "....o.......o...", MARACAS: "o-o-"},
    ),
    "funk": (
        {KICK: "X..x..x...x..x..", SNARE: "....X..-.-..X..-", CLOSED: "xo"},
        {KICK: "X.x.......xx....", SNARE: "-..-X.-..-.-X..-", CLOSED: "x.x."},
        {
            KICK: "X..x....x.x....x",
            SNARE: "....X..-....X.-.",
            CLOSED: "x.o.x.o.x.o.x...",
            OPEN: "..............x.",
        },
        {KICK: "X.......-.x..x..", SNARE: "....X..-.x..X...", CLOSED: "xxox", COWBELL: "x..."},
    ),
    "disco": (
        {KICK: "X...", SNARE: "....X.......X...", CLOSED: "x.-.", OPEN: "..x."},
        {KICK: "X...", CLAP: "....X.......X...", CLOSED: "o.x.", MARACAS: "o-"},
        {KICK: "X...", SNARE: "....X.......X...", CLOSED: "xoxo", TAMBOURINE: "..x."},
    ),
    "house": (
        {KICK: "X...", CLAP: "....X.......X...", OPEN: "..x."},
        {KICK: "X...X...X...X..o", CLAP: "....X.......X...", CLOSED: "xo", OPEN: "..x."},
        {KICK: "X...", SNARE: "............X...", CLOSED: "..x.", CLAVES: "x..x..x...x.x..."},
        {KICK: "X...", CLAP: "....X.......X..o", MARACAS: "xo-o", MUTE_CONGA: "...x..x....x..x."},
    ),
    "techno": (
        {KICK: "X...", CLOSED: "..x.", RIDE: "..o."},
        {KICK: "X...", CLOSED: "x-o-", TOMS[5]: "..o...o..o....o.", CLAP: "............x..."},
        {KICK: "X..oX...X..oX.o.", STICK: "..x..x....x..x..", OPEN: "..x."},
    ),
    "hiphop": (
        {KICK: "X......x..x.....", SNARE: "....X.......X...", CLOSED: "x.o.x.o.x.o.x.oo"},
        {KICK: "X..x......x..x..", CLAP: "....X.......X...", CLOSED: "x.x."},
        {KICK: "X.x.......x....x", SNARE: "....X..-....X...", RIDE: "x.o."},
    ),
    "trap": (
        {KICK: "X......x..X.....", CLAP: "........X.......", CLOSED: "x.x.xxx.x.x.x.xx"},
        {
            KICK: "X.....x...X..x..",
            SNARE: "........X.......",
            CLOSED: "xoxoxxxoxoxoxoxx",
            OPEN: "......x.........",
        },
        {
            KICK: "X..x........x...",
            CLAP: "........X.....o.",
            CLOSED: "x.xxx.x.xxxxx.x.",
            STICK: "...x......x.....",
        },
    ),
    "breaks": (
        {KICK: "X.x.......x.....", SNARE: "....X..-.-..X..-", CLOSED: "x.x."},
        {KICK: "X.x.......x..x..", SNARE: "....X..-.-x...X.", RIDE: "x.x."},
        {KICK: "X.........x.....", SNARE: "....X.......X...", CLOSED: "xoxo"},
    ),
    "reggae": (
        {KICK: "........X.......", STICK: "........X.......", CLOSED: "x.o."},
        {KICK: "X...", SNARE: "........X.......", CLOSED: "o.x."},
        {KICK: "X.......X.......", STICK: "....x..x....x...", CLOSED: "..x."},
    ),
    "ska": (
        {KICK: "X.......X.......", SNARE: "....X.......X...", CLOSED: "..x."},
        {KICK: "X.....x.X.......", STICK: "....X.......X...", OPEN: "..x."},
    ),
    "bossa": (
        {KICK: "X..x", STICK: "x..x..x...x..x..", CLOSED: "o."},
        {KICK: "X..o", STICK: "x..x..x..x..x...", MARACAS: "xoox"},
        {KICK: "x..ox..o", STICK: "..x...x..x..x...", CABASA: "o-x-"},
    ),
    "latin": (
        {
            KICK: "X..x..x.",
            COWBELL: "x...x...x...x.x.",
            OPEN_CONGA: "......xx......xx",
            MUTE_CONGA: "x.o.....x.o.....",
        },
        {KICK: "X...", STICK: "x..x..x...x.x...", CABASA: "x.o.", LOW_CONGA: ".......x.......x"},
        {
            HIGH_BONGO: "x.oox.oo",
            LOW_BONGO: "....x.......x...",
            CLAVES: "x..x..x...x.x...",
            KICK: "...x...x",
        },
    ),
    "afro": (
        {
            KICK: "X..x..x...x.x...",
            SNARE: "...-..x..-..x...",
            CLOSED: "x.xxx.xx",
            COWBELL: "x.x.xx.x.x.x.xx.",
        },
        {
            KICK: "X.....x.X.....x.",
            STICK: "..x..x....x..x..",
            MARACAS: "xoxx",
            LOW_CONGA: "...x...x..xx....",
        },
    ),
    "hands": (
        {LOW_CONGA: "x.....x.", MUTE_CONGA: "..o.x...o.o.x...", MARACAS: "x-o-"},
        {OPEN_CONGA: "x..x..x...x.x...", TAMBOURINE: "....x.......x...", KICK: "X......."},
        {LOW_BONGO: "x..o..x.", HIGH_BONGO: "..x.o..o", TRIANGLE: "x...o..."},
    ),
    "train": (
        {KICK: "X...", SNARE: "-x-X"},
        {KICK: "X.......", SNARE: "....X...", CLOSED: "x.o.", TAMBOURINE: "....x..."},
        {KICK: "X.......x.......", SNARE: "x.oxX.ox"},
    ),
    "march": (
        {KICK: "X.......", SNARE: "x..xx.xxx..xx..."},
        {KICK: "X.......X.......", SNARE: "....x.oo....xxxx", CRASH: "x..............."},
    ),
    # Three steps to the beat from here on.
    "swing": (
        {RIDE: "x..x.x", PEDAL: "...x..", KICK: "o..-..", SNARE: ".....-..-..."},
        {RIDE: "x..x.xx..x.x", PEDAL: "...x..", SNARE: "..-..x.....o", KICK: "o.........-."},
        {CLOSED: "x..x.x", SNARE: "...x..", KICK: "X.....x....."},
    ),
    "shuffle": (
        {KICK: "X.....X..x..", SNARE: "...X..", CLOSED: "x.o"},
        {KICK: "X....xX.....", SNARE: "...X.-", RIDE: "x.o"},
        {KICK: "X..X..", SNARE: "...X.....X.-", OPEN: "x.o"},
    ),
    "twelve": (
        {KICK: "X.....x.....", SNARE: "......X.....", CLOSED: "x.o.o.x.o.o."},
        {KICK: "X...x.......", SNARE: "......X...-.", RIDE: "x.o"},
        {KICK: "X.........x.", STICK: "......x.....", CLOSED: "xoo"},
    ),
    # Three beats of four steps.
    "waltz": (
        {KICK: "X...........", SNARE: "....o...o...", CLOSED: "x...o...o..."},
        {KICK: "X.......o...", STICK: "....x...x...", RIDE: "x.o."},
        {KICK: "x...........", TAMBOURINE: "....x...x..."},
    ),
}
