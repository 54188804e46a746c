"""The deck's GAN as its notebook has it: layers, data, and who sees which images."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from experiments.deck_gan import DECK_CODE, DECK_SLIDES, Discriminator, from_the_origin
from experiments.models import DT, training_ensemble
from lorenz_utils.adversarial import RUNS
from lorenz_utils.training import train


def size(network):
    return sum(p.numel() for p in network.parameters())


def new_run(config, **changes):
    config = replace(config, n_steps=20, n_series=20, **changes)
    torch.manual_seed(0)
    return RUNS[config.pair](config, training_ensemble(config), "cpu")


def test_the_layers_have_the_weights_that_the_notebook_prints():
    # 308,224 in the dense layer, as its summary says; the discriminator ends on 4096 inputs.
    generator = RUNS[DECK_CODE.pair].unfilled(DECK_CODE)
    assert size(generator.layers[0]) == 308_224 and size(generator) == 640_899
    assert size(Discriminator().layers[-2]) == 4097


def test_the_last_layer_is_linear_in_the_notebook_and_a_sigmoid_on_the_slides():
    code, slides = (RUNS[c.pair].unfilled(c) for c in (DECK_CODE, DECK_SLIDES))
    latent = 100 * torch.randn(4, 300)
    assert code(latent).min() < 0
    assert 0 <= slides(latent).min() and slides(latent).max() <= 1


def test_its_data_come_from_near_the_origin():
    start = from_the_origin(200, 2, 0.1, rng=0)[:, 0]
    assert abs(start.std() - 1) < 0.1 and abs(start.mean()) < 0.1


def test_pixels_of_the_slides_fill_the_range_of_the_sigmoid():
    images = new_run(DECK_SLIDES).data[:, :, :31]  # the last row holds the padding
    assert images.min() == pytest.approx(0, abs=0.2) and images.max() == pytest.approx(1, abs=1e-6)


def test_noise_falls_by_steps_and_ends():
    run = new_run(DECK_CODE)
    levels = [run.noise(share * 20) for share in (0, 0.39, 0.4, 0.6, 0.8, 0.9)]
    np.testing.assert_allclose(levels, [10, 10, 5, 10 / 6, 1, 0])


def test_the_noise_is_the_same_for_the_three_coordinates(monkeypatch):
    run = new_run(DECK_CODE)
    seen = []
    monkeypatch.setattr(run.critic, "forward", lambda x: seen.append(x) or x.mean((1, 2, 3)))
    monkeypatch.setattr(run, "descend", lambda *_: None)
    real = run.draw()
    run.critic_step(real, 0)
    noise = seen[0][: len(real)] - real
    torch.testing.assert_close(noise[:, 0], noise[:, 2], atol=1e-4, rtol=0)
    assert noise.std() == pytest.approx(10, rel=0.02)


def test_the_generator_is_judged_by_running_moments_on_clean_images():
    run = new_run(DECK_CODE)
    real = run.draw()
    norm = next(m for m in run.critic.modules() if isinstance(m, nn.BatchNorm2d))
    before = norm.running_mean.clone()
    run.generator_step(real, 0)
    torch.testing.assert_close(norm.running_mean, before)
    assert norm.training
    run.critic_step(real, 0)
    assert not torch.equal(norm.running_mean, before)


@pytest.mark.parametrize("config", [DECK_CODE, DECK_SLIDES], ids=lambda c: c.name)
def test_both_editions_train_and_draw_in_physical_units(config):
    config = replace(config, n_steps=50, n_series=20, batch_size=4)
    generator, history = train(config, training_ensemble(config), DT, progress=False)
    assert generator.generate(3, 500, rng=0).shape == (3, 500, 3)
    assert np.isfinite(history[-1]["critic_loss"]) and np.isfinite(history[-1]["generator_loss"])
