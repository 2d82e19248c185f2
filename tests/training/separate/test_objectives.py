"""Objectives of separation: what is asked of a mixture, and what the answer is compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aeolia.config import SeparateConfig
from aeolia.config.classes import CLASSES, KIT, MUSIC
from aeolia.data.separate.classes import ClassBatch
from aeolia.data.separate.speakers import SpeakerBatch
from aeolia.training.loop import Objective
from aeolia.training.separate.config import ClassLossConfig, SpeakerLossConfig
from aeolia.training.separate.objectives import (
    ClassObjective,
    SpeakerObjective,
    draw_conditions,
)
from made.random_separators import BY_CLASS, BY_SPEAKER, random_separator
from made.tiny_models import noise

CONFIG = ClassLossConfig(skip_dropout=0.0)
BY_VOICE = SpeakerLossConfig(skip_dropout=0.0)
PRESENT = np.array([True, True, False, True, False, False])
MUSIC_ROW = np.array([name in MUSIC for name in CLASSES])


def drawn(present: np.ndarray, count: int, **changes: object) -> list[tuple[np.ndarray, bool]]:
    config = replace(CONFIG, **changes)  # type: ignore[arg-type]
    rngs = (np.random.default_rng((0, i)) for i in range(count))
    return [draw_conditions(present, CLASSES, config, rng) for rng in rngs]


@pytest.mark.parametrize("sources", [2, 3])
def test_partitions_hold_every_class_once(sources: int) -> None:
    draws = drawn(PRESENT, 200, partition_share=1.0, sources=sources)
    assert all(whole and rows.shape == (sources, 6) for rows, whole in draws)
    assert all((rows.sum(0) == 1.0).all() for rows, _ in draws)
    firsts = [tuple(np.flatnonzero(rows[0])) for rows, _ in draws]
    music = tuple(np.flatnonzero(MUSIC_ROW))
    assert firsts.count((0,)) > 10 and firsts.count(music) > 10, "speech, and music, often"
    assert len(set(firsts)) > 15, "and other groups"


def test_shares_of_conditions() -> None:
    draws = drawn(PRESENT, 2000)
    assert np.mean([whole for _, whole in draws]) == pytest.approx(0.4, abs=0.04)
    rows = np.concatenate([rows for rows, whole in draws if not whole])
    assert (rows.sum(1) >= 1).all() and set(np.unique(rows)) == {0.0, 1.0}
    absent = ~(rows[:, PRESENT] > 0).any(1)
    assert np.mean(absent) == pytest.approx(0.2 + 0.8 * 0.2 * 0.05, abs=0.04)
    assert np.mean((rows == MUSIC_ROW).all(1)) == pytest.approx(0.8 * 0.15, abs=0.03)
    assert np.mean(rows.sum(1) == 1) > 0.6


def test_mixtures_of_everything_and_of_nothing() -> None:
    full, empty = np.ones(6, bool), np.zeros(6, bool)
    assert all(rows.any(1).all() for rows, _ in drawn(full, 100))
    assert all(rows.any(1).all() for rows, _ in drawn(empty, 100))
    two = drawn(np.array([True] + [False] * 5), 100, partition_share=0.0, absent_share=0.0)
    assert all(rows[:, 0].any() for rows, _ in two if (rows.sum(1) == 1).all())


class Recorder(nn.Module):
    """A model that answers every request with what `answer` makes of it."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer
        self.seen: list[tuple[object, ...]] = []

    def forward(self, *arguments: object) -> tuple[Tensor, list[Tensor]]:
        self.seen.append(arguments)
        return self.answer(*arguments)  # type: ignore[operator, no-any-return]


def class_batch(batch: int = 4, length: int = 4096 + 77) -> ClassBatch:
    stems = noise(batch, 6, length)
    stems[:, [2, 4]] = 0.0
    bandwidth = torch.full((batch, 6), 8000.0)
    return ClassBatch(stems.sum(1), stems, bandwidth, 16000)


def late(sources: Tensor, delay: int) -> Tensor:
    """[B, S, T] as a model gives it: delayed, with a channel."""
    return torch.nn.functional.pad(sources, (delay, 0))[..., : sources.shape[2]].unsqueeze(2)


def test_classes_are_compared_with_the_sums_of_their_stems() -> None:
    """The right answer, as late as a model gives it, has the least loss there is."""
    batch = class_batch()

    def right(audio: Tensor, conditions: Tensor, *_: object) -> tuple[Tensor, list[Tensor]]:
        stems = batch.stems[..., : audio.shape[2]]
        return late(torch.einsum("bsk,bkt->bst", conditions, stems), BY_CLASS.delay), []

    model = Recorder(right)
    _, terms = ClassObjective(CONFIG, BY_CLASS, 0)(model, batch, 3)
    assert terms["snr"] == pytest.approx(-3.0, abs=0.01) and terms["complex"] < 1e-6
    audio, conditions, partition, scale = model.seen[0]
    assert audio.shape == (4, 1, 4096) and conditions.shape == (4, 2, 6) and scale == 1.0
    for rows, whole in zip(conditions, partition, strict=True):
        assert (rows.sum(0) == 1.0).all() or not whole


def test_bandwidth_is_that_of_the_narrowest_stem_asked_for() -> None:
    """Noise above 2 kHz in the answer costs nothing where the stem's recording ends there."""
    batch = class_batch()
    batch.bandwidth_hz[:] = 2000.0
    time = torch.arange(4096) / 16000.0
    hiss = 0.3 * torch.sin(2 * torch.pi * 5000.0 * time)
    losses = []
    for extra in (0.0, 1.0):
        model = Recorder(
            lambda audio, rows, *_, e=extra: (
                late(torch.einsum("bsk,bkt->bst", rows, batch.stems[..., :4096]) + e * hiss, 256),
                [],
            )
        )
        config = replace(CONFIG, absent_share=0.0, partition_share=0.0)
        losses.append(float(ClassObjective(config, BY_CLASS, 0)(model, batch, 1)[0]))
    # Requests for absent classes alone (a few random sums) do hear it.
    assert losses[1] - losses[0] < 0.5


def test_the_same_step_asks_the_same() -> None:
    model, batch = random_separator(BY_CLASS), class_batch()
    objective = ClassObjective(ClassLossConfig(), BY_CLASS, 0)
    losses = [float(objective(model, batch, step)[0].detach()) for step in (5, 5, 6)]
    assert losses[0] == losses[1] != losses[2]


def test_a_kit_is_never_taken_for_all_of_a_mixture() -> None:
    model = Recorder(lambda audio, rows, *_: (torch.zeros(4, 2, 1, 4096), []))
    config = replace(CONFIG, partition_share=1.0)
    batch = class_batch()
    batch = replace(batch, stems=batch.stems[:, :5], bandwidth_hz=batch.bandwidth_hz[:, :5])
    ClassObjective(config, replace(BY_CLASS, classes=KIT), 0)(model, batch, 3)
    _, conditions, partition, _ = model.seen[0]
    assert torch.equal(conditions.sum(1), torch.ones(4, 5)) and not partition.any()


def speaker_batch(batch: int = 3, length: int = 4096) -> SpeakerBatch:
    target, background = noise(batch, length), noise(batch, length, seed=1)
    target[1] = 0.0
    return SpeakerBatch(
        target + background,
        target,
        noise(batch, 33000, seed=2),
        noise(2 * batch, 33000, seed=3).unflatten(0, (2, batch)),
        torch.full((batch,), 8000.0),
        16000,
    )


def test_speakers_are_compared_with_the_target() -> None:
    batch = speaker_batch()
    vectors = torch.eye(3)

    def right(*_: object) -> tuple[Tensor, list[Tensor]]:
        return late(batch.target.unsqueeze(1), 256), [-vectors, vectors, vectors]

    model = Recorder(right)
    total, terms = SpeakerObjective(BY_VOICE, BY_SPEAKER, 0)(model, batch, 0)
    assert terms["snr"] == pytest.approx(-3.0, abs=0.01)
    assert 0.0 < terms["speaker"] < 0.001
    audio, condition, partition, _, clips = model.seen[0]
    assert condition is None and not partition.any()
    for clip, expected in zip(clips, (batch.enrolment, *batch.voices), strict=True):
        assert torch.equal(clip, expected)


def test_without_the_classification_only_the_enrolment_is_encoded() -> None:
    batch = speaker_batch()
    model = Recorder(lambda *_: (late(batch.target.unsqueeze(1), 256), [torch.eye(3)]))
    config = replace(BY_VOICE, speaker=0.0)
    total, terms = SpeakerObjective(config, BY_SPEAKER, 0)(model, batch, 0)
    assert "speaker" not in terms and total < -5.0
    (clip,) = model.seen[0][4]  # type: ignore[misc]
    assert clip is batch.enrolment


@pytest.mark.parametrize("speaker", [0.5, 0.0])
@pytest.mark.parametrize("dropout", [0.0, 1.0])
def test_every_weight_of_a_model_by_speaker_gets_a_gradient(dropout: float, speaker: float) -> None:
    config = SpeakerLossConfig(skip_dropout=dropout, speaker=speaker)
    every_weight_learns(BY_SPEAKER, SpeakerObjective(config, BY_SPEAKER, 0), speaker_batch())


@pytest.mark.parametrize("dropout", [0.0, 1.0])
def test_every_weight_of_a_model_by_class_gets_a_gradient(dropout: float) -> None:
    config = replace(CONFIG, skip_dropout=dropout)
    every_weight_learns(BY_CLASS, ClassObjective(config, BY_CLASS, 0), class_batch())


def every_weight_learns(config: SeparateConfig, objective: Objective, batch: object) -> None:
    """Processes that train together wait for every weight's gradient."""
    model = random_separator(config)
    objective(model, batch, 0)[0].backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
