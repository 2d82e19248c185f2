"""A training that ends in silence says so; textbook autoencoders do not begin on the way there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aeolia.cli.train.run import announce
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.recipes.catalogue import preset
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.losses import build_loss
from aeolia.training.denoise.validation import Validation
from aeolia.training.loop import StepReport
from aeolia.training.silence import level_db, silence_in_words
from made.tiny_models import TINY, TINY_TEXTBOOK, noise, random_model


class Clips(Validation):
    """Two clips of noise, as validation has them."""

    def __init__(self) -> None:
        self.sample_rate = TINY.sample_rate
        self.reference = noise(2, 4 * TINY.sample_rate).numpy()
        self.noisy = self.reference


def test_levels_are_those_of_the_powers() -> None:
    sound = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    assert level_db(0.1 * sound, sound) == pytest.approx(-20.0, abs=1e-3)
    assert level_db(0.0 * sound, sound) == -80.0, "silence has a level that can be averaged"


def test_a_silent_model_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert not silence_in_words(Clips()(random_model(TINY)))
    model = random_model(TINY_TEXTBOOK)
    with torch.no_grad():
        for name, value in model.decoder.convs[-1].named_parameters():
            value.copy_(torch.full_like(value, -20.0 if name.endswith("bias") else 0.0))
    scores = Clips()(model)
    assert scores["level_db"] == -80.0
    announce(StepReport(10, 20, {f"valid_{name}": value for name, value in scores.items()}))
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("step 10/20  held out: ") and "level_db -80.000" in said[0]
    assert said[1].startswith("what comes out is silence (-80 dB against what was wanted)")
    announce(StepReport(10, 20, {"valid_si_sdr": 3.0, "valid_level_db": -3.0}))
    assert "silence" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["textbook", "textbook-lstm"])
def test_a_fresh_textbook_autoencoder_is_not_far_too_loud(name: str) -> None:
    """From there the squared error led down into silence, where gradients vanish."""
    torch.manual_seed(0)
    model = DenoisingAutoencoder(preset(name).model)
    clean = 0.05 * noise(2, 16384)
    noisy = clean + 0.05 * noise(2, 16384, seed=1)
    estimate = model(noisy.unsqueeze(1), 1.0)[:, 0]
    delay = model.config.delay
    error, _ = build_loss(DenoiseLossConfig(kind="mse"), 16000, 512)(
        clean[:, :-delay], estimate[:, delay:], noisy[:, :-delay], torch.full((2,), 8000.0)
    )
    assert float(error.detach()) < 1.5
