"""Speakers from real-life clips and mixtures: of telephone bandwidth, and quiet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from aeolia.audio.mono import mono
from aeolia.metrics import si_sdr
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.separate.enrolment import VoiceEncoder, enrol
from aeolia.runtime.separate.sources import Source
from aeolia.runtime.separate.stream import SeparationStream
from aeolia.runtime.separate.telephone import bandwidth_of, filled
from made.recordings import voice_like

EXAMPLES = Path(__file__).parents[3] / "examples"


def voice(pitch_hz: float = 120.0, seed: int = 0) -> np.ndarray:
    """Four seconds at 16 kHz with vowels and hisses, as voices have."""
    tone = voice_like(4.0, 16000, pitch_hz, seed)
    hiss = np.random.default_rng(seed).standard_normal(len(tone)) * 0.02
    time = np.arange(len(tone)) / 16000
    return (tone + hiss * (np.sin(2 * np.pi * 2.3 * time) > 0.5)).astype(np.float32)


def telephone(clip: np.ndarray) -> np.ndarray:
    """The clip at 8 kHz."""
    return soxr.resample(clip, 16000, 8000)


def at_16k(clip: np.ndarray) -> np.ndarray:
    return soxr.resample(clip, 8000, 16000)


def band_db(clip: np.ndarray, low_hz: float, high_hz: float) -> float:
    power = np.square(np.abs(np.fft.rfft(clip)))
    hz = np.fft.rfftfreq(len(clip), 1 / 16000)
    return float(10 * np.log10(power[(hz > low_hz) & (hz < high_hz)].mean()))


def test_the_bandwidth_is_seen() -> None:
    assert not bandwidth_of(voice()).narrow
    found = bandwidth_of(at_16k(telephone(voice())))
    assert found.narrow and not found.thin
    assert 3600 < found.reach_hz < 4100
    thin = voice() - soxr.resample(soxr.resample(voice(), 16000, 700), 700, 16000)[: 4 * 16000]
    assert bandwidth_of(thin).thin and not bandwidth_of(thin).narrow


@pytest.mark.parametrize("hz", [700.0, 2000.0])
def test_a_whistle_is_no_telephone(hz: float) -> None:
    clip = 0.1 * np.sin(2 * np.pi * hz * np.arange(32000) / 16000)
    assert not bandwidth_of(clip.astype(np.float32)).narrow
    assert not bandwidth_of(np.zeros(16000, np.float32)).narrow


def test_what_is_there_stays_and_what_is_not_is_filled() -> None:
    clip = at_16k(telephone(voice()))
    found = filled(clip, 3900.0)
    assert found.shape == clip.shape and found.dtype == np.float32
    change = found - clip
    assert band_db(change, 0, 3600) < band_db(clip, 0, 3600) - 40
    assert band_db(found, 4200, 7000) > band_db(clip, 4200, 7000) + 20
    assert band_db(found, 4200, 7000) < band_db(found, 1500, 3200)
    np.testing.assert_array_equal(found, filled(clip, 3900.0))
    assert not filled(np.zeros(16000, np.float32), 3900.0).any()


@pytest.fixture(scope="module")
def encoder() -> VoiceEncoder:
    return VoiceEncoder(released_models()["separate-speaker"])


@pytest.mark.parametrize("name", ["street.clean", "duet.first"])
def test_the_voice_is_nearer_to_the_whole_one_and_words_say_so(
    encoder: VoiceEncoder, name: str
) -> None:
    clip, rate = soundfile.read(EXAMPLES / f"{name}.wav", dtype="float32")
    clip = soxr.resample(mono(clip), rate, 16000)
    whole, narrow = enrol(clip, 16000, encoder, "a"), enrol(telephone(clip), 8000, encoder, "a")
    unfilled = encoder(at_16k(telephone(clip)))
    assert whole.vector @ narrow.vector > whole.vector @ unfilled + 0.1
    assert whole.warnings == ()
    assert any("a: of telephone bandwidth (it ends at 3." in words for words in narrow.warnings)


def test_it_finds_its_speaker_about_as_well(encoder: VoiceEncoder) -> None:
    """Within 1.5 dB of a clip of full bandwidth."""
    mixture, rate = soundfile.read(EXAMPLES / "duet.wav", dtype="float32")
    first, _ = soundfile.read(EXAMPLES / "duet.first.wav", dtype="float32")
    clip = soxr.resample(first, rate, 16000)
    scores = []
    for voice in (
        enrol(clip, 16000, encoder, "a").vector,
        enrol(telephone(clip), 8000, encoder, "a").vector,
    ):
        backend = OnnxSeparator(released_models()["separate-speaker"])
        stream = SeparationStream(backend, [Source("speaker", voice)], rate)
        scores.append(si_sdr(first, stream.process(mixture)["speaker"]))
    assert scores[1] > scores[0] - 1.5


@pytest.mark.parametrize("lower_db", [30.0, 45.0])
def test_a_quiet_mixture_of_two_is_as_good(encoder: VoiceEncoder, lower_db: float) -> None:
    mixture, rate = soundfile.read(EXAMPLES / "duet.wav", dtype="float32")
    first, _ = soundfile.read(EXAMPLES / "duet.first.wav", dtype="float32")
    voice = enrol(first, rate, encoder, "a").vector
    stream = SeparationStream(
        OnnxSeparator(released_models()["separate-speaker"]), [Source("speaker", voice)], rate
    )
    usual, quiet = (
        si_sdr(first, stream.process(gain * mixture)["speaker"])
        for gain in (1.0, np.float32(10.0 ** (-lower_db / 20.0)))
    )
    assert usual > si_sdr(first, mixture) + 3.0
    assert quiet > usual - 0.5
