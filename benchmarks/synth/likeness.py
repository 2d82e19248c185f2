"""Do synthesised notes sound like their instrument, and differ as its recordings do?

A small classifier learns the instruments from real notes alone: from their spectral envelope, how
its attack differs and how much it moves, and the pitch. It is not given the level or its course,
which a transfer takes from elsewhere. The same numbers are the embedding of the Frechet distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

__all__ = ["Classifier", "describe", "frechet", "instrument_of", "measure_likeness"]

#: Terms of the cosine series that describe the spectrum, how its first frames differ, and its
#: spread over time.
_TERMS, _ATTACK, _SPREAD = 14, 8, 6
_ATTACK_FRAMES = 4
#: Below the loudest band of its frame (dB) a band counts as silent.
_FLOOR_DB = 60.0
#: Width of the kernel, and how much a note counts less than perfectly.
_WIDTH, _RIDGE = 1.0, 0.3
#: Notes of an instrument that the classifier learns from, at most.
_MOST_NOTES = 70


def describe(levels: np.ndarray, midi: np.ndarray) -> np.ndarray:
    """Compact mel levels [N, F, 80] and pitches [N] to [N, 29], see above."""
    centres = (np.arange(80) + 0.5) / 80
    basis = np.cos(np.pi * np.outer(np.arange(_TERMS), centres)) * np.sqrt(2 / 80)
    rows = []
    for note in levels:
        decibels = note.astype(np.float64) / 3.0
        loudest = decibels.max(axis=1, keepdims=True)
        loud = loudest[:, 0] > loudest.max() - 40.0
        shape = np.maximum(decibels[loud] - loudest[loud], -_FLOOR_DB)
        first = shape[:_ATTACK_FRAMES].mean(axis=0)
        later = shape[_ATTACK_FRAMES:].mean(axis=0) if len(shape) > _ATTACK_FRAMES else first
        rows.append(
            [
                *(basis @ later),
                *(basis[:_ATTACK] @ (first - later)),
                *(basis[:_SPREAD] @ shape.std(axis=0)),
            ]
        )
    return np.concatenate([np.array(rows), np.asarray(midi)[:, None]], axis=1)


class Classifier:
    """Kernel ridge regression on the instruments (Gaussian kernel): one weight for each real note.

    Args:
        inputs: of real notes, from `describe` [N, D].
        labels: number of each note's instrument [N].
    """

    def __init__(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        self.centre, self.scale = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-6)
        self.known = self.embed(inputs)
        counts = np.sqrt(np.bincount(labels))[labels]
        # An instrument counts by the square root of its notes.
        ridge = np.diag(_RIDGE * counts / counts.mean()).astype(np.float32)
        labelled = np.eye(int(labels.max()) + 1, dtype=np.float32)[labels]
        self.weights = np.linalg.solve(self._kernel(self.known) + ridge, labelled)

    def embed(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs [N, D] of unit variance over real notes."""
        return np.asarray((inputs - self.centre) / self.scale, np.float32)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """The number of the likeliest instrument for each of inputs [N, D]."""
        return np.asarray(np.argmax(self._kernel(self.embed(inputs)) @ self.weights, axis=1))

    def _kernel(self, x: np.ndarray) -> np.ndarray:
        squares = (x**2).sum(axis=1)[:, None] + (self.known**2).sum(axis=1) - 2 * x @ self.known.T
        return np.asarray(np.exp(-squares / (2 * _WIDTH * x.shape[1])))


def measure_likeness(
    names: tuple[str, ...], sounds: Mapping[str, np.ndarray], transferred: Mapping[str, np.ndarray]
) -> dict[str, object]:
    """Identity, diversity and the Frechet distance, from what `synth_sounds.collect` found.

    Args:
        names: the model's instruments.
        transferred: levels [N, F, 80], instrument and midi [N] of what `aeolia transfer` made.
    """
    sets = {
        kind: describe(sounds[f"{kind}/levels"], sounds[f"{kind}/midi"])
        for kind in ("known", "unseen", "draws", "near")
    }
    labels = sounds["known/instrument"]
    rng = np.random.default_rng(0)
    learned = np.concatenate(
        [rng.permutation(np.flatnonzero(labels == one))[:_MOST_NOTES] for one in np.unique(labels)]
    )
    classifier = Classifier(sets["known"][learned], labels[learned])
    answered, answers = sounds["answered"], dict(sets)
    labelled = {kind: sounds[f"{kind}/instrument"] for kind in sets}
    if len(transferred):
        answers["transfers"] = describe(transferred["levels"], transferred["midi"])
        labelled["transfers"] = transferred["instrument"]
    pairs = {
        kind: [
            [names[want], names[guess]]
            for want, guess in zip(labelled[kind], classifier(answers[kind]), strict=True)
        ]
        for kind in answers
        if kind != "known"
    }
    embedded = {kind: classifier.embed(some) for kind, some in sets.items()}
    target = embedded["unseen"][answered]
    others = rng.permutation(len(embedded["known"]))[: len(answered)]
    return {
        **pairs,
        "ratio": _ratios(sounds),
        "at_pitch": _at_one_pitch(sounds),
        "frechet": {
            "draws": frechet(target, embedded["draws"]),
            "near": frechet(target, embedded["near"]),
            "known": frechet(target, embedded["known"][others]),
        },
        "frechet_notes": len(answered),
        "learned_from": len(learned),
    }


def instrument_of(name: str) -> str:
    """The instrument whatever its articulation or its microphone: cello for cello_staccato."""
    return next((one for one in ("cello", "archtop", "hihat") if name.startswith(one)), name)


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of the Gaussians with the moments of a [N, D] and of b [M, D].

    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)), as in Heusel et al. (2017).
    """
    first, second = np.cov(a.T), np.cov(b.T)
    values = np.linalg.eigvals(first @ second)
    root = np.sqrt(np.maximum(values.real, 0.0)).sum()
    distance = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    return float(distance + np.trace(first) + np.trace(second) - 2 * root)


def _ratios(sounds: Mapping[str, np.ndarray]) -> list[float]:
    """Mean mel distance of pairs of draws over that of the recordings they answer, of each
    instrument with three or more."""
    real, drawn = sounds["unseen/levels"][sounds["answered"]], sounds["draws/levels"]
    found = []
    for index in np.unique(sounds["draws/instrument"]):
        own = np.flatnonzero(sounds["draws/instrument"] == index)
        if len(own) >= 3:
            found.append(_spread(drawn[own]) / _spread(real[own]))
    return found


def _spread(levels: np.ndarray) -> float:
    return float(np.mean([_apart(a, b) for a, b in combinations(levels, 2)]))


def _at_one_pitch(sounds: Mapping[str, np.ndarray]) -> list[list[float]]:
    """Mel distance of each pair of recordings of one pitch, and of the draws for them."""
    if "pairs/levels" not in sounds:  # no pitch was recorded twice
        return []
    real, drawn = sounds["pairs/levels"], sounds["pairs_drawn/levels"]
    return [
        [_apart(real[at], real[at + 1]), _apart(drawn[at], drawn[at + 1])]
        for at in range(0, len(real), 2)
    ]


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square difference in decibels of compact levels, each from its own loudest."""
    return float(np.sqrt(np.mean(((a.astype(np.float64) - b) / 3.0) ** 2)))
