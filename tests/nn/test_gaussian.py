"""Gaussians: closed forms against torch.distributions, sampling, free bits, priors."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    Normal,
    kl_divergence,
)

from aeolia.config import SynthConfig
from aeolia.nn import gaussian
from aeolia.nn.gaussian import Gaussian, build_prior, free_bits, log_density

CONFIG = SynthConfig(instruments=("a", "b", "c"), latent_dim=5)


def random_gaussian(seed: int, rows: int = 6, width: int = 5) -> Gaussian:
    generator = torch.Generator().manual_seed(seed)
    return Gaussian(
        torch.randn(rows, width, generator=generator),
        torch.randn(rows, width, generator=generator),
    )


def as_torch(g: Gaussian) -> Normal:
    return Normal(g.mean, torch.exp(0.5 * g.log_variance))


def conditions(rows: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.eye(3)[torch.arange(rows) % 3], torch.linspace(40, 80, rows), torch.rand(rows)


def test_divergence_is_the_closed_form() -> None:
    posterior, prior = random_gaussian(1), random_gaussian(2)
    expected = kl_divergence(as_torch(posterior), as_torch(prior))
    torch.testing.assert_close(gaussian.kl_divergence(posterior, prior), expected)
    assert gaussian.kl_divergence(prior, prior).abs().max() < 1e-6


def test_divergence_is_what_draws_say() -> None:
    """log q - log p averaged over many draws, without the formula."""
    posterior, prior = random_gaussian(3, 1), random_gaussian(4, 1)
    noise = torch.randn(200_000, 5, generator=torch.Generator().manual_seed(0))
    draws = posterior.sample(noise)
    estimate = (log_density(draws, posterior) - log_density(draws, prior)).mean(0)
    expected = gaussian.kl_divergence(posterior, prior)[0]
    torch.testing.assert_close(estimate, expected, rtol=0.05, atol=0.03)


def test_log_density() -> None:
    g, x = random_gaussian(5), random_gaussian(6).mean
    torch.testing.assert_close(log_density(x, g), as_torch(g).log_prob(x))


def test_gradient_passes_through_a_draw() -> None:
    """d/dm E[z^2] = 2 m and d/dlog(s^2) E[z^2] = s^2, from draws with explicit noise."""
    mean = torch.tensor([[0.7]], requires_grad=True)
    log_variance = torch.tensor([[0.4]], requires_grad=True)
    noise = torch.randn(400_000, 1, generator=torch.Generator().manual_seed(1))
    Gaussian(mean, log_variance).sample(noise).square().mean().backward()
    assert mean.grad is not None and log_variance.grad is not None
    assert mean.grad.item() == pytest.approx(1.4, abs=0.02)
    assert log_variance.grad.item() == pytest.approx(torch.e**0.4, abs=0.02)


def test_free_bits_cost_nothing_and_push_nothing() -> None:
    divergence = torch.tensor([[0.02, 1.0], [0.04, 3.0]], requires_grad=True)
    total = free_bits(divergence, 0.1)
    assert total.item() == pytest.approx(0.1 + 2.0)
    total.backward()
    assert divergence.grad is not None
    assert divergence.grad.tolist() == [[0.0, 0.5], [0.0, 0.5]]


@pytest.mark.parametrize("kind", ["standard", "conditional"])
def test_untrained_priors_are_standard_normal(kind: str) -> None:
    prior = build_prior(replace(CONFIG, prior=kind))
    found = prior(*conditions(4))
    assert found.mean.shape == (4, 5)
    assert found.mean.abs().max() == 0.0 and found.log_variance.abs().max() == 0.0
    posterior = random_gaussian(7, 4)
    expected = kl_divergence(as_torch(posterior), Normal(0.0, 1.0))
    torch.testing.assert_close(
        prior.divergence(posterior, posterior.mean, *conditions(4)), expected
    )


def test_a_conditional_prior_depends_on_every_condition() -> None:
    torch.manual_seed(0)
    prior = build_prior(CONFIG)
    for parameter in prior.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    one = (torch.eye(3)[:1], torch.tensor([60.0]), torch.tensor([0.5]))
    base = prior(*one)
    for i, other in enumerate((torch.eye(3)[1:2], torch.tensor([64.0]), torch.tensor([0.9]))):
        changed = prior(*(other if i == j else value for j, value in enumerate(one)))
        assert (changed.mean - base.mean).abs().max() > 1e-3
        assert (changed.log_variance - base.log_variance).abs().max() > 1e-3


def test_a_stroke_moves_one_instrument_alone() -> None:
    prior = build_prior(replace(CONFIG, prior="conditional"))
    with torch.no_grad():
        prior.network[2].weight.normal_()
        prior.network[0].weight[:, -1] = 0.0  # what velocity does to all
        prior.stroke.weight[:, 1] = 1.0
    instrument, pitch = torch.eye(3), torch.full((3,), 60.0)
    soft, loud = (prior(instrument, pitch, torch.full((3,), v)).mean for v in (0.2, 1.0))
    moved = (loud - soft).abs().amax(dim=1)
    assert moved[1] > 0.01
    assert moved[0] == moved[2] == 0.0


def test_weights_from_before_strokes_are_read_as_they_were() -> None:
    config = replace(CONFIG, prior="conditional")
    older = build_prior(config)
    with torch.no_grad():
        older.network[2].weight.normal_()
    weights = {k: v for k, v in older.state_dict().items() if not k.startswith("stroke")}
    prior = build_prior(config)
    with torch.no_grad():
        prior.stroke.weight.normal_()
    prior.load_state_dict(weights)
    asked = conditions(6)
    torch.testing.assert_close(prior(*asked), older(*asked))
    with pytest.raises(RuntimeError, match=r"network\.0\.bias"):
        prior.load_state_dict({k: v for k, v in weights.items() if k != "network.0.bias"})


def test_a_mixture_is_the_mixture() -> None:
    """Density and moments against torch's own mixture."""
    torch.manual_seed(1)
    prior = build_prior(replace(CONFIG, prior="mixture", mixture_components=4))
    assert isinstance(prior, gaussian.MixturePrior)
    torch.nn.init.normal_(prior.log_variances, std=0.5)
    instrument, pitch, velocity = conditions(3)
    reference = MixtureSameFamily(
        Categorical(logits=prior.weights(instrument)),
        Independent(
            Normal(
                prior.means.expand(3, -1, -1), torch.exp(0.5 * prior.log_variances).expand(3, 4, 5)
            ),
            1,
        ),
    )
    found = prior(instrument, pitch, velocity)
    torch.testing.assert_close(found.mean, reference.mean)
    torch.testing.assert_close(torch.exp(found.log_variance), reference.variance)
    posterior = random_gaussian(8, 3)
    draw = posterior.sample(torch.randn(3, 5))
    total = as_torch(posterior).log_prob(draw).sum(1) - reference.log_prob(draw)
    found_total = prior.divergence(posterior, draw, instrument, pitch, velocity).sum(1)
    torch.testing.assert_close(found_total, total)
