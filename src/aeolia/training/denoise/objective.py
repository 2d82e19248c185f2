"""What one optimiser step of a denoiser minimises."""

from __future__ import annotations

from torch import Tensor, nn

from aeolia.config import DenoiseConfig
from aeolia.data.denoise.mixer import Batch
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.losses import build_loss

__all__ = ["DenoiseObjective"]


class DenoiseObjective:
    """Denoise a batch from zero state and compare with the clean reference."""

    def __init__(self, config: DenoiseLossConfig, model_config: DenoiseConfig, seed: int) -> None:
        self.config = config
        self.seed = seed
        self.model_config = model_config
        self.loss = build_loss(config, model_config.sample_rate, model_config.win_length)

    def __call__(
        self, model: nn.Module, batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms; a pure function of the model, the batch and the step number."""
        hop, delay = self.model_config.hop_length, self.model_config.delay
        length = batch.noisy.shape[1] // hop * hop
        noisy, reference = batch.noisy[:, :length], batch.reference[:, :length]
        estimate = model(noisy.unsqueeze(1), self.config.skip_scale(self.seed, step))[:, 0]
        # The output lags by `delay`; compare what belongs together.
        loss, terms = self.loss(
            reference[:, : length - delay],
            estimate[:, delay:],
            noisy[:, : length - delay],
            batch.bandwidth_hz,
        )
        return loss, {name: term.detach() for name, term in terms.items()}
