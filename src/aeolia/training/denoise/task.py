"""The task of denoising: its recordings, mixtures, objective and validation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeolia.data.corpus.left_out import LeftOut, in_words
from aeolia.data.corpus.manifest import SPLITS, Row
from aeolia.data.corpus.scan import load_rows
from aeolia.data.denoise.mistaken import mistaken
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.data.denoise.mixer import Mixer
from aeolia.data.pool import AudioPool
from aeolia.errors import DataError
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.transplant import transplant
from aeolia.training.denoise.config import SETTINGS
from aeolia.training.denoise.objective import DenoiseObjective
from aeolia.training.denoise.validation import Validation, score_names
from aeolia.training.task import Data, Prepared, Say, Setup, Task

__all__ = ["DENOISE", "Recordings", "gather"]

#: Playing speeds of the training recordings: voices stay voices, noises may become others.
_SPEECH_SPEEDS = (0.9, 1.0, 1.1)
_NOISE_SPEEDS = (0.7, 0.85, 1.0, 1.2, 1.45)


@dataclass(frozen=True)
class Recordings:
    """The recordings of a run, split."""

    speech: list[Row]
    noise: list[Row]
    rirs: list[Row]
    left_out: tuple[LeftOut, ...] = ()

    def pools(self, split: str, sample_rate: int) -> list[Any]:
        """Decoded pools of speech, noise and rooms; None where there are no recordings."""
        training = split == "train"
        speech_speeds = _SPEECH_SPEEDS if training else (1.0,)
        noise_speeds = _NOISE_SPEEDS if training else (1.0,)
        pools: list[AudioPool | None] = []
        kinds: list[tuple[list[Row], Sequence[float]]] = [
            (self.speech, speech_speeds),
            (self.noise, noise_speeds),
            (self.rirs, (1.0,)),
        ]
        for rows, speeds in kinds:
            chosen = [row for row in rows if row.split == split]
            pools.append(
                AudioPool.from_manifest(chosen, sample_rate, speeds=speeds) if chosen else None
            )
        return pools

    def in_words(self) -> list[str]:
        """What was found, one line a kind, and what of it is not used, one line a reason."""
        lines = []
        for name, rows in (("speech", self.speech), ("noise", self.noise), ("rooms", self.rirs)):
            for split in SPLITS:
                chosen = [row for row in rows if row.split == split]
                labels = len({(row.source, row.label) for row in chosen})
                minutes = sum(row.seconds for row in chosen) / 60.0
                if chosen:
                    lines.append(
                        f"{name:6} {split}: {len(chosen)} recordings, {minutes:.1f} minutes, "
                        f"{labels} labels"
                    )
        return [*lines, *in_words(self.left_out)]


def gather(speech: Path, noise: Path | None, rirs: Path | None, seed: int = 0) -> Recordings:
    """Recordings from folders or manifests, those whose licence forbids release left out.

    Raises:
        DataError: there is no speech to train or to validate on.
    """
    found = {
        kind: load_rows(path, kind, seed)
        for kind, path in (("speech", speech), ("noise", noise), ("rir", rirs))
        if path is not None
    }
    rows = {kind: kept for kind, (kept, _, _) in found.items()}
    left_out = tuple(one for _, _, some in found.values() for one in some)
    recordings = Recordings(rows["speech"], rows.get("noise", []), rows.get("rir", []), left_out)
    for split in ("train", "choose"):
        if not any(row.split == split for row in recordings.speech):
            raise DataError(
                f"{speech} leaves no speech to {split} on ({len(recordings.speech)} recordings "
                "in all); give recordings of at least two speakers, or two files"
            )
    return recordings


def _prepare(setup: Setup, data: Data, say: Say) -> Prepared:
    config, mix = setup.train, setup.mix
    paths = {name: Path(path) if path else None for name, path in data.items()}
    speech = paths.get("speech")
    if speech is None:
        raise DataError("no speech was given; name a folder or a manifest with --speech")
    recordings = gather(speech, paths.get("noise"), paths.get("rirs"), config.seed)
    for remark in _remarks(paths, recordings, mix):
        say(remark)
    rate = setup.model.sample_rate
    held_out = dataclasses.replace(mix, seed=mix.seed + 1, noise_only=0.0, clean_only=0.0)

    def validation() -> Validation | None:
        if not config.validation_clips:
            return None
        return Validation(_mixer(recordings, "choose", held_out, rate), config.validation_clips)

    rows = (*recordings.speech, *recordings.noise)
    return Prepared(
        setup.model,
        _mixer(recordings, "train", mix, rate),
        DenoiseObjective(setup.loss, setup.model, config.seed),
        validation,
        config.batch_size * mix.crop_seconds,
        recordings.in_words(),
        sorted({row.source for row in rows if row.source}),
        recordings.left_out,
    )


def _remarks(paths: Mapping[str, Path | None], found: Recordings, mix: MixConfig) -> list[str]:
    """What of the recordings was probably not meant, a line each."""
    remarks = []
    speech, noise = paths.get("speech"), paths.get("noise")
    if noise is None and mix.recorded > 0.0:
        remarks.append(
            "no --noise was given: noise is computed (hiss, hum, tones, babble of the speech); "
            "a denoiser learns more from recordings of noise"
        )
    if noise is not None and noise == speech and noise.is_dir():
        remarks.append(f"{noise} is both the speech and the noise; was another folder meant?")
    for option, path, rows, other in (
        ("--speech", speech, found.speech, "noise"),
        ("--noise", noise, found.noise, "speech"),
    ):
        if path is not None:
            remarks += mistaken(option, path, rows, other)
    return remarks


def _mixer(recordings: Recordings, split: str, mix: MixConfig, sample_rate: int) -> Mixer:
    speech, noise, rirs = recordings.pools(split, sample_rate)
    if noise is None and mix.recorded > 0.0:
        mix = dataclasses.replace(mix, recorded=0.0)
    return Mixer(speech, noise, rirs, mix)


def _describe(model: DenoisingAutoencoder) -> str:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return (
        f"Denoising autoencoder, {model.config.sample_rate} Hz, {parameters / 1e3:.0f} k "
        f"parameters, latency {model.config.latency_ms:g} ms."
    )


DENOISE = Task(SETTINGS, _prepare, transplant, _describe, score_names)
