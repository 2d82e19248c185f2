"""A soundfont of a few kilobytes: one tone that holds for every program, one hit for a drum kit."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

__all__ = ["write_soundfont"]

_RATE = 22050


def write_soundfont(
    path: Path, programs: tuple[int, ...] = tuple(range(128)), rights: str = "CC0"
) -> Path:
    """Write a soundfont with these programs and the standard kit.

    Format: "SoundFont Technical Specification 2.04".
    """
    tone, hit = _tone(), _hit()
    gap = np.zeros(46, np.int16)  # what the format asks for after each sample
    samples = np.concatenate([tone, gap, hit, gap]).tobytes()
    after = len(tone) + 46
    heads = [
        _sample("tone", 0, len(tone), 100, 100 + 10 * 50, key=69),
        _sample("hit", after, after + len(hit), after, after, key=60),
        _sample("EOS", 0, 0, 0, 0, key=0),
    ]
    presets = [(f"tone {number}", number, 0) for number in programs] + [("kit", 0, 128)]
    last = len(presets)
    # A bag and a generator a preset: that of the instrument (41).
    phdr = [_preset(name, program, bank, i) for i, (name, program, bank) in enumerate(presets)]
    phdr.append(_preset("EOP", 0, 0, last))
    pgen = [struct.pack("<HH", 41, int(bank == 128)) for _, _, bank in presets]
    inst = [_named("tone", 0), _named("hit", 1), _named("EOI", 2)]
    # Sample modes (54): 1 loops. Sample (53) comes last.
    igen = [struct.pack("<HH", *one) for one in ((54, 1), (53, 0), (54, 0), (53, 1))]
    table = (
        _chunk(b"phdr", b"".join(phdr))
        + _chunk(b"pbag", b"".join(struct.pack("<HH", i, 0) for i in range(last + 1)))
        + _chunk(b"pmod", bytes(10))
        + _chunk(b"pgen", b"".join(pgen) + bytes(4))
        + _chunk(b"inst", b"".join(inst))
        + _chunk(b"ibag", b"".join(struct.pack("<HH", i, 0) for i in (0, 2, 4)))
        + _chunk(b"imod", bytes(10))
        + _chunk(b"igen", b"".join(igen) + bytes(4))
        + _chunk(b"shdr", b"".join(heads))
    )
    info = (
        _chunk(b"ifil", struct.pack("<HH", 2, 1))
        + _chunk(b"isng", b"EMU8000\0")
        + _chunk(b"INAM", b"Tiny\0\0")
        + _chunk(b"ICOP", rights.encode() + b"\0" * (2 - len(rights) % 2))
    )
    body = b"sfbk" + _list(b"INFO", info) + _list(b"sdta", _chunk(b"smpl", samples))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_chunk(b"RIFF", body + _list(b"pdta", table)))
    return path


def _tone() -> np.ndarray:
    """Sawtooth of 441 Hz, whose period is 50 samples."""
    return (12000 * (2 * (np.arange(1000) % 50) / 50 - 1)).astype(np.int16)


def _hit() -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(4000)
    return (6000 * noise * np.exp(-np.arange(4000) / 600)).clip(-32768, 32767).astype(np.int16)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(name: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", name + data)


def _named(name: str, number: int) -> bytes:
    return struct.pack("<20sH", name.encode(), number)


def _preset(name: str, program: int, bank: int, bag: int) -> bytes:
    return struct.pack("<20sHHHIII", name.encode(), program, bank, bag, 0, 0, 0)


def _sample(name: str, start: int, end: int, loop: int, loop_end: int, *, key: int) -> bytes:
    return struct.pack(
        "<20sIIIIIBbHH", name.encode(), start, end, loop, loop_end, _RATE, key, 0, 0, 1
    )
