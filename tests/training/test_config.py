"""TrainConfig: the learning rate's course, and values that make no sense."""

from __future__ import annotations

import dataclasses

import pytest

from aeolia.config import config_from_dict, config_from_json, config_to_json
from aeolia.errors import ConfigError
from aeolia.training.config import TrainConfig


def test_learning_rate_warms_up_stays_and_falls_to_zero() -> None:
    config = TrainConfig(steps=100, learning_rate=1.0, warmup_steps=10, decay_share=0.2)
    rates = [config.learning_rate_at(step) for step in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[9:81] == [1.0] * 72
    assert rates[80:] == pytest.approx([(100 - i) / 20 for i in range(80, 100)])
    assert min(rates) > 0.0


def test_a_longer_run_is_the_same_until_the_shorter_one_cools() -> None:
    short = TrainConfig(steps=100, decay_share=0.25)
    long = dataclasses.replace(short, steps=1000)
    for step in range(76):
        assert short.learning_rate_at(step) == long.learning_rate_at(step)


def test_no_warm_up_and_no_decay() -> None:
    config = TrainConfig(steps=10, learning_rate=1.0, warmup_steps=0, decay_share=0.0)
    assert [config.learning_rate_at(step) for step in range(10)] == [1.0] * 10


def test_more_warm_up_than_steps() -> None:
    config = TrainConfig(steps=4, learning_rate=1.0, warmup_steps=300)
    assert all(0.0 < config.learning_rate_at(step) < 0.02 for step in range(4))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"log_every": 0}, "log_every is 0"),
        ({"decay_share": 1.5}, "decay_share is 1.5"),
        ({"ema_decay": 1.01}, "ema_decay is 1.01"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; it must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"clip_norm": 0.0}, "clip_norm is 0.0"),
        ({"validation_clips": -1}, "validation_clips is -1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_values_out_of_range(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**change)


def test_json_and_a_misspelt_key() -> None:
    config = TrainConfig(steps=5, learning_rate=2e-4)
    assert config_from_json(TrainConfig, config_to_json(config)) == config
    with pytest.raises(ConfigError, match="no key 'batchsize'; did you mean 'batch_size'"):
        config_from_dict(TrainConfig, {"batchsize": 3})
