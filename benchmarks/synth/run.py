"""Regenerate SYNTHESIS.md: how well the released synthesisers play, beside other ways to do it.

    python benchmarks/synthesis.py --data ../shared/data [--models notes drums]

DIR of `--data` holds notes/ and drums/ as training had them. What each part measured is remembered
in `--cache`, by the model's weights and the part's own code, so that only what changed runs again.
Times are processor time on one thread, so that a busy machine changes little.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from aeolia.data.heldout import synth as synth_notes
from aeolia.runtime.catalogue import load
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from benchmarks import PAGES
from benchmarks.synth import likeness as synth_likeness
from benchmarks.synth import playing as synth_playing
from benchmarks.synth import reshaping as synth_reshaping
from benchmarks.synth import sounds as synth_sounds
from benchmarks.synth import unseen as synth_unseen
from benchmarks.synth.tables import bars, sections

STRANGERS = ("epiano_wurlitzer",)
PARTS = ("cost", "playing", "unseen", "latent", "strangers", "transfer", "likeness", "shift")
#: Parts of drums: what asks for a pitch is left out.
_UNPITCHED = ("cost", "playing", "unseen", "likeness")

Results = dict[str, Any]


class Measured:
    """The parts of one model's results, measured when first asked for, or remembered.

    Args:
        data: folder of the recordings; None measures only what needs none.
        cache: folder of what was measured before.
    """

    def __init__(self, name: str, data: Path | None, cache: Path) -> None:
        self.model: OnnxSynthesiser = load(name, "synthesise")
        self.name, self.data, self.cache = self.model.path.stem, data, cache
        self._recordings: synth_notes.Recordings | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        possible = _UNPITCHED if self.model.unpitched else PARTS
        return possible if self.data else tuple(p for p in possible if p in ("cost", "playing"))

    @property
    def recordings(self) -> synth_notes.Recordings | None:
        if self._recordings is None and self.data is not None:
            strangers = () if self.model.unpitched else STRANGERS
            self._recordings = synth_notes.read_recordings(self.model.config, self.data, strangers)
        return self._recordings

    def part(self, part: str) -> Any:
        """Results of a part."""
        if part == "likeness":
            transferred = {} if self.model.unpitched else self.part("transfer")[1]
            return synth_likeness.measure_likeness(
                self.model.config.instruments,
                self.sounds(),
                {name: np.array(values) for name, values in transferred.items()},
            )
        place = self.cache / f"synthesis-{self.name}-{part}-{self._digest(part)}.json"
        if not place.is_file():
            print(f"measuring {self.name}: {part}", flush=True)
            found = self._measure(part)
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = place.with_name(f".{place.name}.partial-{os.getpid()}")
            partial.write_text(json.dumps(found))
            os.replace(partial, place)
        return json.loads(place.read_text())

    def sounds(self) -> dict[str, np.ndarray]:
        """Levels of real notes and of draws, collected or remembered."""
        place = self.cache / f"synthesis-{self.name}-sounds-{self._digest('sounds')}.npz"
        if not place.is_file():
            print(f"collecting {self.name}: sounds", flush=True)
            recordings = self.recordings
            assert recordings is not None, "only asked for with recordings"
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = place.with_name(f".{place.stem}.partial-{os.getpid()}.npz")
            np.savez_compressed(partial, **synth_sounds.collect(self.model, recordings, 5))
            os.replace(partial, place)
        with np.load(place) as stored:
            return dict(stored)

    def _digest(self, part: str) -> str:
        """Of the model's weights and of the code that measures this part."""
        found = hashlib.sha256(str(self.data is None).encode())
        code = {
            "cost": synth_playing,
            "playing": synth_playing,
            "sounds": synth_sounds,
            "transfer": synth_reshaping,
            "shift": synth_reshaping,
        }.get(part, synth_unseen)
        # The graphs hold the card, which tells what is found here: the weights alone count.
        weights = self.model.path.with_suffix(".safetensors")
        for path in (weights if weights.is_file() else self.model.path, Path(str(code.__file__))):
            found.update(path.read_bytes())
        return found.hexdigest()[:12]

    def _measure(self, part: str) -> Any:
        model, recordings = self.model, self.recordings
        if part == "cost":
            return synth_playing.measure_cost(model, None if model.unpitched else "drums")
        if part == "playing":
            return synth_playing.measure_playing(model, recordings, 7)
        assert recordings is not None, "the other parts are only asked for with recordings"
        measures: dict[str, Callable[[], Any]] = {
            "unseen": lambda: synth_unseen.measure_unseen(model, recordings, 2),
            "latent": lambda: synth_unseen.measure_latent(model, recordings),
            "strangers": lambda: synth_unseen.measure_strangers(model, recordings, 8),
            "transfer": lambda: synth_reshaping.measure_transfer(model, recordings, 2),
            "shift": lambda: synth_reshaping.measure_shift(model, recordings, 2),
        }
        return measures[part]()


def main() -> None:
    home = os.environ.get("AEOLIA_CACHE") or Path.home() / ".cache" / "aeolia"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with notes/ and drums/")
    parser.add_argument("--models", nargs="*", default=["notes", "drums"], help="names or files")
    parser.add_argument("--only", choices=PARTS, nargs="*", help="only these parts")
    parser.add_argument("--cache", type=Path, default=Path(home) / "benchmarks")
    parser.add_argument("-o", "--output", type=Path, default=PAGES / "SYNTHESIS.md")
    options = parser.parse_args()
    measured = [Measured(name, options.data, options.cache) for name in options.models]
    results: dict[str, Results] = {}
    for one in measured:
        wanted = [part for part in one.parts if not options.only or part in options.only]
        results[one.name] = {part: one.part(part) for part in wanted}
    sizes = {one.name: _size(one.model.path) for one in measured}
    head = _HEAD + (f"Only {', '.join(options.only)} this time.\n" if options.only else "")
    text = "\n".join([head, bars(results, sizes), *map(sections, results, results.values())])
    partial = options.output.with_name(f".{options.output.name}.partial-{os.getpid()}")
    partial.write_text(text.rstrip() + "\n", encoding="utf-8")
    os.replace(partial, options.output)
    print(f"wrote {options.output}")


def _size(path: Path) -> float:
    """Megabytes of all graphs that the runtime needs."""
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.stem}*.onnx")) / 1e6


_HEAD = """# Synthesis

Written by `python benchmarks/synthesis.py --data DIR`; not edited by hand. What is measured, and
how: [README](README.md#synthesis). Means with 95 % intervals; shares with Wilson's.
"""


if __name__ == "__main__":
    main()
