"""The image approach: networks on folded series, the deck's tricks, exact resume."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from runs import killed_and_resumed

from experiments.dcgan import (
    DECK,
    DCGANDiscriminator,
    DCGANGenerator,
    ImageConfig,
    ImageRun,
    labels,
)
from experiments.images import Scaling
from experiments.models import DT
from lorenz_utils.adversarial import AdversarialRun
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import train

SCALING = Scaling((0.0, 1.0, 25.0), (20.0, 30.0, 25.0))
SHORT = replace(DECK, n_steps=6, batch_size=4, n_series=8)
PENALISED = replace(
    SHORT, loss="relativistic", gradient_penalty=0.5, penalty_end=0.1, penalty_every=2
)


@pytest.fixture(scope="module")
def ensemble():
    return make_ensemble(8, 1000, 0.1, rng=0)


@pytest.fixture
def run(ensemble):
    """The pair without any trick."""
    return ImageRun(ImageConfig("plain", "images", "nonsaturating", 10), ensemble, "cpu")


def test_generate_gives_ensembles_and_leaves_the_mode():
    torch.manual_seed(0)
    generator = DCGANGenerator(SCALING).train()
    ensemble = generator.generate(4, 1000, rng=1)
    assert ensemble.shape == (4, 1000, 3) and ensemble.dtype == np.float64
    assert generator.training
    # Evaluated with running moments: a series does not depend on its companions.
    np.testing.assert_allclose(ensemble[:1], generator.generate(1, 1000, rng=1), atol=1e-4)
    assert np.abs(ensemble - generator.generate(4, 1000, rng=2)).max() > 0
    with pytest.raises(ValueError, match="n_series must be at least 1"):
        generator.generate(0, 1000, rng=0)


@pytest.mark.parametrize("config", [SHORT, PENALISED], ids=["tricks", "penalised"])
def test_training_is_deterministic_and_resumes_exactly(config, ensemble, tmp_path, monkeypatch):
    whole, history = train(config, ensemble, DT, progress=False)
    path = tmp_path / "run.checkpoint"
    resumed, _ = killed_and_resumed(config, ensemble, DT, path, monkeypatch)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key
    assert np.isfinite([history[-1]["critic_loss"], history[-1]["generator_loss"]]).all()


def test_images_have_three_coordinates(ensemble):
    with pytest.raises(
        ValueError, match=r"must have shape \(n_series, length, 3\), got \(8, 1000, 2"
    ):
        train(SHORT, ensemble[..., :2], DT, progress=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "least-squares"}, "loss must be one of"),
        ({"gradient_penalty": 1.0}, "penalty_end must lie in"),
    ],
)
def test_configurations_refuse_what_no_run_can_mean(change, message):
    with pytest.raises(ValueError, match=message):
        replace(DECK, **change)


def test_the_penalty_falls_geometrically_and_is_lazy(ensemble):
    run = ImageRun(PENALISED, ensemble, "cpu")
    weights = [run.penalty_weight(step) for step in (0, 1, 3, 6)]
    np.testing.assert_allclose(weights, [2 * 0.5, 0, 0, 2 * 0.1])


def test_the_critic_learns_at_every_second_step_and_faster(ensemble, monkeypatch):
    run, steps = ImageRun(SHORT, ensemble, "cpu"), []
    monkeypatch.setattr(AdversarialRun, "critic_step", lambda self, real, step: steps.append(step))
    for _ in range(4):
        run.train_step()
    assert steps == [0, 2]
    rates = {name: group.param_groups[0]["lr"] for name, group in run.optimisers.items()}
    assert rates["critic"] == pytest.approx(4 * rates["generator"])


def test_tricks_that_are_off_are_the_identity(run):
    scores = torch.randn(7)
    assert torch.equal(labels(run.config, scores, real=True), torch.ones(7))
    assert torch.equal(labels(run.config, scores, real=False), torch.zeros(7))
    assert run.seen(scores, 3) is scores and run.penalty_weight(0) == 0


def test_labels_are_smoothed_into_the_decks_ranges_and_flipped_at_its_rate():
    scores = torch.zeros(100_000)
    smooth = replace(DECK, label_flip=0.0)
    real, fake = labels(smooth, scores, real=True), labels(smooth, scores, real=False)
    assert 0.9 <= real.min() and real.max() <= 1 and abs(real.mean() - 0.95) < 1e-3
    assert 0 <= fake.min() and fake.max() <= 0.1 and abs(fake.mean() - 0.05) < 1e-3
    flipped = labels(DECK, scores, real=True) < 0.5
    # Binomial: five standard deviations of 100000 draws at the configured probability.
    margin = 5 * np.sqrt(DECK.label_flip * (1 - DECK.label_flip) / len(scores))
    assert abs(flipped.float().mean() - DECK.label_flip) < margin


def test_instance_noise_falls_linearly_to_zero(run):
    zeros = torch.zeros(200_000)
    run.config = replace(DECK, n_steps=100, instance_noise=0.2)
    for step, expected in ((0, 0.2), (50, 0.1), (100, 0.0)):
        assert abs(run.seen(zeros, step).std() - expected) < 2e-3


def test_losses_at_an_undecided_critic_are_their_textbook_values(run, monkeypatch):
    # Goodfellow et al. (2014), section 4: at D = 1/2 the critic's loss is log 4.
    zeros = torch.zeros(5)
    assert run.critic_loss(zeros, zeros).item() == pytest.approx(np.log(4), rel=1e-6)
    monkeypatch.setattr(run.critic, "forward", lambda images: 0 * images.mean((1, 2, 3)))
    real = run.draw()
    assert run.generator_loss(real, real).item() == pytest.approx(np.log(2), rel=1e-6)


def test_images_hold_no_more_than_1024_samples():
    with pytest.raises(ValueError, match="length must be at most 1024"):
        DCGANGenerator(SCALING).generate(1, 1025, rng=0)


def test_dcgan_output_is_in_the_range_of_its_scaling():
    series = DCGANGenerator(SCALING).generate(2, 1000, rng=0)
    assert (np.abs(SCALING.to_unit(series)) <= 1).all()


def test_discriminator_cannot_see_the_padding():
    torch.manual_seed(0)
    critic = DCGANDiscriminator().eval()
    images = torch.randn(2, 3, 32, 32)
    changed = images.clone()
    changed[:, :, 31, 8:] = 7.0  # samples 1000 ... 1023
    assert torch.equal(critic(images), critic(changed))
    changed[:, :, 31, 7] += 1.0  # sample 999 is data
    assert not torch.equal(critic(images), critic(changed))


def test_spectral_norm_bounds_every_layer():
    torch.manual_seed(0)
    critic = DCGANDiscriminator(width=8).train()
    for _ in range(100):  # one power iteration a forward pass
        critic(torch.randn(1, 3, 32, 32))
    for layer in critic.layers:
        if isinstance(layer, torch.nn.Conv2d):
            matrix = layer.weight.detach().flatten(1)
            assert torch.linalg.matrix_norm(matrix, 2).item() == pytest.approx(1, abs=1e-2)
