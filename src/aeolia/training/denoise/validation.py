"""Validation on held-out mixtures, through the same stream that users run."""

from __future__ import annotations

from typing import Any

import numpy as np

from aeolia.data.denoise.mixer import Mixer
from aeolia.errors import InputError
from aeolia.metrics import METRICS
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.torch_backend import TorchBackend
from aeolia.runtime.denoise import DenoisingStream
from aeolia.training.run_folder import SHOWN, Sound
from aeolia.training.silence import LEVEL, level_db

__all__ = ["Validation", "score_names"]

_METRICS = ("si_sdr", "pesq_wb", "estoi")
#: SNRs of the clips, taken in turn.
_SNRS_DB = (-5.0, 0.0, 5.0, 10.0, 15.0)


def score_names(model: Any) -> list[str]:
    """What `Validation` gives: measures that are installed, and the level."""
    return [*(name for name in _METRICS if METRICS[name].installed), LEVEL]


class Validation:
    """A fixed set of clips; calling it with a model gives mean scores by name."""

    def __init__(self, mixer: Mixer, clips: int) -> None:
        plans = [mixer.plan(0, i, _SNRS_DB[i % len(_SNRS_DB)]) for i in range(clips)]
        batch = mixer.render(plans)
        self.sample_rate = mixer.config.sample_rate
        self.noisy = batch.noisy.cpu().numpy()
        self.reference = batch.reference.cpu().numpy()
        self.sounds: list[Sound] = []

    def __call__(self, model: DenoisingAutoencoder) -> dict[str, float]:
        """Means over the clips: SI-SDR in dB, PESQ-WB if it is installed, ESTOI, level in dB."""
        backend = TorchBackend(model)
        metrics = [METRICS[name] for name in _METRICS if METRICS[name].installed]
        scores: dict[str, list[float]] = {metric.name: [] for metric in metrics}
        levels: list[float] = []
        self.sounds = []
        for index, (noisy, reference) in enumerate(zip(self.noisy, self.reference, strict=True)):
            estimate = DenoisingStream(backend, self.sample_rate, 1).process(noisy)
            if index < SHOWN:
                versions = {"noisy": noisy, "estimate": estimate, "clean": reference}
                self.sounds += [
                    Sound(f"clip {index}/{name}", audio, self.sample_rate)
                    for name, audio in versions.items()
                ]
            try:
                values = [
                    metric.compute(reference, estimate, self.sample_rate) for metric in metrics
                ]
            except InputError:
                continue  # too little speech in the clip for the perceptual measures
            for name, value in zip(scores, values, strict=True):
                scores[name].append(value)
            levels.append(level_db(estimate, reference))
        scores[LEVEL] = levels
        return {name: float(np.mean(values)) for name, values in scores.items() if values}
