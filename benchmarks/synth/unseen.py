"""Notes that training held out, sounded again; what the latent carries; unknown instruments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aeolia.data.heldout.synth import HeldOutNotes, sound
from aeolia.data.synth.notes import RecordedNote
from aeolia.runtime.synth.encoding import nearest_instrument
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from benchmarks.synth.ear import resampled, spectral_distances, vocoded

__all__ = ["encoded", "linear_probe", "measure_latent", "measure_strangers", "measure_unseen"]

#: What of each note is compared.
SECONDS = 1.5

#: Notes of each instrument that the latent is looked at for.
_PROBED = 10

Scores = dict[str, list[tuple[float, float]]]


def measure_unseen(model: OnnxSynthesiser, recordings: HeldOutNotes, count: int) -> Scores:
    """Way of making the sound -> its two distances from each held-out note."""
    rng = np.random.default_rng(0)
    found: Scores = {}
    for name in model.config.instruments:
        known, unseen = recordings.known[name], recordings.unseen[name]
        for index in rng.permutation(len(unseen))[: count if known else 0]:
            note = unseen[index]
            condition = model.instrument(name)
            reference = sound(note, SECONDS, model.config.sample_rate)
            pitch, loudness = _contours(note, reference, model)
            prior = model.prior(condition[None], np.array([note.midi]), np.array([note.velocity]))
            latents = {
                "encoded and decoded": encoded(model, note),
                "prior's mean, its own contours": prior.mean,
            }
            sounds = {
                way: model.decode(latent, condition, pitch, loudness)[0]
                for way, latent in latents.items()
            }
            sounds |= _others(note, known, len(reference), model)
            _add(found, reference, sounds, model.config.sample_rate)
    return found


def measure_strangers(model: OnnxSynthesiser, recordings: HeldOutNotes, count: int) -> Scores:
    """The same for an instrument kept out of training, played by whichever is nearest.

    The baselines take the nearest note of that instrument.
    """
    rng = np.random.default_rng(0)
    found: Scores = {}
    rate = model.config.sample_rate
    for notes in recordings.strangers.values():
        for index in rng.permutation(len(notes))[:count]:
            note = notes[index]
            reference = sound(note, SECONDS, rate)
            pitch, loudness = _contours(note, reference, model)
            latent = encoded(model, note)
            condition = nearest_instrument(reference, pitch, loudness, latent, model)
            sounds = {"encoded and decoded": model.decode(latent, condition, pitch, loudness)[0]}
            chosen = model.config.instruments[int(np.argmax(condition))]
            sounds |= _others(note, recordings.known[chosen], len(reference), model)
            _add(found, reference, sounds, rate)
    return found


def measure_latent(model: OnnxSynthesiser, recordings: HeldOutNotes) -> dict[str, float]:
    """What the latent of held-out notes carries.

    Active units vary by at least 0.01 over notes (Burda et al., 2016). `aggregate_nats`: KL per
    dimension of the Gaussian with the moments of draws, each whitened by its own note's prior,
    from N(0, 1): 0 where the prior fits what notes are encoded to. `spread`: standard deviation of
    those draws in the active dimensions.
    """
    means, whitened, divergences, pitches = [], [], [], []
    rng = np.random.default_rng(0)
    for name, notes in recordings.unseen.items():
        condition = model.instrument(name)[None]
        for note in (notes[i] for i in rng.permutation(len(notes))[:_PROBED]):
            audio = note.audio.astype(np.float32)
            posterior = model.encode(audio, note.pitch_hz)
            prior = model.prior(condition, np.array([note.midi]), np.array([note.velocity]))
            draw = posterior.mean + np.exp(0.5 * posterior.log_variance) * rng.standard_normal(
                posterior.mean.shape
            )
            gap = posterior.log_variance - prior.log_variance
            apart = (posterior.mean - prior.mean) ** 2 * np.exp(-prior.log_variance)
            means.append(posterior.mean[0])
            divergences.append(0.5 * (np.exp(gap) + apart - 1 - gap)[0])
            whitened.append(((draw - prior.mean) * np.exp(-0.5 * prior.log_variance))[0])
            pitches.append(note.midi)
    mean, white, kl = np.array(means), np.array(whitened), np.array(divergences)
    variance, centre = white.var(axis=0), white.mean(axis=0)
    active = mean.var(axis=0) > 0.01
    return {
        "notes": len(mean),
        "active": int(active.sum()),
        "nats": float(kl.sum(axis=1).mean()),
        "largest_nats": float(kl.mean(axis=0).max()),
        "aggregate_nats": float((0.5 * (variance + centre**2 - 1 - np.log(variance))).mean()),
        "spread": float(np.sqrt(variance[active]).mean()),
        "probe": linear_probe(mean, np.array(pitches)),
        "guess": float(np.abs(np.array(pitches) - np.mean(pitches)).mean()),
    }


def linear_probe(inputs: np.ndarray, target: np.ndarray, folds: int = 5) -> float:
    """Mean absolute error of ridge regression from inputs [N, D] to target [N], cross-validated."""
    order = np.random.default_rng(0).permutation(len(inputs)) % folds
    errors = []
    for fold in range(folds):
        known = order != fold
        x, centre = inputs[known], target[known].mean()
        x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
        weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ (target[known] - centre))
        tested = np.concatenate([inputs[~known], np.ones(((~known).sum(), 1))], axis=1)
        errors.append(np.abs(tested @ weights + centre - target[~known]))
    return float(np.concatenate(errors).mean())


def encoded(model: OnnxSynthesiser, note: RecordedNote) -> np.ndarray:
    """The posterior's mean [1, D] of a note."""
    return model.encode(note.audio.astype(np.float32), note.pitch_hz).mean


def _contours(
    note: RecordedNote, reference: np.ndarray, model: OnnxSynthesiser
) -> tuple[np.ndarray, np.ndarray]:
    frames = len(reference) // model.config.hop_length
    return note.pitch_hz[:frames], note.loudness_db[:frames]


def _nearest(note: RecordedNote, known: list[RecordedNote]) -> RecordedNote:
    return min(
        known, key=lambda other: (abs(other.midi - note.midi), abs(other.velocity - note.velocity))
    )


def _others(
    note: RecordedNote, known: list[RecordedNote], length: int, model: OnnxSynthesiser
) -> dict[str, np.ndarray]:
    """The nearest note that was learned from, brought to the pitch in two ways."""
    near = _nearest(note, known)
    other = sound(near, 3.0, model.config.sample_rate)
    if model.unpitched:
        return {"nearest hit that was learned": np.pad(other, (0, length))[:length]}
    ratio = 2 ** ((note.midi - near.midi) / 12)
    ways: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
        "nearest learned note, resampled": resampled,
        "nearest learned note, phase vocoder": vocoded,
    }
    return {name: way(other, ratio, length) for name, way in ways.items()}


def _add(found: Scores, reference: np.ndarray, sounds: dict[str, np.ndarray], rate: int) -> None:
    scores = spectral_distances(reference, list(sounds.values()), rate)
    for way, score in zip(sounds, scores, strict=True):
        found.setdefault(way, []).append(score)
