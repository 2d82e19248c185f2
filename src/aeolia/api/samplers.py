"""Instruments as files for samplers: SFZ with FLAC samples."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.api.instruments import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.api.recordings import Progress
from aeolia.api.reports.sounds import SfzReport
from aeolia.audio.files import PIPE, AudioInfo, write_audio
from aeolia.audio.pitch.names import note_name, parse_pitch
from aeolia.errors import InputError
from aeolia.files import new_folder, not_written
from aeolia.runtime.synth.encoding import Encoding
from aeolia.runtime.synth.general_midi import DRUM_KEYS, HIHAT_KEYS, best_drum
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.patch import Patch, choose_patch
from aeolia.runtime.synth.sfz.looping import Loop
from aeolia.runtime.synth.sfz.sampling import Zone, level_db, record, release_seconds, zones_of
from aeolia.runtime.synth.sfz.text import LAYERS, Layer, Region, sfz_text

__all__ = ["export_sfz", "keys_in"]

_WRITTEN = (".sfz", ".flac")
_NEAR_SEMITONES = 2


@dataclass(frozen=True)
class _Part:
    """Keys, and who plays them."""

    patch: Patch
    #: The key that is recorded for each group of keys.
    zones: tuple[Zone, ...]
    chokes: bool = False

    def file(self, zone: Zone, layer: Layer) -> str:
        """A sample's name, of letters that every sampler and file system takes."""
        name = _plain(self.patch.name)
        if self.patch.model.unpitched:
            return f"{name}-v{layer.high:03d}.flac"
        return f"{name}-{zone.centre:03d}-v{layer.high:03d}.flac"

    def pitch(self, zone: Zone) -> int:
        """What the model is asked for."""
        return round(np.mean(self.patch.range)) if self.patch.model.unpitched else zone.centre


def export_sfz(
    target: str | Path,
    instrument: str | None = None,
    *,
    text: str | None = None,
    timbre: Encoding | str | Path | None = None,
    drawn: bool = False,
    seed: int = 0,
    keys: str | None = None,
    model: Synthesiser = NOTES_MODEL,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> SfzReport:
    """Write an instrument as a folder that samplers open: NAME.sfz and samples in 24-bit FLAC.

    A sample every three semitones at four velocities, mono, at the level that the model plays it
    with; sounds that sustain have loops. A model of drums without an `instrument` gives a kit on
    General MIDI's keys.

    Args:
        instrument: a name that `model` has; None for the text's choice, or the model's first.
        text: words such as "bright plucked".
        timbre: an encoding, or the .npz file that `encode` wrote, in place of the two above.
        drawn: draw the timbre from the prior, by `seed`.
        keys: lowest and highest, such as "C2:C6" or "36:84"; None for those that were learned.

    Raises:
        InputError, ModelError: with one line on what is wrong; nothing is left at `target`.

    >>> print(aeolia.export_sfz("flute", "flute", keys="C5:D5"))
    flute: flute, keys 72 to 74, 4 samples (4 with loops), ... s of sound
    """
    started = time.perf_counter()
    if str(target) == PIPE:
        raise InputError("an instrument is several files and standard output one; name a folder")
    opened = open_synthesiser(model)
    span = None if keys is None else keys_in(keys)
    loaded = Encoding.load(timbre) if isinstance(timbre, (str, Path)) else timbre
    if opened.unpitched and instrument is None and text is None and loaded is None:
        name, parts = "kit", _kit(opened, seed if drawn else None)
        if span is not None:
            raise InputError("a kit lies on General MIDI's keys; leave the range out")
    else:
        patch = choose_patch(
            opened, instrument, text=text, timbre=loaded, seed=seed if drawn else None
        )
        name, parts = patch.name, (_Part(patch, _zones(patch, span)),)
    written = _Written(opened.config.sample_rate, progress, len(LAYERS) * _n_samples(parts))
    with _folder(Path(target), overwrite) as folder:
        layers = [(one, *_layer(folder, parts, one, written)) for one in LAYERS]
        described = sfz_text(
            f"{name}, sampled from Aeolia's model {opened.config.name}",
            layers,
            release_seconds=release_seconds(parts[0].patch),
            pitched=not opened.unpitched,
        )
        (folder / f"{_plain(name)}.sfz").write_text(described, encoding="utf-8")
    info = AudioInfo(name, opened.config.sample_rate, 1, None, "FLAC", "PCM_24")
    return SfzReport.since(
        started,
        "",
        target,
        info,
        written.frames,
        written.clipped,
        instrument=name,
        samples=written.samples,
        loops=written.loops,
        lowest=min(zone.low for part in parts for zone in part.zones),
        highest=max(zone.high for part in parts for zone in part.zones),
        warnings=_warnings(parts),
    )


class _Written:
    """What has been written so far."""

    def __init__(self, sample_rate: int, progress: Progress | None, total: int) -> None:
        self._rate, self._progress, self._total = sample_rate, progress, total
        self.samples = self.loops = self.frames = self.clipped = 0

    def add(self, path: Path, audio: np.ndarray, looped: bool) -> None:
        """Write one sample."""
        self.clipped += write_audio(path, audio, self._rate, overwrite=False)
        self.samples += 1
        self.loops += looped
        self.frames += len(audio)
        if self._progress:
            self._progress(self.samples, self._total)


def _layer(
    folder: Path, parts: tuple[_Part, ...], layer: Layer, written: _Written
) -> tuple[np.ndarray, list[Region]]:
    """Record a layer of velocities; the gain of each of them, and the regions."""
    regions, loops = [], dict[str, Loop | None]()
    for part in parts:
        for zone in part.zones:
            file = part.file(zone, layer)
            if file not in loops:
                sample = record(part.patch, part.pitch(zone), layer.high)
                written.add(folder / file, sample.audio, sample.loop is not None)
                loops[file] = sample.loop
            regions.append(Region(file, zone, loops[file], part.chokes))
    middle = parts[0].zones[len(parts[0].zones) // 2]
    levels = level_db(parts[0].patch, parts[0].pitch(middle), range(layer.low, layer.high + 1))
    return np.minimum(10.0 ** ((levels - levels[-1]) / 20.0), 1.0), regions


def _zones(patch: Patch, span: tuple[int, int] | None) -> tuple[Zone, ...]:
    if not patch.model.unpitched:
        return zones_of(*(span or patch.range))
    # A drum sounds the same on every key.
    low, high = span or (0, 127)
    return (Zone(low, (low + high) // 2, high),)


def _kit(model: OnnxSynthesiser, seed: int | None) -> tuple[_Part, ...]:
    """Every drum on its keys of General MIDI's map; the hi-hat's open and closed end each other."""
    keys: dict[tuple[str, bool], list[Zone]] = {}
    for key in DRUM_KEYS:
        of = best_drum(model, key), key in HIHAT_KEYS
        keys.setdefault(of, []).append(Zone(key, key, key))
    return tuple(
        _Part(choose_patch(model, name, seed=seed), tuple(zones), chokes)
        for (name, chokes), zones in keys.items()
    )


def _n_samples(parts: tuple[_Part, ...]) -> int:
    """Of a layer."""
    return len({part.file(zone, LAYERS[0]) for part in parts for zone in part.zones})


def _warnings(parts: tuple[_Part, ...]) -> tuple[str, ...]:
    """On keys far from what was learned."""
    found = []
    for part in parts:
        (low, high), zones = part.patch.range, part.zones
        outside = zones[0].low < low - _NEAR_SEMITONES or zones[-1].high > high + _NEAR_SEMITONES
        if outside and not part.patch.model.unpitched:
            found.append(
                f"{note_name(zones[0].low)} to {note_name(zones[-1].high)} goes far beyond what "
                f"{part.patch.name} was learned from ({note_name(low)} to {note_name(high)}); it "
                f"may not sound like one there"
            )
    return tuple(found)


def keys_in(text: str) -> tuple[int, int]:
    """The lowest and the highest key of a text such as "C2:C6", as MIDI numbers.

    Raises:
        InputError: it is none, or the lowest is above the highest.
    """
    low, colon, high = text.partition(":")
    if not colon:
        raise InputError(f"the range {text!r} is none; write lowest:highest, such as C2:C6")
    numbers = parse_pitch(low), parse_pitch(high)
    if any(number != round(number) for number in numbers):
        raise InputError(f"the range {text!r} is none; its ends are whole semitones, such as C2:C6")
    if numbers[0] > numbers[1]:
        raise InputError(f"the range {text!r} ends below its start; write lowest:highest")
    return round(numbers[0]), round(numbers[1])


@contextmanager
def _folder(target: Path, overwrite: bool) -> Iterator[Path]:
    """The folder to fill; nothing is at `target` until it is whole."""
    try:
        with new_folder(target, replaces=_WRITTEN if overwrite else ()) as folder:
            yield folder
    except FileExistsError as error:
        advice = "it holds more than an SFZ and its samples: " if overwrite else ""
        more = "" if overwrite else ", or add --overwrite"
        raise InputError(f"{target}: is there already; {advice}name a new folder{more}") from error
    except OSError as error:
        raise InputError(not_written(target, error)) from error


def _plain(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name)
