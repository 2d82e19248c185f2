"""The harmonic source: exact pitch, continuous phase, nothing above the Nyquist frequency."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aeolia.nn.harmonics import PhaseAccumulator, harmonic_sum, harmonic_weights, pulse_train

RATE, HOP = 48000, 480


def run(pitch_hz: torch.Tensor, blocks: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Cycles and gate over blocks of so many frames each."""
    track = PhaseAccumulator(RATE, HOP)
    voices = len(pitch_hz)
    phase, last = torch.zeros(voices, 1), torch.zeros(voices, 1)
    cycles, gates, start = [], [], 0
    for count in blocks:
        fresh = torch.full((voices, 1), float(start == 0))
        part = pitch_hz[:, start : start + count]
        c, _, gate, phase, last = track(part, phase, last, fresh)
        cycles.append(c.reshape(voices, -1))
        gates.append(gate.reshape(voices, -1))
        start += count
    return torch.cat(cycles, 1), torch.cat(gates, 1)


def glide(frames: int) -> torch.Tensor:
    rise = 220.0 * 2.0 ** torch.linspace(0.0, 2.0, frames)
    return torch.stack([rise, torch.full((frames,), 440.0)])


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    """Largest distance of two phases in cycles, around the circle."""
    gap = a - b
    return float((gap - gap.round()).abs().max())


def test_blocks_equal_the_whole() -> None:
    pitch = glide(60)
    pitch[0, 20:25] = 0.0
    whole, gate = run(pitch, [60])
    parts, gate_parts = run(pitch, [1, 4, 1, 30, 24])
    assert apart(whole, parts) < 1e-5
    assert torch.equal(gate, gate_parts)


def test_phase_is_the_integral_of_the_frequency() -> None:
    """Against a running sum in double precision, over half a minute."""
    pitch = torch.full((1, 3000), 1234.5)
    cycles, _ = run(pitch, [64] * 46 + [56])
    time = torch.arange(3000 * HOP, dtype=torch.float64)
    assert apart(cycles[0].double(), time * (pitch[0, 0].double() / RATE)) < 1e-4


def test_phase_has_no_steps() -> None:
    pitch = glide(40)
    cycles, _ = run(pitch, [7, 33])
    step = cycles.diff(dim=1)
    step = step - step.round()
    assert float(step.min()) > 0.0
    hz = step * RATE
    assert float(hz[0].max()) < 885.0 and float(hz[0].min()) > 219.0
    assert float((hz[1] - 440.0).abs().max()) < 0.3  # what float32 leaves of a phase


def test_gate_fades_between_voiced_and_unvoiced_but_not_at_the_onset() -> None:
    pitch = torch.tensor([[0.0, 200.0, 200.0, 0.0, 0.0], [200.0, 200.0, 0.0, 0.0, 200.0]])
    _, gate = run(pitch, [5])
    frames = gate.reshape(2, 5, HOP)
    assert frames[0, 0].abs().max() == 0.0
    assert frames[0, 1, 0] == 0.0 and frames[0, 1, -1] > 0.99
    assert frames[1, :2].min() == 1.0
    assert frames[1, 2, 0] == 1.0 and frames[1, 2, -1] < 0.01


@pytest.mark.parametrize("hz", [61.7, 440.0, 3520.0, 7000.0])
@pytest.mark.parametrize("first", [0, 5])
def test_pulses_are_the_sum_of_their_harmonics(hz: float, first: int) -> None:
    """Dirichlet's kernel against the cosines one by one, in double precision."""
    cycles = torch.linspace(-0.5, 0.4999, 4001)
    found = pulse_train(cycles, torch.full_like(cycles, hz), first, RATE).double()
    weights = harmonic_weights(torch.tensor(hz), 500, RATE).double()
    weights[:first] = 0.0
    numbers = torch.arange(1, 501).double()
    waves = torch.cos(2 * np.pi * cycles.double()[:, None] * numbers)
    expected = waves @ weights
    assert float((found - expected).abs().max()) < 1e-3 * max(1.0, float(weights.sum()))
    assert found[2000:2001].isfinite().all()


@pytest.mark.parametrize("hz", [97.0, 1000.0, 4990.0, 11000.0, 23000.0, 30000.0])
def test_no_energy_above_the_nyquist_frequency(hz: float) -> None:
    """All energy lies at multiples of the pitch below the limit: aliases would lie between."""
    cycles, _ = run(torch.full((1, 100), hz), [100])
    sound = pulse_train(cycles, torch.full_like(cycles, hz), 3, RATE)
    weights = harmonic_weights(torch.tensor(hz), 3, RATE)
    sound = (sound + harmonic_sum(cycles, weights[None, None])[:, 0])[0].double().numpy()
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(len(sound))))
    bins = np.fft.rfftfreq(len(sound), 1 / RATE)
    allowed = np.abs(bins / hz - np.round(bins / hz)) * hz < 6.0
    allowed &= (bins > 0.5 * hz) & (bins < 0.985 * RATE / 2)
    if hz > RATE / 2:
        assert np.abs(sound).max() == 0.0
    else:
        assert spectrum[~allowed].max() < 2e-4 * spectrum.max()


def test_the_highest_harmonic_fades() -> None:
    """A glide brings no harmonic in or out at once."""
    hz = torch.linspace(2000.0, 2600.0, 2000)
    weights = harmonic_weights(hz, 20, RATE)
    assert float(weights.diff(dim=0).abs().max()) < 0.02
    assert weights[0].sum() > weights[-1].sum() > 0.0


def test_harmonics_are_spread_over_the_period() -> None:
    cycles = torch.arange(2000) / 2000 - 0.5
    wave = harmonic_sum(cycles, torch.ones(1, 24))[0]
    crest = float(wave.abs().max() / wave.square().mean().sqrt())
    # In step they would have a crest factor of sqrt(2 * 24), nearly 7.
    assert crest < 2.0


def test_sums_of_harmonics_are_those_of_their_cosines() -> None:
    """Two sets of sizes over one set of phases, against the formula in double precision."""
    generator = torch.Generator().manual_seed(0)
    cycles = torch.rand(3, 50, generator=generator) - 0.5
    sizes = torch.rand(3, 2, 5, generator=generator)
    found = harmonic_sum(cycles, sizes)
    k = torch.arange(1, 6).double()
    phases = np.pi * k * (k - 1) / 5
    waves = torch.cos(2 * np.pi * cycles.double()[:, None] * k[:, None] + phases[:, None])
    assert found.shape == (3, 2, 50)
    assert float((found - sizes.double() @ waves).abs().max()) < 1e-5
