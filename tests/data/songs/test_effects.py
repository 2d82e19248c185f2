"""Effects: what each does to a level, and that sums of stems stay sums."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.config.classes import STEMS
from aeolia.data.songs import effects
from aeolia.data.songs.mixing import mixed
from aeolia.data.songs.tracks import WHOLE, Track, active_db, treated

RATE = 16000


def sine(hz: float, level: float = 0.1, seconds: float = 1.0) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    return np.repeat(level * np.sin(2 * np.pi * hz * times)[:, None], 2, 1).astype(np.float32)


def level_db(audio: np.ndarray) -> float:
    middle = audio[len(audio) // 4 : -len(audio) // 4]
    return float(10 * np.log10(np.square(middle).mean()))


@pytest.mark.parametrize(
    ("band", "hz", "gain_db"),
    [
        (("peak", 1000.0, 6.0, 1.0), 1000.0, 6.0),
        (("peak", 1000.0, -9.0, 1.0), 1000.0, -9.0),
        (("peak", 1000.0, 6.0, 2.0), 60.0, 0.0),
        (("low", 400.0, 5.0, 0.7), 40.0, 5.0),
        (("low", 400.0, 5.0, 0.7), 5000.0, 0.0),
        (("high", 2000.0, -4.0, 0.7), 7500.0, -4.0),
        (("high", 2000.0, -4.0, 0.7), 100.0, 0.0),
        (("cut", 200.0, 0.0, 0.707), 50.0, -24.0),
        (("cut", 200.0, 0.0, 0.707), 200.0, -3.0),
    ],
)
def test_bands_of_the_equaliser(band: effects.Band, hz: float, gain_db: float) -> None:
    gained = level_db(effects.equalised(sine(hz), RATE, [band])) - level_db(sine(hz))
    assert gained == pytest.approx(gain_db, abs=0.4)


def test_the_compressor_halves_what_is_above() -> None:
    quiet, loud = sine(500, 0.02), sine(500, 0.4)
    audio = np.concatenate([quiet, loud])
    out = effects.with_gain(audio, effects.compressor_gain(audio, RATE, -12.0, 4.0, 2.0, 50.0))
    mean = 10 * np.log10(np.square(audio).mean())
    above = level_db(loud) - (mean - 12.0)
    assert level_db(out[: len(quiet)]) == pytest.approx(level_db(quiet), abs=0.1)
    assert level_db(loud) - level_db(out[len(quiet) :]) == pytest.approx(0.75 * above, abs=0.5)


def test_the_limiter_lets_nothing_over_and_spares_the_rest() -> None:
    rng = np.random.default_rng(0)
    audio = sine(300, 0.2, 2.0)
    audio[rng.integers(0, len(audio), 30)] = 0.95
    gain = effects.limiter_gain(audio, RATE, 0.5)
    assert np.abs(effects.with_gain(audio, gain)).max() <= 0.5 + 1e-6
    assert gain.max() <= 1.0
    assert (effects.limiter_gain(sine(300, 0.2), RATE, 0.5) == 1.0).all()


def test_saturation_keeps_the_peak_and_adds_harmonics() -> None:
    out = effects.saturated(sine(1000, 0.5), 4.0)
    assert np.abs(out).max() == pytest.approx(0.5, rel=1e-3)
    spectrum = np.abs(np.fft.rfft(out[:, 0]))
    assert spectrum[3000] > 0.05 * spectrum[1000]  # the third
    assert spectrum[1000::1000][::2].sum() > 0.99 * spectrum[1000::1000].sum()
    # Without doubling the rate, the harmonics of 3 kHz would fold back to 1 kHz and 7 kHz.
    folded = np.abs(np.fft.rfft(effects.saturated(sine(3000, 0.5), 4.0)[:, 0]))
    plain = np.abs(np.fft.rfft(np.tanh(8.0 * sine(3000, 0.5)[:, 0])))
    assert folded[[1000, 7000]].max() / folded[3000] < 0.3 * plain[[1000, 7000]].max() / plain[3000]


def test_convolution_is_that_of_numpy() -> None:
    rng = np.random.default_rng(7)
    audio = rng.standard_normal((30000, 2)).astype(np.float32)
    impulses = rng.standard_normal((2, 900)).astype(np.float32)
    out = effects.convolved(audio, impulses)
    for channel in range(2):
        expected = np.convolve(audio[:, channel], impulses[channel])[:30000]
        np.testing.assert_allclose(out[:, channel], expected, atol=1e-3)


def test_width_pan_and_echo() -> None:
    rng = np.random.default_rng(1)
    audio = rng.standard_normal((RATE, 2)).astype(np.float32)
    mono = effects.with_width(audio, 0.0)
    np.testing.assert_allclose(mono[:, 0], mono[:, 1])
    np.testing.assert_allclose(effects.with_width(audio, 1.0), audio, atol=1e-6)
    left = effects.panned(audio, -1.0)
    assert np.abs(left[:, 1]).max() < 1e-6
    np.testing.assert_allclose(effects.panned(audio, 0.0), audio, rtol=1e-6)
    click = np.zeros((RATE, 2), np.float32)
    click[0, 0] = 1.0
    back = effects.echo(click, RATE, 0.25, 0.5, 0.4)
    assert back[RATE // 4, 1] == pytest.approx(0.4) and back[RATE // 2, 0] == pytest.approx(0.2)


def test_a_room_dies_away_and_is_linear() -> None:
    click = np.zeros((RATE, 2), np.float32)
    click[0] = 1.0
    out = effects.reverberated(click, RATE, np.random.default_rng(2), 0.5, 0.3)
    tail = np.square(out[:, 0])
    early, late = tail[400:1200].mean(), tail[4400:5200].mean()
    assert 10 * np.log10(early / late) == pytest.approx(30.0, abs=4.0)  # a quarter of a second
    twice = effects.reverberated(2 * click, RATE, np.random.default_rng(2), 0.5, 0.3)
    np.testing.assert_allclose(twice, 2 * out, atol=1e-5)


def tracks() -> list[Track]:
    rng = np.random.default_rng(3)
    kick = sine(60, 0.5, 2.0) * np.exp(-8 * (np.arange(2 * RATE) % 8000 / RATE))[:, None]
    hats = 0.1 * rng.standard_normal((2 * RATE, 2)) * (np.arange(2 * RATE) % 4000 < 500)[:, None]
    kit = {"kick": kick.astype(np.float32), "hihat": hats.astype(np.float32)}
    return [
        Track("drums", "drums", kit),
        Track("bass", "bass", {WHOLE: sine(80, 0.3, 2.0)}),
        Track("pad", "other", {WHOLE: sine(440, 0.1, 1.5)}, level_db=-3.0, pan=0.5),
        Track("silence", "other", {WHOLE: np.zeros((RATE, 2), np.float32)}),
    ]


def test_nothing_below_what_is_heard_is_left() -> None:
    swing = sine(5.0, 0.5, 2.0) + sine(400.0, 0.1, 2.0)
    out = treated(Track("a", "other", {WHOLE: swing}), RATE, np.random.default_rng(0), 120.0)
    power = np.square(np.abs(np.fft.rfft(out.sounds[WHOLE][:, 0])))
    assert power[:40].sum() < 0.1 * power[700:900].sum()


def test_tracks_come_out_at_their_level() -> None:
    for track in tracks():
        out = treated(track, RATE, np.random.default_rng(5), 120.0)
        if track.name == "silence":
            assert not out.sounds
            continue
        level = active_db(sum(out.sounds.values()), RATE)
        assert level == pytest.approx(-20.0 + track.level_db, abs=1.0)
        assert set(out.sounds) == set(track.sounds)


@pytest.mark.parametrize("seed", range(6))
def test_drums_are_as_loud_as_their_balance_says(seed: int) -> None:
    mix = mixed(tracks(), RATE, 2 * RATE, np.random.default_rng(seed))
    levels = {name: active_db(mix.stems[name] / 32768.0, RATE) for name in ("drums", "other")}
    balance = mix.done["balance_db"]
    apart = levels["drums"] - levels["other"]
    assert apart == pytest.approx(balance["drums"] - balance["other"], abs=6.0)  # and the master


@pytest.mark.parametrize("seed", range(12))
def test_mixes_are_sums_and_never_clip(seed: int) -> None:
    rng = np.random.default_rng(seed)
    done = [treated(track, RATE, rng, 120.0) for track in tracks()]
    mix = mixed(done, RATE, 2 * RATE, rng, ducked=seed % 2 == 0)
    assert list(mix.stems) == [stem for stem in STEMS if stem != "vocals"]
    drums = sum(sound.astype(int) for sound in mix.kit.values())
    np.testing.assert_array_equal(mix.stems["drums"], drums)
    peak = np.abs(mix.mixture).max()
    assert 4000 < peak <= 32767
    assert all(np.abs(sound.astype(int)).max() < 32767 for sound in mix.stems.values())


def test_ducking_follows_the_kick() -> None:
    def bass_beside_kick(ducked: bool) -> float:
        mix = mixed(tracks(), RATE, 2 * RATE, np.random.default_rng(0), ducked=ducked)
        bass = np.square(mix.stems["bass"].astype(float)).mean(1)
        return float(bass[100:1200].mean() / bass[6000:7800].mean())

    assert bass_beside_kick(True) < 0.7 * bass_beside_kick(False)
