"""SynthConfig: the structure of the variational autoencoders that make sound."""

from __future__ import annotations

from dataclasses import dataclass

from aeolia.config.strict import check_choice

__all__ = ["SynthConfig"]


@dataclass(frozen=True)
class SynthConfig:
    """Structure of one synthesiser. Lengths are in samples unless the name says otherwise."""

    name: str = "notes"
    task: str = "synthesise"
    sample_rate: int = 48000
    hop_length: int = 480
    #: Instrument names, in the order of the condition's values.
    instruments: tuple[str, ...] = ()
    #: Width of the timbre latent.
    latent_dim: int = 32

    def __post_init__(self) -> None:
        check_choice("task", self.task, ("synthesise",))
