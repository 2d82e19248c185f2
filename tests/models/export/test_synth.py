"""Export of synthesisers: four graphs that are PyTorch's, played by the runtime; tags."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from aeolia.config import SynthConfig
from aeolia.errors import ModelError
from aeolia.models.export import onnx as export
from aeolia.models.export.onnx import export_onnx
from aeolia.models.synth.frames import DecoderInput
from aeolia.models.synth.tags import tag_directions
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from made.tiny_notes import TINY_SYNTH, random_synth

PARTS = ("model.onnx", "model.encode.onnx", "model.envelope.onnx", "model.prior.onnx")


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(TINY_SYNTH, id="source_filter"),
        pytest.param(replace(TINY_SYNTH, decoder="additive", prior="mixture"), id="additive"),
        pytest.param(replace(TINY_SYNTH, residual_bins=9, prior="standard"), id="residual"),
        pytest.param(
            replace(TINY_SYNTH, decoder="spectrogram", harmonics=24, prior="standard"),
            id="spectrogram",
        ),
    ],
)
def test_graphs_are_pytorch(config: SynthConfig, tmp_path: Path) -> None:
    model = random_synth(config)
    difference = export_onnx(model, tmp_path / "model.onnx", "# card")
    assert 0.0 < difference < 1e-4
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PARTS)
    played = OnnxSynthesiser(tmp_path / "model.onnx")
    assert played.card == "# card" and played.config.instruments == config.instruments
    assert played.config.tags[:2] == ("bright", "dark")
    generator = np.random.default_rng(0)
    latent = generator.standard_normal((2, 4)).astype(np.float32)
    instrument = np.eye(2, dtype=np.float32)
    # Lengths and voices that no trace or check has seen.
    state, ours = played.initial_state(2), model.decoder.initial_state(2)
    for frames in (5, 1, 23):
        pitch = generator.uniform(60.0, 3000.0, (2, frames)).astype(np.float32)
        loudness = generator.uniform(-60.0, -10.0, (2, frames)).astype(np.float32)
        noise = generator.standard_normal((2, frames * 480)).astype(np.float32)
        values = (latent, instrument, pitch, loudness, noise)
        output, state = played.step(*values, state)
        with torch.no_grad():
            frames = DecoderInput(*(torch.from_numpy(value) for value in values))
            expected, ours = model.step(frames, ours)
        assert np.abs(output - expected.numpy()).max() < 1e-4
    audio = 0.1 * generator.standard_normal(37 * 480).astype(np.float32)
    hz = np.full(37, 220.0, np.float32)
    found = played.encode(audio, hz)
    with torch.no_grad():
        encoded = model.encode(torch.from_numpy(audio)[None], torch.from_numpy(hz)[None])
    assert np.abs(found.mean - encoded.mean.numpy()).max() < 1e-3
    times = np.linspace(0.0, 2.0, 19, dtype=np.float32)[None]
    note = (np.float32([64.0]), np.float32([0.7]))
    level = played.envelope(latent[:1], instrument[:1], *note, times, -np.ones_like(times))
    with torch.no_grad():
        expected = model.envelope(
            *(torch.from_numpy(v) for v in (latent[:1], instrument[:1], *note, times)),
            torch.full((1, 19), -1.0),
        )
        prior = model.prior(*(torch.from_numpy(v) for v in (instrument[:1], *note)))
    assert np.abs(level - expected.numpy()).max() < 1e-2
    assert np.abs(played.prior(instrument[:1], *note).mean - prior.mean.numpy()).max() < 1e-4


def test_graphs_that_differ_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "largest_difference", lambda model, files: 0.01)
    with pytest.raises(ModelError, match="differ by 1.00e-02"):
        export_onnx(random_synth(), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@torch.no_grad()
def test_tags_move_what_they_name() -> None:
    """A latent whose first value tilts the spectrum: "bright" points along it."""
    model = random_synth()
    decoder = model.decoder
    for parameter in decoder.network.parameters():
        parameter.mul_(0.3)
    tags = tag_directions(model, seed=1)
    assert list(tags) == ["bright", "dark", "noisy", "pure", "long", "short"]
    assert tags["dark"] == tuple(-value for value in tags["bright"])

    def centroid(latent: torch.Tensor) -> float:
        pitch, level = torch.full((1, 40), 220.0), torch.full((1, 40), -20.0)
        sound = model.decode(latent, pitch, level, torch.eye(2)[:1])[0].numpy()
        power = np.abs(np.fft.rfft(sound)) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum())

    step = 2.0 * torch.tensor([tags["bright"]])
    base = model.prior(torch.eye(2)[:1], torch.tensor([57.0]), torch.tensor([0.8])).mean
    assert centroid(base + step) > centroid(base - step)
