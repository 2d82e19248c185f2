"""ModelConfig: everything that decides a model's structure, as strict JSON.

A config is saved inside every checkpoint and every released model, so unknown keys are errors
(naming the nearest known key) rather than silently ignored.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from aeolia.errors import ConfigError

__all__ = ["ModelConfig", "config_from_dict", "config_from_json", "config_to_json"]

T = TypeVar("T")


@dataclass(frozen=True)
class ModelConfig:
    """Structure of one autoencoder. Lengths are in samples unless the name says otherwise."""

    name: str = "denoise-16k"
    task: str = "denoise"
    sample_rate: int = 16000
    win_length: int = 512
    hop_length: int = 256
    #: Lowest DFT bins that stay single; above them bins are grouped into bands.
    n_linear_bins: int = 96
    #: Groups above the linear bins: (upper edge in Hz, number of bands up to it), rising.
    #: Two models that share the lower groups share every weight of the convolutions.
    band_groups: tuple[tuple[int, int], ...] = ((8000, 32),)
    #: Spectra enter the network as |X|**compression * exp(i*angle(X)).
    compression: float = 0.3
    #: "conv", "conv_gru" or "lstm".
    encoder: str = "conv_gru"
    #: "conv", "conv_gru" or "lstm".
    decoder: str = "conv_gru"
    #: Channels after each convolution; each halves the number of bands.
    channels: tuple[int, ...] = (16, 32, 48)
    #: Width of the recurrent layers.
    hidden_dim: int = 160
    #: Values per frame in the latent.
    latent_dim: int = 80
    #: Connect encoder layers to decoder layers through learned gates.
    skips: bool = True
    #: "filter": complex taps on the noisy spectrum. "magnitude": the decoder's own magnitude
    #: with the noisy phase (the textbook autoencoder).
    output: str = "filter"
    #: Complex taps per bin over the current and past frames (1 is a plain complex mask).
    filter_taps: int = 3

    def __post_init__(self) -> None:
        _check_choice("task", self.task, ("denoise",))
        _check_choice("encoder", self.encoder, ("conv", "conv_gru", "lstm"))
        _check_choice("decoder", self.decoder, ("conv", "conv_gru", "lstm"))
        _check_choice("output", self.output, ("filter", "magnitude"))
        for field in ("sample_rate", "win_length", "hop_length", "hidden_dim", "latent_dim",
                      "filter_taps"):
            if getattr(self, field) < 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be at least 1")
        if self.win_length % self.hop_length or self.win_length < 2 * self.hop_length:
            raise ConfigError(
                f"win_length {self.win_length} must be a multiple of hop_length "
                f"{self.hop_length}, at least twice it"
            )
        if self.win_length % 2:
            raise ConfigError(f"win_length is {self.win_length}; it must be even")
        if not self.channels or min(self.channels) < 1:
            raise ConfigError(f"channels is {list(self.channels)}; it must hold numbers above 0")
        if self.compression <= 0.0:
            raise ConfigError(f"compression is {self.compression}; it must be above 0")
        self._check_bands()
        if self.n_positions % (1 << len(self.channels)):
            raise ConfigError(
                f"{self.n_positions} bands (n_linear_bins plus band_groups) must divide by "
                f"2**{len(self.channels)}, one halving per entry of channels"
            )

    def _check_bands(self) -> None:
        if not 1 <= self.n_linear_bins < self.n_bins:
            raise ConfigError(
                f"n_linear_bins is {self.n_linear_bins}; it must be between 1 and "
                f"{self.n_bins - 1} for a win_length of {self.win_length}"
            )
        counts = [count for _, count in self.band_groups]
        if min(counts, default=0) < 1 or sum(counts) < 2:
            raise ConfigError(
                f"band_groups has {counts} bands; every group needs one, and two are the least"
            )
        edges_hz = [self.n_linear_bins * self.sample_rate / self.win_length]
        edges_hz += [upper_hz for upper_hz, _ in self.band_groups]
        if any(lower >= upper for lower, upper in zip(edges_hz, edges_hz[1:], strict=False)):
            raise ConfigError(
                f"band_groups reach to {edges_hz[1:]} Hz; they must rise from the end of the "
                f"linear bins, {edges_hz[0]:g} Hz"
            )

    @property
    def n_bins(self) -> int:
        """DFT bins from 0 Hz to the Nyquist frequency."""
        return self.win_length // 2 + 1

    @property
    def n_positions(self) -> int:
        """Frequency positions the network sees: linear bins plus bands."""
        return self.n_linear_bins + sum(count for _, count in self.band_groups)

    @property
    def delay(self) -> int:
        """Samples by which the output of `step` lags its input."""
        return self.win_length - self.hop_length

    @property
    def latency_ms(self) -> float:
        """Algorithmic latency: the frame that must be complete before its first sample is out."""
        return 1000.0 * self.win_length / self.sample_rate


def _check_choice(field: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{field} is {value!r}; it must be one of {', '.join(choices)}")


def config_from_dict(cls: type[T], values: dict[str, Any]) -> T:
    """Build the config dataclass `cls` from plain JSON values.

    Raises:
        ConfigError: an unknown key (the nearest known one is named) or a value of wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    arguments = {}
    for key, value in values.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(fields)}"
            raise ConfigError(f"{cls.__name__} has no key {key!r}{hint}")
        arguments[key] = _coerce(f"{cls.__name__}.{key}", value, hints[key])
    return cls(**arguments)


def _coerce(where: str, value: Any, hint: Any) -> Any:
    """Turn JSON lists back into tuples and refuse values of another type."""
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} is {value!r}; it must be a list")
        args = typing.get_args(hint)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_coerce(where, item, args[0]) for item in value)
        if len(args) != len(value):
            raise ConfigError(f"{where} is {value!r}; it must have {len(args)} values")
        return tuple(_coerce(where, item, arg) for item, arg in zip(value, args, strict=True))
    if typing.get_args(hint):  # an optional value
        if value is None and type(None) in typing.get_args(hint):
            return None
        return _coerce(where, value, typing.get_args(hint)[0])
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise ConfigError(f"{where} is {value!r}; it must be of type {hint.__name__}")
    return value


def config_from_json(cls: type[T], text: str) -> T:
    """Parse strict JSON into `cls`; see `config_from_dict`."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{cls.__name__} is not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{cls.__name__} must be a JSON object, not {type(values).__name__}")
    return config_from_dict(cls, values)


def config_to_json(config: Any) -> str:
    """The config as indented JSON; `config_from_json` reads it back unchanged."""
    return json.dumps(dataclasses.asdict(config), indent=2)
