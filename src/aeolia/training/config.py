"""TrainConfig: everything that decides a training run besides the model's structure."""

from __future__ import annotations

from dataclasses import dataclass

from aeolia.errors import ConfigError

__all__ = ["TrainConfig"]


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Saved in the run folder and checked on resume."""

    seed: int = 0
    steps: int = 20000
    #: Crops per optimiser step, over all processes together.
    batch_size: int = 16
    #: "adamw", or "muon" for matrices with AdamW for the rest.
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    warmup_steps: int = 300
    #: Last share of the run in which the learning rate falls to zero (warm-up, stable, decay);
    #: a run can be lengthened from any checkpoint before it.
    decay_share: float = 0.25
    weight_decay: float = 0.01
    #: Beginnings of the names of the parameters that learn ("decoder.widen"), none for all: the
    #: others stay as they began, to fine-tune a part of a trained model.
    learn: tuple[str, ...] = ()
    #: Gradients are clipped to this norm.
    clip_norm: float = 5.0
    ema_decay: float = 0.999
    #: Probability that a step trains without skip connections, so that the latent carries the
    #: signal by itself.
    skip_dropout: float = 0.05
    #: "spectral": compressed spectra and signal-to-noise ratio. "mse": squared error of the
    #: waveform, the textbook objective.
    loss: str = "spectral"
    #: Weights of the terms of the spectral loss.
    magnitude_weight: float = 30.0
    complex_weight: float = 5.0
    snr_weight: float = 0.5
    #: Weight of the scale-invariant SDR, for which silence is no way out of a babble.
    si_sdr_weight: float = 0.0
    #: Weight of the log-spectral distance above 8 kHz, for full-band models.
    treble_weight: float = 0.0
    #: Weight of one minus ESTOI, for fine-tuning a denoiser of speech.
    intelligibility_weight: float = 0.0
    #: Weight of the disturbance that PESQ would find, in points of its score.
    quality_weight: float = 0.0
    #: Steps between validations, checkpoints and log lines.
    validate_every: int = 1000
    checkpoint_every: int = 250
    log_every: int = 25
    #: Held-out clips per validation.
    validation_clips: int = 32

    def __post_init__(self) -> None:
        if self.loss not in ("spectral", "mse"):
            raise ConfigError(f"loss is {self.loss!r}; it must be 'spectral' or 'mse'")
        if self.optimizer not in ("adamw", "muon"):
            raise ConfigError(f"optimizer is {self.optimizer!r}; it must be 'adamw' or 'muon'")
        for field in ("steps", "batch_size", "validate_every", "checkpoint_every", "log_every"):
            if getattr(self, field) < 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be at least 1")
        for field in ("decay_share", "ema_decay", "skip_dropout"):
            if not 0.0 <= getattr(self, field) <= 1.0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be between 0 and 1")
        for field in ("learning_rate", "clip_norm"):
            if not getattr(self, field) > 0.0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be above 0")
        for field in ("seed", "warmup_steps", "weight_decay", "validation_clips"):
            if getattr(self, field) < 0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must not be negative")

    def learning_rate_at(self, step: int) -> float:
        """Linear warm-up, constant, then linear decay to zero over the last `decay_share`."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        decay_steps = max(1.0, self.decay_share * self.steps)
        cool = min(1.0, (self.steps - step) / decay_steps)
        return self.learning_rate * max(0.0, min(warm, cool))
