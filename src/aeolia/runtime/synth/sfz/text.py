"""The text of an SFZ file, of opcodes that every sampler knows (SFZ 1 and 2).

https://sfzformat.com has them all. What the files hold is what is heard: within a layer of
velocities a curve lowers its sample as the instrument would be softer, and nothing else has a gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.runtime.synth.sfz.looping import Loop
from aeolia.runtime.synth.sfz.sampling import Zone

__all__ = ["LAYERS", "Layer", "Region", "sfz_text"]

#: Samplers let a released note fall by 9 nepers in the time of `ampeg_release`, such as sfizz and
#: ARIA do; ours is the time to -60 dB.
_RELEASE_FACTOR = 9.0 * 20.0 / np.log(10.0) / 60.0
_OPCODES_A_LINE = 6


@dataclass(frozen=True)
class Layer:
    """Velocities that share samples, the loudest of which was recorded."""

    low: int
    high: int


#: Softest to loudest.
LAYERS = (Layer(1, 31), Layer(32, 63), Layer(64, 95), Layer(96, 127))


@dataclass(frozen=True)
class Region:
    """A sample, and the keys that play it."""

    file: str
    zone: Zone
    loop: Loop | None
    #: Whether it ends others of this kind, and they it, as the halves of a hi-hat do.
    chokes: bool = False


def sfz_text(
    title: str,
    layers: Sequence[tuple[Layer, np.ndarray, Sequence[Region]]],
    *,
    release_seconds: float,
    pitched: bool,
) -> str:
    """An SFZ file.

    Args:
        title: of the comment at its top, a line.
        layers: each with the gains of its velocities, low to high, at most 1, and its regions.
        release_seconds: time in which a released note falls by 60 dB.
        pitched: whether a key changes the pitch.
    """
    release = release_seconds * _RELEASE_FACTOR
    lines = [f"// {title}", "", "<global>", f"ampeg_release={release:.3f}"]
    if not pitched:
        lines.append("pitch_keytrack=0")
    for layer, gains, regions in layers:
        lines += ["", "<group>", f"lovel={layer.low} hivel={layer.high}"]
        curve = [
            f"amp_velcurve_{velocity}={gain:.5f}"
            for velocity, gain in zip(range(layer.low, layer.high + 1), gains, strict=True)
        ]
        steps = range(0, len(curve), _OPCODES_A_LINE)
        lines += [" ".join(curve[at : at + _OPCODES_A_LINE]) for at in steps]
        lines += [_region(region, pitched) for region in regions]
    return "\n".join(lines) + "\n"


def _region(region: Region, pitched: bool) -> str:
    zone, loop = region.zone, region.loop
    words = [
        f"<region> sample={region.file}",
        f"lokey={zone.low} hikey={zone.high} pitch_keycenter={zone.centre}",
        # A hit rings to its end, however soon the key is up.
        f"loop_mode={'no_loop' if pitched else 'one_shot'}"
        if loop is None
        else f"loop_mode=loop_continuous loop_start={loop.start} loop_end={loop.end}",
    ]
    if region.chokes:
        words.append("group=1 off_by=1")
    return " ".join(words)
