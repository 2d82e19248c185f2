"""Corruptions: each does what its parameters say, and depends on its own generator only."""

from __future__ import annotations

import numpy as np
import pytest

from made.recordings import noise_like, voice_like

torch = pytest.importorskip("torch")

from aeolia.data import corruptions  # noqa: E402

RATE = 16000


def rngs(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, i)) for i in range(count)]


def voices(count: int = 3, seconds: float = 2.0) -> torch.Tensor:
    made = [voice_like(seconds, RATE, 100.0 + 30 * i, seed=i) for i in range(count)]
    return torch.from_numpy(np.stack(made))


def power_between(audio: torch.Tensor, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(audio.numpy().astype(np.float64))) ** 2
    frequencies = np.fft.rfftfreq(len(audio), 1 / RATE)
    return float(spectrum[(frequencies >= low_hz) & (frequencies < high_hz)].sum())


def test_active_level_ignores_pauses() -> None:
    tone = torch.sin(torch.arange(RATE) * 0.3)
    with_pause = torch.cat([tone, torch.zeros(3 * RATE)])[None]
    assert corruptions.active_level(with_pause, RATE).item() == pytest.approx(0.5**0.5, rel=0.01)
    assert corruptions.active_level(torch.zeros(1, RATE), RATE).item() == 0.0


@pytest.mark.parametrize("snr_db", [-8.0, 0.0, 25.0])
def test_noise_is_added_at_the_snr(snr_db: float) -> None:
    speech = voices()
    noise = torch.from_numpy(np.stack([noise_like(2.0, RATE, seed=i) for i in range(3)]))
    mixed = corruptions.add_at_snr(speech, noise, [snr_db] * 3, RATE)
    added = mixed - speech
    # Stationary noise: its plain RMS is its active level.
    ratio = corruptions.active_level(speech, RATE) / added.square().mean(-1).sqrt()
    assert torch.allclose(20 * torch.log10(ratio), torch.tensor(snr_db), atol=0.1)


def test_each_item_has_its_own_snr_and_silence_stays_finite() -> None:
    speech, noise = voices(2), torch.randn(2, 2 * RATE)
    mixed = corruptions.add_at_snr(speech, noise, [0.0, float("inf")], RATE)
    assert torch.equal(mixed[1], speech[1]) and not torch.equal(mixed[0], speech[0])
    silent = corruptions.add_at_snr(torch.zeros(1, RATE), torch.zeros(1, RATE), [5.0], RATE)
    assert torch.equal(silent, torch.zeros(1, RATE))


@pytest.mark.parametrize("slope_db", [0.0, 3.0, 6.0])
def test_coloured_noise_falls_per_octave(slope_db: float) -> None:
    noise = corruptions.coloured_noise((1, 8 * RATE), [slope_db], RATE, rngs(1))[0]
    # The power in an octave doubles in white noise: its width does.
    low, high = power_between(noise, 500, 1000), power_between(noise, 2000, 4000)
    assert 10 * np.log10(low / high) == pytest.approx(2 * slope_db - 6.02, abs=0.6)
    assert noise.square().mean().item() == pytest.approx(1.0, rel=1e-3)


def test_hum_is_harmonic() -> None:
    for item in corruptions.hum((4, 4 * RATE), RATE, rngs(4)):
        assert item.square().mean().item() == pytest.approx(1.0, rel=1e-3)
        assert power_between(item, 0, 45) < 1e-3 * power_between(item, 45, 8000)
        spectrum = np.abs(np.fft.rfft(item.numpy()))
        base = np.argmax(spectrum) / 4.0
        assert min(abs(base / k - mains) for k in range(1, 21) for mains in (50, 60)) < 0.5


def test_salt_and_pepper_replaces_the_share() -> None:
    audio = voices(2)
    output = corruptions.salt_and_pepper(audio, [0.01, 0.0], [1.0, 1.0], rngs(2))
    changed = (output != audio).float().mean(-1)
    assert changed[0].item() == pytest.approx(0.01, abs=0.003) and changed[1].item() == 0.0
    assert output[0].abs().max() == audio[0].abs().max()


def test_clip_leaves_what_is_below() -> None:
    audio = voices(1)
    output = corruptions.clip(audio, [0.5])
    ceiling = 0.5 * audio.abs().max()
    assert output.abs().max() == ceiling
    below = audio.abs() < ceiling
    assert torch.equal(output[below], audio[below]) and not below.all()


def test_packet_loss_silences_about_the_share() -> None:
    audio = torch.ones(4, 20 * RATE)
    output = corruptions.packet_loss(audio, RATE, [0.1, 0.1, 0.1, 0.0], rngs(4))
    lost = (output < 0.5).float().mean(-1)
    assert ((lost[:3] > 0.04) & (lost[:3] < 0.16)).all() and lost[3] == 0.0
    assert output.diff(dim=-1).abs().max() < 0.05  # soft edges


def test_band_limit_removes_what_is_outside() -> None:
    noise = torch.from_numpy(noise_like(2.0, RATE))[None]
    output = corruptions.band_limit(noise, RATE, [3400.0], [300.0])[0]
    inside = power_between(output, 400, 2900) / power_between(noise[0], 400, 2900)
    assert inside == pytest.approx(1.0, abs=0.02)
    assert power_between(output, 3500, 8000) < 1e-5 * power_between(noise[0], 3500, 8000)
    assert power_between(output, 0, 220) < 1e-4 * power_between(noise[0], 0, 220)


@pytest.mark.parametrize("length", [1, 2, 7, 97, 1000, 64001, 240000])
def test_fast_length_is_the_smallest_smooth_number(length: int) -> None:
    def smooth(n: int) -> bool:
        for prime in (2, 3, 5):
            while n % prime == 0:
                n //= prime
        return n == 1

    expected = next(n for n in range(length, 2 * length + 1) if smooth(n))
    assert corruptions.fast_length(length) == expected


def test_an_item_does_not_depend_on_its_neighbours() -> None:
    three = corruptions.coloured_noise((3, 1000), [0.0, 3.0, 6.0], RATE, rngs(3))
    alone = corruptions.coloured_noise((1, 1000), [3.0], RATE, [rngs(3)[1]])
    assert torch.allclose(three[1], alone[0], atol=1e-6)
    assert torch.equal(
        corruptions.gaussian((3, 50), rngs(3))[2], corruptions.gaussian((1, 50), [rngs(3)[2]])[0]
    )
