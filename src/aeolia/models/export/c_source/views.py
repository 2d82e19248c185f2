"""Tensors as places in memory: what only moves values becomes arithmetic on indices.

A view is a buffer and, for each of its elements, the position in the buffer. Slices, transposes,
reshapes and gathers are then NumPy's own operations on the positions, and cost nothing at run
time; a loop over the view finds the strides again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

__all__ = ["Axis", "Buffer", "Place", "View", "loop_axes"]


class Place(Enum):
    """Where a buffer lies: the names of the pointers in the C function."""

    input = "x"
    output = "y"
    state = "s"
    weights = "k"
    work = "w"


@dataclass(frozen=True)
class Buffer:
    """So many floats.

    `offset` counts from the place's pointer; of `work` it is decided later, and of `weights` it is
    the constant's number until then.
    """

    number: int
    place: Place
    size: int
    offset: int = 0

    @property
    def token(self) -> str:
        """How statements name it until its offset is known."""
        return f"@{self.number}@"


@dataclass(frozen=True)
class View:
    """A tensor: element i lies at `index[i]` in the buffer."""

    buffer: Buffer
    index: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.index.shape

    @property
    def is_contiguous(self) -> bool:
        """All of the buffer in order."""
        size = self.index.size
        return size == self.buffer.size and bool((self.index.ravel() == np.arange(size)).all())

    def at(self, index: np.ndarray) -> View:
        """Another arrangement of the same buffer's elements."""
        return View(self.buffer, index)


@dataclass(frozen=True)
class Axis:
    """One loop: its size, and for each view how far an index takes it."""

    size: int
    #: For each view a step, or where steps differ, the table of positions.
    steps: tuple[int | tuple[int, ...], ...]


def loop_axes(indices: list[np.ndarray]) -> tuple[list[int], list[Axis]] | None:
    """Views of one shape as nested loops: where each begins, and the loops, outermost first.

    Neighbouring axes that all views run through in one go become one. None where a view's
    positions are no sum of one term an axis.
    """
    starts, terms = [], []
    for index in indices:
        parts = _terms(index)
        if parts is None:
            return None
        starts.append(int(index.ravel()[0]))
        terms.append(parts)
    axes: list[Axis] = []
    for axis, size in enumerate(indices[0].shape):
        if size == 1:
            continue
        steps = tuple(_step(parts[axis]) for parts in terms)
        if axes and (joined := _joined(axes[-1], size, steps)):
            axes[-1] = joined
        else:
            axes.append(Axis(size, steps))
    return starts, axes


def _terms(index: np.ndarray) -> list[np.ndarray] | None:
    """Positions relative to the first, along each axis; None if these do not sum to all."""
    first = index[(0,) * index.ndim]
    terms, total = [], np.full((1,) * index.ndim, first)
    for axis in range(index.ndim):
        along = [0] * index.ndim
        line = index[tuple(slice(None) if i == axis else 0 for i in range(index.ndim))] - first
        along[axis] = -1
        terms.append(line)
        total = total + line.reshape([-1 if i == axis else 1 for i in range(index.ndim)])
    return terms if np.array_equal(total, index) else None


def _step(line: np.ndarray) -> int | tuple[int, ...]:
    step = int(line[1]) if len(line) > 1 else 0
    if np.array_equal(line, step * np.arange(len(line))):
        return step
    return tuple(int(position) for position in line)


def _joined(outer: Axis, size: int, steps: tuple[int | tuple[int, ...], ...]) -> Axis | None:
    for far, near in zip(outer.steps, steps, strict=True):
        if isinstance(far, tuple) or isinstance(near, tuple) or far != near * size:
            return None
    return Axis(outer.size * size, steps)
