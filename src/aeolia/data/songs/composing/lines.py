"""How basses and chords are played, a character a step of the bar, as the grooves are.

    bass    r root  5 fifth  3 third  8 octave  7 seventh  a approach to the next root
    chords  c chord  u its upper notes  l its lowest  p power chord  1 2 3 4 5 notes from below
    both    - the note before goes on  . rest  ? one of the others, or a rest, drawn anew

Capitals are accents. A line shorter than its bar is repeated. `?` makes a line that no two songs
share: "drawn" ones are laid out once a song, and kept.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BASS_LINES", "COMPS", "Comp"]

BASS_LINES: dict[str, tuple[str, ...]] = {
    "held": ("R---------------", "R-----------5---", "R-------r-------", "R-----------a---"),
    "eighths": ("R-r-r-r-", "R-r-r-r-R-r-5-a-", "R.r.r.r."),
    "rooted": ("R-------5-------", "R-----r-5-------", "R-------5---a---", "R---5---8---5---"),
    "octaves": ("R-8-", "R.8.r.8.", "R-8-r-85"),
    "offbeat": ("..R-", "..R-..r8", "..Rr"),
    "locked": ("R??-??-?R-??-??-", "R--?-?-?R-?--?-?", "R-??R-??"),
    "sixteenths": ("Rrrr", "R?r?r?r?", "R?8?r?5?R?8?7?5?"),
    "sub": ("R---------......", "R------...R-----", "R----...--r---8-"),
    "dub": ("R-....r-5-..r-..", "....R-r-..5-..r-", "R--r--5-R-......", "..R-..r-..5-3-r-"),
    "bossa": ("R-----5-5-----r-", "R--r5-----5-r---"),
    "tumbao": ("......5-----R---", "R-....5-----8---"),
    "gallop": ("R.rr",),
    "techno": (".rRr", "R..r..r.", "..r?..8?"),
    "afro": ("R-.r-.5-.r-.R-8-", "R--5--r-..8-5-r-"),
    # Three steps to the beat.
    "walking": ("R--3--5--a--", "R--5--8--a--", "R--3--5--7--", "R--r--5--a--"),
    "boogie": ("R-r5-57-75-5", "R--3--5--7--", "R-.r-.5-.5-."),
    "slow": ("R-----------", "R-----5-----", "R--------5-a"),
    # Three beats.
    "waltz": ("R-----------", "R---....5---", "R-------a---"),
}


@dataclass(frozen=True)
class Comp:
    """A way to play chords: lines, and how far apart a chord's notes begin, in beats."""

    lines: tuple[str, ...]
    spread_beats: float = 0.0


COMPS: dict[str, Comp] = {
    "block": Comp(("C---------------", "C-------c-------", "C---------c-----")),
    "pulse": Comp(("C-c-c-c-", "C.c.c.c.", "C---c---")),
    "strum": Comp(("C---c-u-..u-c-u-", "C-..c-uuc-..c-u-", "C---c---c-u-c-u-"), 0.022),
    "picked": Comp(("1-4-3-4-2-4-3-4-", "1.3.4.3.1.3.5.3.", "1-3-5-4-")),
    "arpeggio": Comp(("1-2-3-4-", "4-3-2-1-", "1-2-3-4-5-4-3-2-", "1234", "1324")),
    "sequence": Comp(("1.34", "12?4??3?", "1?5?3?4?1?5?2?4?", "5.4.3.1.5.4.2.1.")),
    "gate": Comp(("C.cc.c.cC.c.cc.c", "C?c?c?c?C?c?c?c?", "cc.c")),
    "stabs": Comp(("C..c..c.", "..c...C..c..c...", "C?.?.?..C..?.?..")),
    "chops": Comp(("..u...u.", "u.U.u.Uu", ".uu..uU."), 0.006),
    "offbeat": Comp(("..C.", "..Cc", "....C...")),
    "skank": Comp(("..U.", "..Uu"), 0.006),
    "power": Comp(("P---p-p-P---p-p-", "P-p-p-p-", "P-------p---p-p-", "P?-?p-?-")),
    "chug": Comp(("P.ppP.pp", "PpppP.p.", "Pp.pp.p.P--.pp..")),
    "bossa": Comp(("C--c--c-..c-..c-", "..c--c--C-.c--c-")),
    "montuno": Comp(("1.4.1.3.4.1.3.4.", "..4.1.4.3.4.1.4.")),
    "boom_chick": Comp(("l.C.", "l-..C-..5-..C-..", "l...c.u."), 0.012),
    "tremolo": Comp(("cccc",)),
    # Three steps to the beat.
    "charleston": Comp(("C-...c......", "..C-..C-....", "C--...C-...c")),
    "shuffle": Comp(("C.cC.c", "..C..C", "C--c.u")),
    "triplets": Comp(("cccccc", "1-3-4-5-4-3-", "134543", "123435"), 0.0),
    "held": Comp(("C-----------", "C-----c-----")),
    # Three beats.
    "oom_pah": Comp(("l---c---c---", "l-..c-..c-u-")),
    "broken": Comp(("1-3-4-3-4-3-", "1-2-3-4-3-2-")),
}
