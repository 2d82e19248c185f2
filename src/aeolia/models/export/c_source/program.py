"""A C function under construction: its buffers, statements and loops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from aeolia.models.export.c_source.views import Axis, Buffer, Place, View, loop_axes

__all__ = ["Constants", "Program"]

#: Buffers begin at multiples of so many floats: a vector register, and a cache line.
_ALIGNED = 16
_LETTERS = "abcdef"
_INDENT = "    "


class Constants:
    """All weights and tables of a model, each kept once, whatever functions use them."""

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []
        self._numbers: dict[bytes, int] = {}
        self._offsets: dict[int, int] = {}
        self._size = 0
        #: Tables of positions, by their number.
        self.tables: dict[tuple[int, ...], int] = {}

    def add(self, values: np.ndarray) -> int:
        """The number of the constant with these values; it is kept only when it is used."""
        flat = np.ascontiguousarray(values, np.float32).ravel()
        number = self._numbers.setdefault(flat.tobytes(), len(self._arrays))
        if number == len(self._arrays):
            self._arrays.append(flat)
        return number

    def read(self, number: int) -> np.ndarray:
        """The values of a constant, flat."""
        return self._arrays[number]

    def offset(self, number: int) -> int:
        """Where a constant lies among the weights, from now on."""
        if number not in self._offsets:
            self._offsets[number] = self._size
            self._size += len(self._arrays[number])
        return self._offsets[number]

    def table(self, positions: tuple[int, ...]) -> str:
        """The name of a table in C."""
        return f"t{self.tables.setdefault(positions, len(self.tables))}"

    @property
    def weights(self) -> np.ndarray:
        """All constants that are used, in a row."""
        return np.concatenate([self._arrays[number] for number in self._offsets])


@dataclass
class _Statement:
    text: str
    buffers: set[int] = field(default_factory=set)


class Program:
    """Statements over buffers, which are laid into one block of memory when all are known."""

    def __init__(self, constants: Constants) -> None:
        self._constants = constants
        self._buffers: list[Buffer] = []
        self._statements: list[_Statement] = []

    def buffer(self, place: Place, size: int, offset: int = 0) -> Buffer:
        """A new buffer of so many floats."""
        made = Buffer(len(self._buffers), place, size, offset)
        self._buffers.append(made)
        return made

    def new(self, shape: Sequence[int]) -> View:
        """A new tensor in the working memory."""
        return self.whole(self.buffer(Place.work, int(np.prod(shape))), shape)

    def whole(self, buffer: Buffer, shape: Sequence[int]) -> View:
        """A buffer as a tensor."""
        return View(buffer, np.arange(buffer.size).reshape(shape))

    def constant(self, values: np.ndarray) -> View:
        """A tensor of weights."""
        number = self._constants.add(values)
        return self.whole(self.buffer(Place.weights, values.size, number), values.shape)

    def contiguous(self, view: View) -> View:
        """The view, or a copy whose elements lie in order, filling a buffer."""
        if view.is_contiguous:
            return view
        if view.buffer.place is Place.weights:  # once and for all
            return self.constant(self._constants.read(view.buffer.offset)[view.index])
        copy = self.new(view.shape)
        self.loop(copy, "{0}", [view], "copy")
        return copy

    def call(self, function: str, views: Sequence[View], *numbers: int) -> None:
        """A call with the beginnings of views, and numbers."""
        arguments = [_pointer(view) for view in views] + [str(number) for number in numbers]
        text = f"{_INDENT}{function}({', '.join(arguments)});\n"
        self._statements.append(_Statement(text, {view.buffer.number for view in views}))

    def loop(
        self,
        target: View,
        expression: str,
        operands: Sequence[View | float],
        about: str,
        assignment: str = "=",
        reduced: Sequence[int] = (),
    ) -> None:
        """target[i] = expression of operands[i], for all i; operands are broadcast.

        Args:
            expression: C, with {0}, {1} for the operands.
            about: a word for the reader.
            reduced: axes that run outside the others, where the target stays in one place.
        """
        views = [operand for operand in operands if isinstance(operand, View)]
        shape = np.broadcast_shapes(target.shape, *(view.shape for view in views))
        indices = []
        for view in (target, *views):
            index = np.broadcast_to(view.index, shape)
            indices.append(np.moveaxis(index, reduced, range(len(reduced))))
        nest = loop_axes(indices)
        if nest is None:  # positions in no order of this shape: one after another
            nest = loop_axes([index.ravel() for index in indices])
        assert nest is not None, "one axis is always a sum of one term"
        starts, axes = nest
        letters = iter(_LETTERS)
        names: list[str] = []
        pointers: list[str] = []
        for view, start in zip((target, *views), starts, strict=True):
            name = next(letters) if names else "o"
            const = "const " if names else ""
            pointers.append(f"{const}float *restrict {name} = {_pointer(view, start)};")
            names.append(name)
        places = [f"{name}[{self._position(axes, n)}]" for n, name in enumerate(names)]
        rest = iter(places[1:])
        used = [
            next(rest) if isinstance(operand, View) else _literal(operand) for operand in operands
        ]
        lines = [f"{{ /* {about} */", *(_INDENT + line for line in pointers)]
        for depth, axis in enumerate(axes):
            i = f"i{depth}"
            lines.append(_INDENT * (depth + 1) + f"for (int {i} = 0; {i} < {axis.size}; {i}++)")
        body = f"{places[0]} {assignment} {expression.format(*used)};"
        lines += [_INDENT * (len(axes) + 1) + body, "}"]
        text = "".join(f"{_INDENT}{line}\n" for line in lines)
        self._statements.append(_Statement(text, {view.buffer.number for view in (target, *views)}))

    def _position(self, axes: Sequence[Axis], view: int) -> str:
        terms = []
        for depth, axis in enumerate(axes):
            step = axis.steps[view]
            if isinstance(step, tuple):
                terms.append(f"{self._constants.table(step)}[i{depth}]")
            elif step:
                terms.append(f"i{depth}" if step == 1 else f"{step} * i{depth}")
        return " + ".join(terms) or "0"

    def finish(self) -> tuple[str, int]:
        """The statements as C, and the floats of working memory that they need."""
        offsets, needed = self._laid_out()

        def place(match: re.Match[str]) -> str:
            buffer = self._buffers[int(match[1])]
            if buffer.place is Place.weights:
                offset = self._constants.offset(buffer.offset)
            else:
                offset = offsets.get(buffer.number, buffer.offset)
            return f"{buffer.place.value} + {offset}"

        text = "".join(statement.text for statement in self._statements)
        return re.sub("@([0-9]+)@", place, text), needed

    def _laid_out(self) -> tuple[dict[int, int], int]:
        """Offsets of working buffers, such that those that live at one time do not overlap."""
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for n, statement in enumerate(self._statements):
            for number in statement.buffers:
                first.setdefault(number, n)
                last[number] = n
        placed: list[tuple[int, int, int]] = []  # (number, offset, size)
        needed = 0
        numbers = [n for n in first if self._buffers[n].place is Place.work]
        for number in sorted(numbers, key=lambda n: (-self._buffers[n].size, n)):
            size = -(-self._buffers[number].size // _ALIGNED) * _ALIGNED
            offset = 0
            for other, begin, length in sorted(placed, key=lambda entry: entry[1]):
                together = first[other] <= last[number] and first[number] <= last[other]
                if together and begin < offset + size and offset < begin + length:
                    offset = begin + length
            placed.append((number, offset, size))
            needed = max(needed, offset + size)
        return {number: offset for number, offset, _ in placed}, needed


def _pointer(view: View, start: int | None = None) -> str:
    start = int(view.index.ravel()[0]) if start is None else start
    return f"{view.buffer.token} + {start}" if start else view.buffer.token


def _literal(value: float) -> str:
    text = f"{np.float32(value):.9g}"
    return text + "." * (not set(text) & set(".e")) + "f"
