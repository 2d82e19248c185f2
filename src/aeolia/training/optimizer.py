"""What turns gradients into steps: AdamW alone, or Muon for matrices and AdamW for the rest."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from aeolia.errors import ConfigError
from aeolia.training.config import TrainConfig

__all__ = ["Optimizer", "build_optimizer", "choose_what_learns"]

#: Matrices with a side shorter than this (vectors of a few classes, say) are left to AdamW.
_LEAST_SIDE = 8


class Optimizer:
    """Several of PyTorch's optimisers, each with parameters of its own, taken as one."""

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self._parts = parts

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all parts; setting "lr" in one takes effect."""
        return [group for part in self._parts for group in part.param_groups]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)

    def step(self) -> None:
        """Take one step in all parts."""
        for part in self._parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of the parts by their number."""
        return {str(i): part.state_dict() for i, part in enumerate(self._parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            KeyError, ValueError: it is of other optimisers.
        """
        if len(state) != len(self._parts):
            raise ValueError(f"the state is of {len(state)} optimisers, not {len(self._parts)}")
        for i, part in enumerate(self._parts):
            part.load_state_dict(state[str(i)])


def choose_what_learns(model: nn.Module, learn: tuple[str, ...]) -> None:
    """Ask gradients only of parameters whose names begin with one of `learn`, or of all.

    Raises:
        ConfigError: one of them begins no name.
    """
    names = [name for name, _ in model.named_parameters()]
    for start in learn:
        if not any(name.startswith(start) for name in names):
            parts = sorted({".".join(name.split(".")[:2]) for name in names})
            raise ConfigError(f"learn names {start!r}; this model has {', '.join(parts)}")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not learn or name.startswith(learn))


def build_optimizer(model: nn.Module, config: TrainConfig) -> Optimizer:
    """The optimiser that `config.optimizer` names, for the parameters that ask for gradients.

    "muon" (Jordan et al., 2024): the momentum of every matrix is made orthogonal before it is
    applied, so that all its directions are learned at one pace, not only the few that dominate
    the gradient. Steps are scaled to the size that AdamW's have (Liu et al., 2025), hence one
    learning rate serves both. Kernels of convolutions, biases and gains go by AdamW.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if config.optimizer == "adamw":
        return Optimizer(_adamw(parameters, config))
    matrices = [p for p in parameters if p.ndim == 2 and min(p.shape) >= _LEAST_SIDE]
    chosen = {id(p) for p in matrices}
    others = [p for p in parameters if id(p) not in chosen]
    parts: list[torch.optim.Optimizer] = []
    if matrices:
        muon = torch.optim.Muon(
            matrices,
            config.learning_rate,
            weight_decay=config.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        parts.append(muon)
    if others:
        parts.append(_adamw(others, config))
    return Optimizer(*parts)


def _adamw(parameters: list[nn.Parameter], config: TrainConfig) -> torch.optim.AdamW:
    return torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
