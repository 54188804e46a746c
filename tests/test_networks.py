"""Shapes, units and modes of the networks that step in time."""

import numpy as np
import pytest
import torch

from lorenz_utils.networks import SeriesCritic, SeriesGenerator


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return SeriesGenerator((0, 0, 24), (8, 9, 8.5))


def test_generate_gives_ensembles_and_leaves_the_mode(generator):
    generator.train()
    ensemble = generator.generate(4, 1000, rng=1)
    assert ensemble.shape == (4, 1000, 3) and ensemble.dtype == np.float64
    assert generator.training
    # Evaluated with running moments: a series does not depend on its companions.
    np.testing.assert_allclose(
        generator.generate(4, 1000, rng=1)[:1], generator.generate(1, 1000, rng=1), atol=1e-4
    )
    assert np.abs(ensemble - generator.generate(4, 1000, rng=2)).max() > 0


@pytest.mark.parametrize("bad", [0, -1])
def test_generate_refuses_empty_requests(generator, bad):
    with pytest.raises(ValueError, match="n_series must be at least 1"):
        generator.generate(bad, 1000, rng=0)
    with pytest.raises(ValueError, match="length must be at least 1"):
        generator.generate(1, bad, rng=0)


def test_series_are_made_step_by_step_from_the_first_latent():
    torch.manual_seed(0)
    generator = SeriesGenerator((1, 2, 3), (2, 2, 2)).double()
    latent = generator.sample_latent(2, 5, rng=0).double()
    state = latent[..., 0]
    with torch.no_grad():
        for z in latent[..., 1:].unbind(-1):
            state = generator.step(state, z)
    expected = state.numpy() * 2 + [1, 2, 3]
    np.testing.assert_allclose(generator.generate(2, 5, rng=0)[:, -1], expected, rtol=1e-12)


def test_without_latents_in_the_steps_a_series_follows_from_its_start():
    torch.manual_seed(0)
    generator = SeriesGenerator((0, 0, 0), (1, 1, 1), latent_dim=0, width=8)
    start = torch.randn(3, 3)
    with torch.no_grad():
        a, b = (generator(start, torch.randn(3, 3, 6)) for _ in range(2))
    assert a.shape == (3, 3, 7) and torch.equal(a, b)
    noisy = SeriesGenerator((0, 0, 0), (1, 1, 1), width=8)
    with torch.no_grad():
        a, b = (noisy(start, torch.randn(3, 3, 6)) for _ in range(2))
    assert torch.equal(a[..., 0], start) and not torch.equal(a[..., 1], b[..., 1])


def test_advance_is_one_step_in_physical_units():
    torch.manual_seed(0)
    generator = SeriesGenerator((1, 2, 3), (2, 2, 2), latent_dim=0, width=8)
    series = generator.generate(4, 3, rng=0)
    np.testing.assert_allclose(generator.advance(series[:, 0]), series[:, 1], rtol=1e-12)
    assert generator.advance(series[:, 0]).dtype == float


def test_critic_of_steps_measures_them_in_their_standard_deviation():
    torch.manual_seed(0)
    windows = torch.randn(5, 3, 2)
    unit = SeriesCritic([1, 1, 1], width=8)
    scaled = SeriesCritic([0.5, 0.25, 2], width=8)
    scaled.score.load_state_dict(unit.score.state_dict())
    steps = windows.diff(dim=-1) * torch.tensor([0.5, 0.25, 2])[:, None]
    stretched = torch.cat([windows[..., :1], windows[..., :1] + steps], dim=-1)
    assert torch.allclose(unit(windows), scaled(stretched), atol=1e-6)
