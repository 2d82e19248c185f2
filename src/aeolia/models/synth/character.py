"""What each instrument's filters do by themselves, beside what the network makes of its condition.

    age, pitch -> a few smooth functions --- times the instrument's weights -> levels, band by band
    noise -> slow random numbers ----------- times the instrument's amounts -> how levels waver

The network learns what instruments share, and meets each of a hundred seldom; how one is struck,
how its partials fade and how an ensemble beats is its own. Axes: V voices, F frames.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.nn.pitch import hz_to_midi
from aeolia.nn.state import Shapes, State

__all__ = ["Character"]

#: Time constants, in frames, of what fades as a note grows older; what does not stands beside.
_AGES = (1.5, 5.0, 20.0, 100.0)
#: Legendre polynomials of the pitch (-1 to 1 over six octaves around middle C) that each is times.
_POLYNOMIALS = 3
_N_FEATURES = (1 + len(_AGES)) * _POLYNOMIALS
#: Terms of the cosine series that draw a filter over its bands.
_TERMS = 12
#: Filters of a frame: of harmonics and pulses, of noise, of the impulse.
_FILTERS = 3
#: Slow random numbers, one for each of as many groups of bands, and frames that each spans.
_WAVERS, _SPAN = 16, 6
#: Of the filters, the first two waver; they begin with as much (nepers, standard deviation).
_WAVERING, _FIRST_WAVER = 2, 0.1


class Character(nn.Module):
    """Levels that an instrument adds to its filters, in nepers, frame by frame."""

    series: Tensor
    groups: Tensor
    span: Tensor
    hearing: Tensor

    def __init__(self, config: SynthConfig, n_bands: int) -> None:
        super().__init__()
        n_instruments = len(config.instruments)
        self.course = nn.Linear(n_instruments, _N_FEATURES * _FILTERS * _TERMS, bias=False)
        nn.init.zeros_(self.course.weight)
        self.waver = nn.Linear(n_instruments, _WAVERING * _WAVERS, bias=False)
        nn.init.constant_(self.waver.weight, _FIRST_WAVER)
        places = (torch.arange(n_bands) + 0.5) / n_bands
        series = torch.cos(math.pi * torch.outer(torch.arange(_TERMS).float(), places))
        middles = (torch.arange(_WAVERS) + 0.5) / _WAVERS
        apart = (_WAVERS * (places - middles.unsqueeze(1))).abs().clamp(max=1.0)
        span = torch.hann_window(_SPAN + 1)[1:]
        # Each number is the sum of samples of its own.
        hearing = torch.arange(config.hop_length) * _WAVERS // config.hop_length
        hearing = nn.functional.one_hot(hearing, _WAVERS).float()
        for name, table in (
            ("series", series),
            # Neighbours overlap so that their powers sum to 1: independent, yet without edges.
            ("groups", torch.cos(0.5 * math.pi * apart)),
            ("span", span / span.square().sum().sqrt()),
            ("hearing", hearing / hearing.sum(0).clamp(min=1.0).sqrt()),
        ):
            self.register_buffer(name, table, persistent=False)
        self.register_load_state_dict_pre_hook(_without_character)  # type: ignore[no-untyped-call]

    def state_shapes(self) -> Shapes:
        """Name and shape (without the voices' axis) of the random numbers that still count."""
        return {"wavers": (_WAVERS, _SPAN - 1)}

    def forward(
        self, instrument: Tensor, pitch_hz: Tensor, noise: Tensor, state: State
    ) -> tuple[Tensor, Tensor]:
        """Instrument [V, I], pitch [V, F] in Hz, noise [V, F * hop] and the decoder's state.

        Returns:
            levels [V, F, 3 * bands] of the three filters side by side, and the next "wavers".
        """
        features = _features(pitch_hz, state["age"])
        weights = self.course(instrument).unflatten(1, (_N_FEATURES, -1))
        drawn = torch.matmul(features, weights).unflatten(2, (_FILTERS, _TERMS))
        levels = torch.matmul(drawn, self.series)
        slow, following = self._slow(noise, pitch_hz.shape[1], state["wavers"])
        amounts = self.waver(instrument).unflatten(1, (1, _WAVERING, _WAVERS))
        wavering = torch.matmul(slow.unsqueeze(2) * amounts, self.groups)
        levels = levels + nn.functional.pad(wavering, (0, 0, 0, _FILTERS - _WAVERING))
        return levels.flatten(2), following

    def _slow(self, noise: Tensor, count: int, past: Tensor) -> tuple[Tensor, Tensor]:
        """Unit normal numbers [V, F, N] of the noise that is heard, each over some frames."""
        numbers = torch.matmul(noise.reshape(noise.shape[0], count, -1), self.hearing)
        joined = torch.cat([past, numbers.transpose(1, 2)], dim=2)
        taps = [self.span[i] * joined[:, :, i : i + count] for i in range(_SPAN)]
        return sum(taps[1:], start=taps[0]).transpose(1, 2), joined[:, :, 1 - _SPAN :]


def _features(pitch_hz: Tensor, age: Tensor) -> Tensor:
    """Functions of a frame's age and pitch [V, F, N]; an unvoiced frame has middle C's."""
    age = (age + torch.arange(pitch_hz.shape[1], device=pitch_hz.device)).unsqueeze(2)
    ages = torch.exp(-age / torch.tensor(_AGES, device=age.device))
    ages = torch.cat([torch.ones_like(age), ages], dim=2)
    place = ((hz_to_midi(pitch_hz) - 60.0) / 36.0 * (pitch_hz > 0.0).float()).unsqueeze(2)
    return torch.cat([ages, ages * place, ages * (1.5 * place * place - 0.5)], dim=2)


def _without_character(
    character: nn.Module, weights: dict[str, Any], prefix: str, *_: object
) -> None:
    """Weights from before instruments had one of their own have none."""
    for name, own in character.named_parameters():
        weights.setdefault(prefix + name, torch.zeros_like(own))
