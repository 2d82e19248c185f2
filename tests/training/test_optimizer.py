"""AdamW and Muon behind one face: who moves what, orthogonal steps, exact resume."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from aeolia.errors import ConfigError
from aeolia.training.config import TrainConfig
from aeolia.training.optimizer import Optimizer, build_optimizer, choose_what_learns


class Mixed(nn.Module):
    """A matrix, a kernel, a narrow matrix and their biases."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.matrix = nn.Linear(24, 16)
        self.kernel = nn.Conv2d(1, 4, 3)
        self.narrow = nn.Linear(3, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        narrow = self.narrow(x[:, :3])
        return (
            self.matrix(x).square().mean()
            + self.kernel(x[:1, :9].view(1, 1, 3, 3)).sum()
            + (narrow.square().mean())
        )


def step(model: nn.Module, optimizer: Optimizer, seed: int) -> None:
    torch.manual_seed(seed)
    optimizer.zero_grad()
    model(torch.randn(32, 24)).backward()
    optimizer.step()


def test_adamw_is_pytorchs_own() -> None:
    config = TrainConfig(learning_rate=1e-2, weight_decay=0.1)
    model, twin = Mixed(), Mixed()
    ours = build_optimizer(model, config)
    theirs = torch.optim.AdamW(twin.parameters(), 1e-2, weight_decay=0.1)
    for seed in range(3):
        step(model, ours, seed)
        torch.manual_seed(seed)
        theirs.zero_grad()
        twin(torch.randn(32, 24)).backward()
        theirs.step()
    for own, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(own, other)


def test_muon_moves_matrices_along_all_directions_alike() -> None:
    model = Mixed()
    before = copy.deepcopy(model.state_dict())
    step(model, build_optimizer(model, TrainConfig(optimizer="muon", weight_decay=0.0)), 1)
    change = {name: value - before[name] for name, value in model.state_dict().items()}
    sizes = torch.linalg.svdvals(change["matrix.weight"])
    # The iteration that makes it orthogonal brings singular values to about 0.7 to 1.2.
    assert sizes.min() > 0.5 * sizes.max()
    # The first step of AdamW is the sign of the gradient: of equal size everywhere.
    for name in ("kernel.weight", "narrow.weight", "matrix.bias"):
        assert change[name].abs().max() < 1.001e-3 and change[name].abs().min() > 0.9e-3


def test_all_groups_hear_the_learning_rate() -> None:
    model = Mixed()
    optimizer = build_optimizer(model, TrainConfig(optimizer="muon", weight_decay=0.0))
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 6
    before = copy.deepcopy(model.state_dict())
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    step(model, optimizer, 1)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_state_taken_up_goes_on_bit_for_bit(kind: str) -> None:
    config = TrainConfig(optimizer=kind)
    model = Mixed()
    optimizer = build_optimizer(model, config)
    for seed in range(3):
        step(model, optimizer, seed)
    twin = copy.deepcopy(model)
    other = build_optimizer(twin, config)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for seed in range(3, 6):
        step(model, optimizer, seed)
        step(twin, other, seed)
    for own, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(own, theirs)


def test_a_state_of_the_other_kind_is_refused() -> None:
    model = Mixed()
    state = build_optimizer(model, TrainConfig()).state_dict()
    with pytest.raises(ValueError, match="of 1 optimisers, not 2"):
        build_optimizer(model, TrainConfig(optimizer="muon")).load_state_dict(state)


def test_unknown_optimizer() -> None:
    with pytest.raises(ConfigError, match="optimizer is 'sgd'; it must be one of adamw, muon"):
        TrainConfig(optimizer="sgd")


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_only_what_learns_moves(kind: str) -> None:
    model = Mixed()
    before = copy.deepcopy(model.state_dict())
    choose_what_learns(model, ("matrix", "kernel.bias"))
    step(model, build_optimizer(model, TrainConfig(optimizer=kind, weight_decay=0.5)), 1)
    moved = {name for name, value in model.state_dict().items() if (value != before[name]).any()}
    assert moved == {"matrix.weight", "matrix.bias", "kernel.bias"}
    choose_what_learns(model, ())
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("part", ["matrix.weight", "kernel"])
def test_what_learns_may_be_for_one_optimiser_alone(part: str) -> None:
    model = Mixed()
    before = copy.deepcopy(model.state_dict())
    choose_what_learns(model, (part,))
    step(model, build_optimizer(model, TrainConfig(optimizer="muon")), 1)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith(part)


def test_what_learns_must_be_there() -> None:
    with pytest.raises(ConfigError, match=r"learn names 'matrx'; this model has kernel\.bias, .*"):
        choose_what_learns(Mixed(), ("matrix", "matrx"))
