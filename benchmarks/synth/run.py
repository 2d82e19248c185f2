"""SYNTHESIS.md: how well the released synthesisers play, beside other ways to do it.

What each part measured is remembered in a cache, by the model's weights and the part's own code, so
that only what changed runs again. Times are processor time on one thread, so that a busy machine
changes little.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.data.heldout.synth import HeldOutNotes, draw
from aeolia.errors import InputError
from aeolia.files import write_atomically, writing
from aeolia.runtime.catalogue import load
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from benchmarks import say
from benchmarks.results import Entry, Results, provenance
from benchmarks.synth import likeness, playing, reshaping, sounds, unseen
from benchmarks.synth.bars import bars
from benchmarks.synth.tables import sections

__all__ = ["PARTS", "Measured", "measure", "page"]

STRANGERS = ("epiano_wurlitzer",)
PARTS = ("cost", "playing", "unseen", "latent", "strangers", "transfer", "likeness", "shift")
#: Parts of drums: what needs a pitch is left out.
_UNPITCHED = ("cost", "playing", "unseen", "likeness")
#: Parts that need no recordings.
_ALONE = ("cost", "playing")


def measure(
    data: Path | None, *, models: Sequence[str], only: Sequence[str], cache: Path
) -> Results:
    """All parts of all models.

    Args:
        data: a folder with notes/ and drums/ as training had them; None measures only what
            needs no recordings.
        models: names or files.
        only: parts; all if there are none.
        cache: folder of what was measured before.

    Raises:
        AeoliaError: a wrong path, a folder that is no data, an unknown model or part.
    """
    unknown = [part for part in only if part not in PARTS]
    if unknown:
        raise InputError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    measured = [Measured(name, data, cache) for name in models]
    return Results(
        page="synth",
        systems=[one.entry for one in measured],
        details={
            "parts": {
                one.name: {part: one.part(part) for part in one.parts if not only or part in only}
                for one in measured
            },
            "only": list(only),
            "sizes_mb": {one.name: _size_mb(one.model.path) for one in measured},
        },
        made=provenance(),
    )


def page(results: Results) -> str:
    """The whole page."""
    parts, only = results.details["parts"], results.details["only"]
    head = _HEAD + (f"Only {', '.join(only)} this time.\n" if only else "")
    text = "\n".join(
        [head, bars(parts, results.details["sizes_mb"]), *map(sections, parts, parts.values())]
    )
    return text.rstrip() + "\n"


class Measured:
    """The parts of one model's results, measured when first needed, or remembered.

    Args:
        data: folder of the recordings; None measures only what needs none.
        cache: folder of what was measured before.
    """

    def __init__(self, name: str, data: Path | None, cache: Path) -> None:
        self.model: OnnxSynthesiser = load(name, "synth")
        self.name, self.data, self.cache = self.model.path.stem, data, cache
        self._recordings: HeldOutNotes | None = None

    @property
    def entry(self) -> Entry:
        """For the results."""
        return Entry(self.name, self.model.config.sample_rate, self._digest("cost"), ours=True)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that can be measured."""
        possible = _UNPITCHED if self.model.unpitched else PARTS
        return possible if self.data else tuple(part for part in possible if part in _ALONE)

    @property
    def recordings(self) -> HeldOutNotes | None:
        """As training split them, read when first needed."""
        if self._recordings is None and self.data is not None:
            strangers = () if self.model.unpitched else STRANGERS
            self._recordings = draw(self.data, config=self.model.config, strangers=strangers)
        return self._recordings

    def part(self, part: str) -> Any:
        """Results of a part."""
        if part == "likeness":
            transferred = {} if self.model.unpitched else self.part("transfer")[1]
            return likeness.measure_likeness(
                self.model.config.instruments,
                self.sounds(),
                {name: np.array(values) for name, values in transferred.items()},
            )
        path = self.cache / f"synthesis-{self.name}-{part}-{self._digest(part)}.json"
        if not path.is_file():
            say(f"measuring {self.name}: {part}")
            write_atomically(path, json.dumps(self._measure(part)))
        return json.loads(path.read_text())

    def sounds(self) -> dict[str, np.ndarray]:
        """Levels of real notes and of draws, collected or remembered."""
        path = self.cache / f"synthesis-{self.name}-sounds-{self._digest('sounds')}.npz"
        if not path.is_file():
            say(f"collecting {self.name}: sounds")
            recordings = self.recordings
            assert recordings is not None, "only needed with recordings"
            arrays: dict[str, Any] = dict(sounds.collect(self.model, recordings, 5))
            with writing(path) as file:
                np.savez_compressed(file, **arrays)
        with np.load(path) as stored:
            return dict(stored)

    def _digest(self, part: str) -> str:
        """Of the model's weights and of the code that measures this part."""
        found = hashlib.sha256(str(self.data is None).encode())
        code = {
            "cost": playing,
            "playing": playing,
            "sounds": sounds,
            "transfer": reshaping,
            "shift": reshaping,
        }.get(part, unseen)
        # The graphs hold the card, which names what is found here: the weights alone count.
        weights = self.model.path.with_suffix(".safetensors")
        for path in (weights if weights.is_file() else self.model.path, Path(str(code.__file__))):
            found.update(path.read_bytes())
        return found.hexdigest()[:12]

    def _measure(self, part: str) -> Any:
        model, recordings = self.model, self.recordings
        if part == "cost":
            return playing.measure_cost(model, None if model.unpitched else "drums")
        if part == "playing":
            return playing.measure_playing(model, recordings, 7)
        assert recordings is not None, "the other parts are only measured with recordings"
        measures: dict[str, Callable[[], Any]] = {
            "unseen": lambda: unseen.measure_unseen(model, recordings, 2),
            "latent": lambda: unseen.measure_latent(model, recordings),
            "strangers": lambda: unseen.measure_strangers(model, recordings, 8),
            "transfer": lambda: reshaping.measure_transfer(model, recordings, 2),
            "shift": lambda: reshaping.measure_shift(model, recordings, 2),
        }
        return measures[part]()


def _size_mb(path: Path) -> float:
    """Megabytes of all graphs that the runtime needs."""
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.stem}*.onnx")) / 1e6


_HEAD = """# Synthesis

Written by `python -m benchmarks synth --data DIR`; not edited by hand. What is measured, and
how: [README](README.md#synthesis). Means with 95 % intervals; shares with Wilson's.
"""
