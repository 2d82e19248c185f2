"""Diagonal Gaussians: the posterior of a latent, sampling with explicit noise, divergences, priors.

A variational autoencoder (Kingma & Welling, 2014) maximises

    E_q(z|x)[log p(x|z, c)] - KL(q(z|x) || p(z|c))

with q(z|x) = N(mean, exp(log_variance)) and c the conditions. `kl_divergence` is the second term
in closed form, `Gaussian.sample` the reparameterised draw that the first one is averaged over.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.nn.pitch import N_PITCH_FEATURES, pitch_features

__all__ = [
    "ConditionalPrior",
    "Gaussian",
    "MixturePrior",
    "Prior",
    "StandardPrior",
    "build_prior",
    "free_bits",
    "kl_divergence",
    "log_density",
]

#: Bounds of log variances: standard deviations from 0.01 to 7.
_LOG_VARIANCE = (-9.0, 4.0)
#: Width of a conditional prior's network.
_HIDDEN = 64
#: Where strokes of all instruments are alike.
_USUAL_VELOCITY = 0.6


class Gaussian(NamedTuple):
    """A diagonal Gaussian over the last axis: mean and log variance, [..., D] each."""

    mean: Tensor
    log_variance: Tensor

    @classmethod
    def from_values(cls, values: Tensor) -> Gaussian:
        """A network's values [..., 2 * D]: means, then log variances, which are kept in bounds."""
        mean, log_variance = values.chunk(2, dim=-1)
        return cls(mean, log_variance.clamp(*_LOG_VARIANCE))

    def sample(self, noise: Tensor) -> Tensor:
        """A draw for unit normal `noise` [..., D]; differentiable in mean and variance."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise


def kl_divergence(posterior: Gaussian, prior: Gaussian) -> Tensor:
    """KL(posterior || prior) in nats for every dimension [..., D].

    For one dimension, with means m and variances v of posterior q and prior p,

        KL = (log(v_p / v_q) + (v_q + (m_q - m_p)^2) / v_p - 1) / 2

    (Kingma & Welling, 2014, appendix B, where p = N(0, 1)).
    """
    gap = posterior.log_variance - prior.log_variance
    distance = (posterior.mean - prior.mean).square() * torch.exp(-prior.log_variance)
    return 0.5 * (torch.exp(gap) + distance - 1.0 - gap)


def log_density(latent: Tensor, gaussian: Gaussian) -> Tensor:
    """Log density of `latent` [..., D] for every dimension."""
    distance = (latent - gaussian.mean).square() * torch.exp(-gaussian.log_variance)
    return -0.5 * (distance + gaussian.log_variance + math.log(2.0 * math.pi))


def free_bits(divergence: Tensor, nats: float) -> Tensor:
    """Sum over dimensions of the batch's mean divergence [B, D], each at least `nats`.

    The first `nats` of every dimension cost nothing (Kingma et al., 2016), so that a dimension is
    not given up before the decoder has learned to use it.
    """
    return divergence.mean(0).clamp(min=nats).sum()


class Prior(nn.Module):
    """p(z | instrument, pitch, velocity): what the latent is before a note was observed.

    Called with instrument [V, I], pitch [V] as MIDI number and velocity [V] from 0 to 1, it gives
    a Gaussian over [V, D].
    """

    def divergence(self, posterior: Gaussian, latent: Tensor, *conditions: Tensor) -> Tensor:
        """KL of the posterior from this prior in nats, [V, D].

        Args:
            latent: a draw of the posterior [V, D], for priors that need one.
            conditions: instrument, pitch and velocity.
        """
        return kl_divergence(posterior, self(*conditions))


class StandardPrior(Prior):
    """N(0, 1), whatever the conditions."""

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim

    def forward(self, instrument: Tensor, pitch_midi: Tensor, velocity: Tensor) -> Gaussian:
        """Instrument [V, I], pitch [V] and velocity [V] to a Gaussian over [V, D]."""
        # Computed from the inputs, so that the exported graph keeps them.
        zero = 0.0 * (instrument.sum(1) + pitch_midi + velocity)
        zeros = zero.unsqueeze(1).expand(-1, self.latent_dim)
        return Gaussian(zeros, zeros)


class ConditionalPrior(Prior):
    """A Gaussian whose mean and variance depend on instrument, pitch and velocity.

    What a harder stroke changes differs between instruments (a saxophone brightens, an organ does
    not), so velocity has weights of its own for each, beside those that all share.
    """

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        n_instruments = len(config.instruments)
        last = nn.Linear(_HIDDEN, 2 * config.latent_dim)
        # Begin as N(0, 1).
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        first = nn.Linear(n_instruments + N_PITCH_FEATURES + 1, _HIDDEN)
        self.network = nn.Sequential(first, nn.SiLU(), last)
        self.stroke = nn.Linear(n_instruments, _HIDDEN, bias=False)
        nn.init.zeros_(self.stroke.weight)
        self.register_load_state_dict_pre_hook(_without_strokes)  # type: ignore[no-untyped-call]

    def forward(self, instrument: Tensor, pitch_midi: Tensor, velocity: Tensor) -> Gaussian:
        """Instrument [V, I], pitch [V] and velocity [V] to a Gaussian over [V, D]."""
        velocity = velocity.unsqueeze(1)
        first, activation, last = self.network
        hidden = first(torch.cat([instrument, pitch_features(pitch_midi), velocity], dim=1))
        hidden = hidden + (velocity - _USUAL_VELOCITY) * self.stroke(instrument)
        return Gaussian.from_values(last(activation(hidden)))


def _without_strokes(prior: nn.Module, weights: dict[str, Any], prefix: str, *_: object) -> None:
    """Weights from before instruments had strokes of their own begin with none."""
    name = f"{prefix}stroke.weight"
    if f"{prefix}network.0.weight" in weights:
        weights.setdefault(name, torch.zeros_like(prior.get_parameter("stroke.weight")))


class MixturePrior(Prior):
    """Learned Gaussians with weights that depend on the instrument.

    A mixture in the latent, as in the VampPrior (Tomczak & Welling, 2018), with free components
    instead of encoded pseudo-inputs. Its divergence has no closed form and is estimated from the
    draw: log q(z|x) - log p(z).
    """

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        shape = (config.mixture_components, config.latent_dim)
        self.means = nn.Parameter(torch.randn(shape))
        self.log_variances = nn.Parameter(torch.zeros(shape))
        self.weights = nn.Linear(len(config.instruments), config.mixture_components)

    def forward(self, instrument: Tensor, pitch_midi: Tensor, velocity: Tensor) -> Gaussian:
        """The Gaussian [V, D] with the mixture's mean and variance."""
        logits = self.weights(instrument) + 0.0 * (pitch_midi + velocity).unsqueeze(1)
        weights = torch.softmax(logits, dim=1)
        mean = weights @ self.means
        second = weights @ (self.means.square() + torch.exp(self.log_variances))
        return Gaussian(mean, torch.log((second - mean.square()).clamp(min=1e-4)))

    def divergence(self, posterior: Gaussian, latent: Tensor, *conditions: Tensor) -> Tensor:
        """Estimated KL from one draw, shared out equally over the dimensions [V, D]."""
        parts = Gaussian(self.means, self.log_variances.clamp(*_LOG_VARIANCE))
        each = log_density(latent.unsqueeze(1), parts).sum(2)
        weights = torch.log_softmax(self.weights(conditions[0]), dim=1)
        prior = torch.logsumexp(each + weights, dim=1, keepdim=True)
        total = log_density(latent, posterior).sum(1, keepdim=True) - prior
        return (total / latent.shape[1]).expand_as(latent)


_PRIORS: dict[str, type[StandardPrior] | type[ConditionalPrior] | type[MixturePrior]] = {
    "standard": StandardPrior,
    "conditional": ConditionalPrior,
    "mixture": MixturePrior,
}


def build_prior(config: SynthConfig) -> Prior:
    """The prior that `config.prior` names."""
    return _PRIORS[config.prior](config)
