"""The convolutional pair of the ablation: its series, what its critic sees, its training."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from experiments.convolutions import ConvolutionalCritic, ConvolutionalGenerator
from lorenz_utils import training
from lorenz_utils.training import FAITHFUL, load_or_train, train_and_store

CONFIG = replace(
    FAITHFUL, n_steps=6, pair="convolutions", crop=128, batch_size=4, penalty_every=2, n_series=8
)


def test_generate_gives_ensembles_and_leaves_the_mode():
    torch.manual_seed(0)
    generator = ConvolutionalGenerator((0, 0, 24), (8, 9, 8.5)).train()
    ensemble = generator.generate(4, 1000, rng=1)
    assert ensemble.shape == (4, 1000, 3) and generator.training
    np.testing.assert_allclose(ensemble[:1], generator.generate(1, 1000, rng=1), atol=1e-4)
    with pytest.raises(ValueError, match="length must be at least 1"):
        generator.generate(1, 0, rng=0)


def test_a_stored_model_is_loaded_as_it_was(tmp_path, monkeypatch):
    config = replace(CONFIG, name="convolutional")
    monkeypatch.setitem(training.CONFIGS, "convolutional", config)
    made, _ = train_and_store(config, directory=tmp_path, progress=False)
    loaded, _ = load_or_train("convolutional", directory=tmp_path)
    np.testing.assert_array_equal(made.generate(1, 50, rng=0), loaded.generate(1, 50, rng=0))


def test_convolutional_generator_is_stationary_and_of_any_length():
    torch.manual_seed(0)
    generator = ConvolutionalGenerator((0, 0, 0), (1, 1, 1)).eval()
    latent = generator.sample_latent(1, 2000, rng=0)
    with torch.no_grad():
        whole = generator(latent)
        later = generator(latent[..., 50:])
    # Away from the dropped margin a shift of the latent is a shift of the series.
    assert torch.allclose(whole[..., 500:1500], later[..., 100:1100], atol=1e-5)
    assert generator.generate(1, 777, rng=0).shape == (1, 777, 3)


def test_convolutional_critic_sees_differences_only_through_their_scale():
    torch.manual_seed(0)
    critic = ConvolutionalCritic(np.ones((2, 3)))
    crops = torch.randn(2, 3, 64)
    assert critic(crops).shape == (2,)
    first = critic.layers[0].weight
    # With the plain channels cut off, a constant offset is invisible.
    with torch.no_grad():
        first[:, :3] = 0
    assert torch.allclose(critic(crops), critic(crops + 5), atol=1e-4)
