"""The processes that train together: one, or several started by torchrun."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed

from aeolia.errors import TrainingError

__all__ = ["DEVICE_VARIABLE", "Processes"]

#: Chooses where training runs.
DEVICE_VARIABLE = "AEOLIA_DEVICE"

#: On a CPU the conversions cost smaller models as much as they save.
_LARGE = 500_000


@dataclass(frozen=True)
class Processes:
    """This process's number among `world` ones."""

    rank: int = 0
    world: int = 1

    @classmethod
    def from_environment(cls) -> Processes:
        """Join the group that torchrun describes in the environment, if it does."""
        world = int(os.environ.get("WORLD_SIZE", "1"))
        if world == 1:
            return cls()
        if not torch.distributed.is_initialized():
            torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(torch.distributed.get_rank(), world)

    def device(self) -> torch.device:
        """A GPU of its own where there is one (NVIDIA's, AMD's or Apple's), else the CPU.

        `AEOLIA_DEVICE` in the environment, such as "cpu", chooses another.

        Raises:
            TrainingError: it names what PyTorch does not have here.
        """
        kind = os.environ.get(DEVICE_VARIABLE, "")
        there = {
            "cuda": torch.cuda.is_available(),
            "mps": torch.backends.mps.is_available(),
            "cpu": True,
        }
        if kind and not there.get(kind):
            found = ", ".join(name for name, is_there in there.items() if is_there)
            raise TrainingError(
                f"{DEVICE_VARIABLE} is {kind!r}, and PyTorch has {found} here; choose one of these"
            )
        kind = kind or next(name for name, is_there in there.items() if is_there)
        if kind != "cuda":
            return torch.device(kind)
        return torch.device(kind, int(os.environ.get("LOCAL_RANK", "0")))

    def trains_in_bfloat16(self, parameters: int) -> bool:
        """Whether a model of so many parameters trains faster in mixed precision here."""
        device = self.device().type
        if device != "cpu":
            return device == "cuda"
        capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        multiplies = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
        return bool(multiplies) and parameters >= _LARGE

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """The mean of each value over all processes."""
        if self.world == 1:
            return values
        packed = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device())
        torch.distributed.all_reduce(packed)
        return dict(zip(values, (packed / self.world).tolist(), strict=True))

    def most(self, value: int) -> int:
        """The largest of all processes' values."""
        if self.world == 1:
            return value
        packed = torch.tensor(value, device=self.device())
        torch.distributed.all_reduce(packed, torch.distributed.ReduceOp.MAX)
        return int(packed)

    def wait(self) -> None:
        """Until all processes have come here."""
        if self.world > 1:
            torch.distributed.barrier()
