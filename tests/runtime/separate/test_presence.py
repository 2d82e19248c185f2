"""How sure a separation is that the speaker is in its output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import aeolia
from aeolia.api.reports.separation import OutputReport
from aeolia.runtime.separate.enrolment import VoiceEncoder
from aeolia.runtime.separate.presence import LOW_CONFIDENCE, Presence
from made.tiny_separators import tone


@pytest.fixture
def encoder(separators: Path) -> VoiceEncoder:
    return VoiceEncoder(separators / "speaker.onnx")


def confidence(
    encoder: VoiceEncoder, audio: np.ndarray, *, block: int = 1000, rate: int = 16000
) -> float | None:
    presence = Presence(encoder, encoder(tone("alice", 4)), rate)
    for start in range(0, len(audio), block):
        presence.push(audio[start : start + block])
    return presence.confidence()


def test_it_is_the_cosine_of_the_two_voices(encoder: VoiceEncoder) -> None:
    own, other = confidence(encoder, tone("alice", 4)), confidence(encoder, tone("bob", 4))
    assert own is not None and own > 0.99
    assert other == pytest.approx(float(encoder(tone("bob", 4)) @ encoder(tone("alice", 4))))
    assert other < LOW_CONFIDENCE


def test_blocks_and_channels_and_rates_do_not_matter(encoder: VoiceEncoder) -> None:
    audio = np.concatenate([tone("alice", 5), tone("bob", 5)])
    whole = confidence(encoder, audio, block=len(audio))
    assert confidence(encoder, audio, block=331) == whole
    assert confidence(encoder, np.stack([audio, audio], axis=1)) == pytest.approx(whole)
    assert confidence(encoder, np.stack([audio, -audio], axis=1)) == pytest.approx(whole)
    fast = np.concatenate([tone("alice", 5, 48000), tone("bob", 5, 48000)])
    assert confidence(encoder, fast, rate=48000) == pytest.approx(whole, abs=0.02)


def test_of_a_long_output_the_loudest_parts_count(encoder: VoiceEncoder) -> None:
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(16000 * 60).astype(np.float32)
    hiss[16000 * 27 : 16000 * 60] += tone("alice", 33)
    found = confidence(encoder, hiss, block=16000)
    assert found is not None and found > 0.99


def test_nothing_to_hear(encoder: VoiceEncoder) -> None:
    for audio in (np.zeros(0, np.float32), np.zeros(48000, np.float32), tone("alice", 0.1)):
        assert confidence(encoder, audio) is None


def test_what_is_said() -> None:
    def said(level_db: float, sure: float | None) -> str:
        return OutputReport("speaker", "a.wav", level_db, 0, sure).warning

    assert said(-3.0, 0.8) == ""
    assert "sounds like somebody else (confidence 0.31; below 0.60 is low), 3 dB" in said(
        -3.0, 0.31
    )
    assert said(-46.0, 0.7).startswith("the model found hardly any of the speaker")
    assert said(-200.0, None) == "the speaker seems absent: the output is silent"


def test_examples(tmp_path: Path) -> None:
    """The released model, with a speaker who is in the clip and a noise that is no speaker."""
    examples = Path(__file__).parents[3] / "examples"
    report = aeolia.separate_file(
        examples / "duet.wav", tmp_path, speaker=examples / "fan.clean.wav"
    )
    (speaker,) = report.outputs
    assert speaker.confidence is not None and speaker.confidence > LOW_CONFIDENCE
    assert report.warnings == () and not speaker.absent
    assert report.as_dict()["outputs"][0]["confidence"] == speaker.confidence
