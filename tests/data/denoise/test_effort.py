"""Raised voices are as high as they say, whispers have no pitch, and crops keep their length."""

from __future__ import annotations

import numpy as np
import pytest

from made.recordings import made_rows

torch = pytest.importorskip("torch")

from aeolia.data.denoise.effort import Effort  # noqa: E402
from aeolia.data.denoise.mix_config import MixConfig  # noqa: E402
from aeolia.data.denoise.mixer import Mixer  # noqa: E402
from aeolia.data.pool import AudioPool  # noqa: E402
from aeolia.errors import ConfigError  # noqa: E402

RATE = 16000


def _vowel(pitch_hz: float, seconds: float = 2.0) -> torch.Tensor:
    """Harmonics under one resonance at 800 Hz."""
    time = np.arange(round(seconds * RATE)) / RATE
    partials = np.arange(1, int(6000 / pitch_hz)) * pitch_hz
    levels = 1 / (1 + ((partials - 800) / 300) ** 2) + 0.01
    sound = (levels[:, None] * np.sin(2 * np.pi * partials[:, None] * time)).sum(axis=0)
    return torch.from_numpy((0.1 * sound).astype(np.float32))


def _spectrum(sound: torch.Tensor) -> np.ndarray:
    return np.abs(np.fft.rfft(sound.numpy() * np.hanning(len(sound))))


def _resonance_hz(sound: torch.Tensor) -> float:
    """Middle of the power between 100 and 3000 Hz."""
    power = _spectrum(sound) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    inside = (frequencies > 100) & (frequencies < 3000)
    return float((frequencies * power)[inside].sum() / power[inside].sum())


@pytest.mark.parametrize("ratio", [1.2, 1.7, 2.2])
def test_a_raised_voice_is_as_many_times_as_high(ratio: float) -> None:
    raised = Effort(raised=ratio).applied(_vowel(150.0), RATE, np.random.default_rng(0))
    assert abs(len(raised) - 2 * RATE / ratio) <= 1
    partials = np.arange(1, 5) * 150.0 * ratio
    spectrum = _spectrum(raised)
    bins = np.round(partials * len(raised) / RATE).astype(int)
    between = np.round((partials + 75.0 * ratio) * len(raised) / RATE).astype(int)
    assert (spectrum[bins] > 30 * spectrum[between]).all()


def test_formants_come_back_and_the_pitch_stays() -> None:
    rng = np.random.default_rng(0)
    along = Effort(raised=1.6).applied(_vowel(150.0), RATE, rng)
    back = Effort(raised=1.6, formants_back=1.6).applied(_vowel(150.0), RATE, rng)
    assert _resonance_hz(along) == pytest.approx(1280, rel=0.1)
    assert _resonance_hz(back) == pytest.approx(800, rel=0.15)
    strongest = np.argmax(_spectrum(back)) * RATE / len(back)
    assert strongest / 240.0 == pytest.approx(round(strongest / 240.0), abs=0.02)


def test_a_whisper_has_the_envelope_and_no_pitch() -> None:
    voice = _vowel(150.0)
    whisper = Effort(whispered=True).applied(voice, RATE, np.random.default_rng(0))
    assert whisper.shape == voice.shape and whisper.isfinite().all()

    def periodic(sound: torch.Tensor) -> float:
        x = sound.numpy().astype(np.float64)
        lag = round(RATE / 150.0)
        return float((x[lag:] * x[:-lag]).sum() / (x * x).sum())

    assert periodic(voice) > 0.9
    assert abs(periodic(whisper)) < 0.5
    power = _spectrum(whisper) ** 2
    frequencies = np.fft.rfftfreq(len(whisper), 1 / RATE)
    near = power[(frequencies > 600) & (frequencies < 1400)].mean()
    assert near > 20 * power[(frequencies > 3000) & (frequencies < 5000)].mean()
    assert near > 10 * power[frequencies < 200].mean()


def test_silence_stays_silence() -> None:
    nothing = torch.zeros(RATE)
    for effort in (Effort(1.5, 1.3), Effort(whispered=True)):
        sound = effort.applied(nothing, RATE, np.random.default_rng(0))
        assert sound.abs().max() < 1e-4


def test_shares_are_kept_and_nothing_is_drawn_for_none() -> None:
    rng = np.random.default_rng(3)
    before = rng.bit_generator.state
    assert Effort.draw(rng, MixConfig()) == Effort()
    assert rng.bit_generator.state == before
    config = MixConfig(raised=0.3, whispered=0.2)
    drawn = [Effort.draw(rng, config) for _ in range(600)]
    assert np.mean([one.raised > 1 for one in drawn]) == pytest.approx(0.3, abs=0.06)
    assert np.mean([one.whispered for one in drawn]) == pytest.approx(0.2, abs=0.05)
    with pytest.raises(ConfigError, match="raised and whispered"):
        MixConfig(raised=0.6, whispered=0.5)


def test_crops_of_such_voices(tmp_path: object) -> None:
    pool = AudioPool.from_manifest(made_rows(tmp_path), RATE)  # type: ignore[arg-type]
    speech, noise = (
        pool.subset(lambda row, kind=kind: row.kind == kind) for kind in ("speech", "noise")
    )
    plain = MixConfig(crop_seconds=1.0, reverb=0.0)
    changed = MixConfig(crop_seconds=1.0, reverb=0.0, raised=0.5, whispered=0.5)
    mixer = Mixer(speech, noise, None, changed)
    batch = mixer.batch(0, 8)
    assert batch.noisy.shape == (8, RATE) and batch.noisy.isfinite().all()
    assert torch.equal(batch.noisy, mixer.batch(0, 8).noisy)
    assert not torch.equal(batch.noisy, Mixer(speech, noise, None, plain).batch(0, 8).noisy)
    assert (batch.bandwidth_hz <= RATE / 2).all()
