"""Ways to damage a file, each drawn from a generator of random numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import numpy as np

__all__ = ["BYTES", "NUMBERS", "TEXT", "TOKENS", "damaged", "hostile_name"]

Mutation = Callable[[bytes, np.random.Generator], bytes]

#: Values that programs get wrong, by their width in bytes.
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 62)
TOKENS = (
    "nan",
    "inf",
    "-inf",
    "-1",
    "0",
    "1e400",
    "9" * 400,
    "9" * 5000,
    str(2**62),
    "",
    "null",
    "true",
    "[" * 50_000,
    '{"a":' * 5000,
    "\0",
    '"',
    "[/x]",
    "=1+1",
    "\x1b]0;x\x07",
    "../" * 100,
    "n" * 300,
    "\ud7ff",
    "a\nb",
)


#: What markup, terminals, formats, shells, spreadsheets and file systems make something of.
_NAMES = (
    "[bold red]x[/x]",
    "[/]",
    "\x1b[2J\x1b]0;x\x07",
    "\x9b31m",
    "a\nb",
    "a\rb\tc",
    "<img src=x onerror=alert(1)>",
    "<!--'\"&amp;",
    "=1+1",
    "+cmd|'!A1",
    "-o",
    "--help",
    "@SUM(A1)",
    "\u202egpj.exe",
    "\ufeff\u2028",
    "%s%d{0}{x}$HOME`id`",
    "..",
    " x ",
    "x.denoised",
    "\U0001f3a7",
    "u\u0308",
    "CON",
    'a,b;c"d',
    "*?[!]",
    "~",
    "#",
)


def _span(data: bytes, rng: np.random.Generator) -> tuple[int, int]:
    start = int(rng.integers(0, len(data) + 1))
    # Headers are what matters most, and they are short and in front.
    start = min(start, int(rng.integers(0, 200))) if rng.random() < 0.6 else start
    return start, min(len(data), start + int(2 ** rng.uniform(0, 10)))


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(int(2 ** rng.uniform(0, 6))):
        start, _ = _span(data, rng)
        if start < len(changed):
            changed[start] ^= 1 << int(rng.integers(0, 8))
    return bytes(changed)


def _number(data: bytes, rng: np.random.Generator) -> bytes:
    start, _ = _span(data, rng)
    width = int(rng.choice([1, 2, 4, 8]))
    value = int(rng.choice(np.array(NUMBERS, object))) % (1 << 8 * width)
    order = "little" if rng.random() < 0.5 else "big"
    return data[:start] + value.to_bytes(width, order) + data[start + width :]  # type: ignore[arg-type]


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: _span(data, rng)[0]]


def _remove(data: bytes, rng: np.random.Generator) -> bytes:
    start, stop = _span(data, rng)
    return data[:start] + data[stop:]


def _repeat(data: bytes, rng: np.random.Generator) -> bytes:
    start, stop = _span(data, rng)
    times = int(2 ** rng.uniform(1, 12))
    return data[:start] + data[start:stop] * min(times, 1 + (1 << 22) // max(1, stop - start))


def _insert(data: bytes, rng: np.random.Generator) -> bytes:
    start, _ = _span(data, rng)
    return data[:start] + rng.bytes(int(2 ** rng.uniform(0, 10))) + data[start:]


def _zeros(data: bytes, rng: np.random.Generator) -> bytes:
    start, _ = _span(data, rng)
    return data[:start] + bytes(5_000_000) + data[start:]


def _ones(data: bytes, rng: np.random.Generator) -> bytes:
    start, stop = _span(data, rng)
    return data[:start] + b"\xff" * (stop - start) + data[stop:]


def _token(data: bytes, rng: np.random.Generator) -> bytes:
    """One word or number of a text replaced."""
    words = list(re.finditer(rb"[\w.+-]+", data))
    token = TOKENS[int(rng.integers(len(TOKENS)))].encode()
    if not words:
        return token
    match = words[int(rng.integers(len(words)))]
    return data[: match.start()] + token + data[match.end() :]


def _lines(data: bytes, rng: np.random.Generator) -> bytes:
    """Lines in another order, some missing."""
    lines = data.splitlines(keepends=True)
    chosen = rng.permutation(len(lines))[: int(rng.integers(0, len(lines) + 1))]
    return b"".join(lines[index] for index in chosen)


BYTES: tuple[Mutation, ...] = (_flip, _number, _cut, _remove, _repeat, _insert, _zeros, _ones)
#: Texts are damaged as bytes, too, but more often in their words.
TEXT: tuple[Mutation, ...] = (_token, _token, _token, _lines, _token, _flip, _cut, _insert, _repeat)


def damaged(data: bytes, mutations: tuple[Mutation, ...], rng: np.random.Generator) -> bytes:
    """The bytes after one to three mutations."""
    for _ in range(int(rng.integers(1, 4))):
        data = mutations[int(rng.integers(len(mutations)))](data, rng)
    return data


def hostile_name(rng: np.random.Generator) -> str:
    """A file's name without its ending, as surrogates where it is no UTF-8."""
    names = [
        *_NAMES,
        os.fsdecode(rng.bytes(8).translate(None, b"\0/")),
        "".join(chr(int(rng.integers(1, 0x3000))) for _ in range(9)).replace("/", "_"),
        "n" * int(rng.integers(1, 251)),
    ]
    first, second = (names[int(index)] for index in rng.integers(0, len(names), 2))
    # A file system takes 255 bytes, and the ending is among them.
    both = os.fsencode(first if rng.random() < 0.5 else first + second)[:240]
    return os.fsdecode(both) or "n"
