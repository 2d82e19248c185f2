"""Validation of separators on held-out mixtures, through the stream that users run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from aeolia.config import SeparateConfig
from aeolia.config.classes import KIT, STEMS
from aeolia.data.separate.classes import ClassMixer
from aeolia.data.separate.kits import KitMixer
from aeolia.data.separate.speakers import SpeakerMixer
from aeolia.metrics import si_sdr
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.torch_backend import TorchSeparator
from aeolia.runtime.separate.sources import Source, parse_sources
from aeolia.runtime.separate.stream import SeparationStream
from aeolia.training.run_folder import SHOWN, Sound
from aeolia.training.silence import LEVEL, level_db

__all__ = ["ClassValidation", "SpeakerValidation", "score_names"]

#: A source this far below the mixture counts as absent, in dB.
_ABSENT_DB = -40.0
#: A mixture this close to the source has nothing to separate, in dB of its SI-SDR.
_PURE_DB = 20.0
#: Batches of plans that held-out mixtures are drawn in.
_AT_ONCE = 8


def score_names(model: SeparateConfig) -> list[str]:
    """What the validation of a separator may give; a source that never sounds has no score."""
    if model.condition != "classes":
        return [_gain("speaker"), "below_1_db", "absent_db", LEVEL]
    sources = [name for group in _groups(model.classes) for name in group]
    return [*map(_gain, sources), "absent_db", LEVEL]


def _groups(classes: Sequence[str]) -> list[list[str]]:
    """Names of the sources that are asked for together: of a scene, and the stems of music.

    The parts of a kit are asked for at once; they are never all that sounds.
    """
    if set(classes) <= set(KIT):
        return [list(classes)]
    scene = [name for name in ("speech", "music", "noise") if name in classes or name == "music"]
    return [names for names in (scene, [name for name in STEMS if name in classes]) if names]


def _gain(source: str) -> str:
    return f"{source}_si_sdri"


class ClassValidation:
    """A fixed set of mixtures with their stems; calling it with a model gives mean scores."""

    def __init__(self, mixer: ClassMixer | KitMixer, clips: int) -> None:
        self.sample_rate = mixer.config.sample_rate
        self.clips: list[tuple[np.ndarray, np.ndarray]] = []
        for step in range(-(-clips // _AT_ONCE)):
            batch = mixer.batch(step, _AT_ONCE)
            stems = batch.stems.cpu().numpy()
            self.clips += zip(batch.mixture.cpu().numpy(), stems, strict=True)
        self.clips = self.clips[:clips]
        self.sounds: list[Sound] = []

    def __call__(self, model: ConditionalAutoencoder) -> dict[str, float]:
        """SI-SDR improvement of each source in dB where it sounds, and the level where not.

        Speech, music and noise are asked for together, as a partition; the stems of music
        and the parts of a kit at once.
        """
        backend, classes = TorchSeparator(model), model.config.classes
        groups = [parse_sources(names, classes) for names in _groups(classes)]
        scores: dict[str, list[float]] = defaultdict(list)
        self.sounds = []
        for index, (mixture, parts) in enumerate(self.clips):
            for sources in groups:
                stream = SeparationStream(backend, sources, self.sample_rate)
                outputs = stream.process(mixture)
                if index < SHOWN:
                    self.sounds += _sounds(index, self.sample_rate, {"mixture": mixture, **outputs})
                for source, estimate in zip(sources, outputs.values(), strict=True):
                    reference = np.tensordot(source.condition, parts, 1)
                    _score(scores, source.name, mixture, reference, estimate)
        return {name: float(np.mean(values)) for name, values in scores.items()}


class SpeakerValidation:
    """A fixed set of mixtures of voices; calling it with a model gives mean scores."""

    def __init__(self, mixer: SpeakerMixer, clips: int) -> None:
        self.sample_rate = mixer.config.sample_rate
        self.clips: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for step in range(-(-clips // _AT_ONCE)):
            batch = mixer.batch(step, _AT_ONCE)
            columns = (batch.mixture, batch.target, batch.enrolment)
            self.clips += zip(*(column.cpu().numpy() for column in columns), strict=True)
        self.clips = self.clips[:clips]
        self.sounds: list[Sound] = []

    def __call__(self, model: ConditionalAutoencoder) -> dict[str, float]:
        """SI-SDR improvement in dB, share improved by less than 1 dB, level where absent."""
        backend = TorchSeparator(model)
        scores: dict[str, list[float]] = defaultdict(list)
        self.sounds = []
        for index, (mixture, target, enrolment) in enumerate(self.clips):
            source = Source("speaker", backend.voice(enrolment))
            stream = SeparationStream(backend, [source], self.sample_rate)
            estimate = stream.process(mixture)["speaker"]
            if index < SHOWN:
                versions = {"mixture": mixture, "estimate": estimate, "target": target}
                self.sounds += _sounds(index, self.sample_rate, versions)
            _score(scores, "speaker", mixture, target, estimate)
        means = {name: float(np.mean(values)) for name, values in scores.items()}
        if gains := scores.get(_gain("speaker")):
            means["below_1_db"] = float(np.mean(np.array(gains) < 1.0))
        return means


def _sounds(index: int, sample_rate: int, versions: Mapping[str, np.ndarray]) -> list[Sound]:
    return [Sound(f"clip {index}/{name}", audio, sample_rate) for name, audio in versions.items()]


def _score(
    scores: dict[str, list[float]],
    name: str,
    mixture: np.ndarray,
    reference: np.ndarray,
    estimate: np.ndarray,
) -> None:
    """Add improvement and level of a source that sounds, or the level of one that does not."""
    if level_db(reference, mixture) < _ABSENT_DB:
        scores["absent_db"].append(level_db(estimate, mixture))
        return
    scores[LEVEL].append(level_db(estimate, reference))
    before = si_sdr(reference, mixture)
    if before < _PURE_DB:
        scores[_gain(name)].append(si_sdr(reference, estimate) - before)
