"""The timbre loss: zero for the same sound, feels spectra and their movement, heeds bandwidths."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from aeolia.training.synth.timbre import TimbreLoss  # noqa: E402

RATE = 48000
LENGTH = 24000


def harmonics(heights: list[float], hz: float = 220.0) -> torch.Tensor:
    seconds = torch.arange(LENGTH) / RATE
    parts = [h * torch.sin(6.2832 * k * hz * seconds) for k, h in enumerate(heights, 1)]
    return 0.1 * torch.stack(parts).sum(0, keepdim=True)


@pytest.fixture
def apart():
    loss = TimbreLoss(RATE)

    def call(
        reference: torch.Tensor, estimate: torch.Tensor, bandwidth_hz: float = 24000.0
    ) -> tuple[float, float]:
        whole = torch.ones_like(reference)
        found = loss(reference, estimate, torch.tensor([bandwidth_hz]), whole)
        return float(found[0]), float(found[1])

    return call


def test_the_same_sound_costs_nothing_at_any_level(apart) -> None:
    sound = harmonics([1.0, 0.5, 0.2])
    assert apart(sound, sound) == (0.0, 0.0)
    quiet = apart(0.01 * harmonics([1.0]), 0.01 * sound)
    assert quiet == pytest.approx(apart(harmonics([1.0]), sound), rel=0.01)


def test_a_nearer_spectrum_costs_less(apart) -> None:
    reference = harmonics([1.0, 0.5, 0.25, 0.12])
    near, far = harmonics([1.0, 0.4, 0.3, 0.1]), harmonics([1.0, 0.02, 0.9, 0.02])
    assert apart(reference, near)[0] < 0.5 * apart(reference, far)[0]


def test_movement_counts_apart_from_the_mean(apart) -> None:
    still = harmonics([1.0, 0.5, 0.25])
    swell = 1.0 + 0.8 * torch.sin(torch.arange(LENGTH) / RATE * 6.2832 * 6.0)
    moving, other = still * swell, still * swell.flip(0)
    assert apart(moving, still)[1] > 3.0 * apart(moving, other)[1]


def test_nothing_counts_above_the_bandwidth(apart) -> None:
    generator = torch.Generator().manual_seed(0)
    low = harmonics([1.0, 0.5])
    hiss = torch.randn(1, LENGTH, generator=generator)
    spectrum = torch.fft.rfft(hiss)
    spectrum[:, : 12000 * LENGTH // RATE] = 0.0
    both = low + 0.02 * torch.fft.irfft(spectrum, LENGTH)
    assert apart(low, both)[0] > 0.3
    assert apart(low, both, bandwidth_hz=9000.0)[0] < 0.02


def test_the_gradient_is_finite_at_silence() -> None:
    estimate = torch.zeros(2, LENGTH, requires_grad=True)
    reference = torch.cat([harmonics([1.0]), torch.zeros(1, LENGTH)])
    levels, spread = TimbreLoss(RATE)(
        reference, estimate, torch.full((2,), 24000.0), torch.ones(2, LENGTH)
    )
    (levels.sum() + spread.sum()).backward()
    assert estimate.grad is not None and torch.isfinite(estimate.grad).all()


def test_a_faded_note_counts_as_a_loud_one_does(apart) -> None:
    fading = 10.0 ** (-1.5 * torch.arange(LENGTH) / LENGTH)
    reference, other = harmonics([1.0, 0.5, 0.25]), harmonics([1.0, 0.05, 0.6])
    half = LENGTH // 2
    early = torch.cat([other[:, :half], reference[:, half:]], dim=1)
    late = torch.cat([reference[:, :half], other[:, half:]], dim=1)
    found = [apart(reference * fading, some * fading)[0] for some in (early, late)]
    assert found[1] == pytest.approx(found[0], rel=0.25)


def test_what_is_far_below_the_loudest_does_not_count(apart) -> None:
    gone = torch.ones(LENGTH)
    gone[LENGTH // 2 :] = 1e-3
    reference, other = harmonics([1.0, 0.5]), harmonics([1.0, 0.02])
    late = torch.cat([reference[:, : LENGTH // 2], other[:, LENGTH // 2 :]], dim=1)
    assert apart(reference * gone, late * gone)[0] < 0.02
