"""The loop, its tricks and its files: exact resume, bad files, identity of tricks that are off."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from runs import killed_and_resumed

from experiments.models import DT
from lorenz_utils import training
from lorenz_utils.adversarial import RUNS, AdversarialRun, penalised_scores
from lorenz_utils.checks import ModelWarning
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import FAITHFUL, LORENZ, CheckpointError, train

SHORT = {
    "transitions": replace(FAITHFUL, n_steps=6, batch_size=4),
    "least squares": replace(FAITHFUL, n_steps=6, batch_size=4, loss="least-squares"),
}


@pytest.fixture(scope="module")
def ensemble():
    return make_ensemble(8, 1000, 0.1, rng=0)


def new_run(config, ensemble=None, **options):
    ensemble = make_ensemble(8, 100, DT, rng=0) if ensemble is None else ensemble
    return RUNS[config.pair](config, ensemble, "cpu", **options)


@pytest.mark.parametrize("pair", SHORT)
def test_training_is_deterministic_and_resumes_exactly(pair, ensemble, tmp_path, monkeypatch):
    config = SHORT[pair]
    whole, _ = train(config, ensemble, DT, progress=False)
    again, _ = train(config, ensemble, DT, progress=False)
    path = tmp_path / "run.checkpoint"
    resumed, history = killed_and_resumed(config, ensemble, DT, path, monkeypatch)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key
        assert torch.equal(value, resumed.state_dict()[key]), key
    assert history[-1]["step"] == config.n_steps
    other, _ = train(replace(config, seed=1), ensemble, DT, progress=False)
    assert any(not torch.equal(v, other.state_dict()[k]) for k, v in whole.state_dict().items())


def test_training_leaves_the_global_random_state_alone(ensemble):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(SHORT["transitions"], ensemble, DT, progress=False)
    assert torch.equal(torch.rand(3), expected)


def test_a_relativistic_critic_sees_differences_only():
    run = new_run(SHORT["transitions"])
    on_real, on_fake = torch.randn(5), torch.randn(5)
    loss = run.critic_loss(on_real, on_fake).item()
    assert run.critic_loss(on_real + 3, on_fake + 3).item() == pytest.approx(loss, rel=1e-5)
    # Where it cannot tell the two apart, both sides pay log 2.
    real = run.draw()
    assert run.critic_loss(on_real, on_real).item() == pytest.approx(np.log(2), rel=1e-6)
    assert run.generator_loss(real, real).item() == pytest.approx(np.log(2), rel=1e-6)


def test_gradient_penalty_of_a_linear_critic_is_its_squared_norm():
    weight = torch.tensor([1.0, -2.0, 2.0])
    real, fake = torch.randn(11, 3), torch.randn(11, 3)
    on_real, on_fake, penalty = penalised_scores(lambda x: x @ weight, real, fake)
    # 9 on the real batch and 9 on the generated one.
    assert penalty.item() == pytest.approx(18.0, rel=1e-6)
    assert torch.equal(on_real, real @ weight)
    assert torch.equal(on_fake, fake @ weight)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pair": "sound"}, "pair must be one of"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"loss": "nonsaturating"}, "loss must be one of"),
        ({"crop": 1}, "crop must be at least 2, got 1"),
        ({"n_steps": 0}, "n_steps must be at least 1, got 0"),
        ({"rate": -1.0}, "rate must be positive"),
    ],
)
def test_configurations_refuse_what_no_run_can_mean(change, message):
    with pytest.raises(ValueError, match=message):
        replace(FAITHFUL, **change)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.zeros((5, 3)), ValueError, r"ensemble must have shape \(n_series, length, d\)"),
        (np.full((2, 100, 3), np.nan), ValueError, "ensemble must be finite"),
        (np.array([["a"] * 3]), TypeError, "ensemble must hold real numbers"),
    ],
)
def test_bad_ensembles_are_named(bad, error, message):
    with pytest.raises(error, match=message):
        train(SHORT["transitions"], bad, DT)


TIME = np.arange(100.0)[:, None]
SERIES = make_ensemble(8, 100, DT, rng=0)
SMALL = SHORT["transitions"]


@pytest.mark.parametrize(
    ("bad", "options", "message"),
    [
        (SERIES * [1, 1, 0], {}, "ensemble must hold 3 coordinates that vary"),
        (SERIES * [1, 1, 0] + 0.1, {}, "ensemble must hold 3 coordinates that vary"),
        (np.zeros((8, 100, 3)), {}, "ensemble must hold 3 coordinates that vary"),
        # A coordinate that tells series apart or the time: its steps do not vary.
        (SERIES[..., :3] * [1, 1, 0] + np.arange(24).reshape(8, 1, 3), {}, "that vary"),
        (SERIES * [1, 1, 0] + 0.1 * TIME * [0, 0, 1], {}, "none by equal steps"),
        (
            SERIES[:, :1],
            {},
            "ensemble must have shape .* length >= [24], got",
        ),
        (np.where(SERIES > 40, np.nan, SERIES), {}, "ensemble must be finite"),
        (SERIES[0], {}, "ensemble must have shape"),
        (SERIES, {"reference": SERIES[..., :2]}, "reference must hold 3 coordinates"),
        (SERIES, {"reference": np.ones((8, 100, 3))}, "reference must hold 3 coordinates"),
        (SERIES, {"reference": SERIES[0]}, "reference must have shape"),
        (SERIES, {"symmetry": (-1, 1)}, "symmetry must hold 3 signs"),
        (SERIES, {"symmetry": (-1, 0, 1)}, "symmetry must hold 3 signs"),
        (SERIES, {"dt": 0}, "dt must be positive"),
    ],
)
def test_what_cannot_be_learned_is_refused_before_the_first_step(
    bad, options, message, monkeypatch
):
    monkeypatch.setattr(AdversarialRun, "train_step", lambda self: pytest.fail("a step"))
    with pytest.raises(ValueError, match=message):
        train(SMALL, bad, **{"dt": DT, "progress": False, **options})


def test_axes_in_another_order_are_heard_before_training():
    many = make_ensemble(50, 100, DT, rng=0).transpose(1, 0, 2)
    with pytest.warns(ModelWarning, match="transpose?") as heard:
        train(SMALL, many, DT, progress=False)
    assert heard[0].filename == __file__


def drawn(ensemble, **options):
    config = replace(SMALL, batch_size=200)
    run = new_run(config, ensemble, **options)
    torch.manual_seed(0)
    windows = run.draw().numpy().transpose(0, 2, 1)
    return windows * run.generator.scale.numpy() + run.generator.offset.numpy(), run.generator


def test_without_a_symmetry_all_windows_are_those_of_the_data():
    # Off the centre, as Roessler's system is: nothing about the data is symmetric.
    ensemble = SERIES[:, :30] + [5.0, -3.0, 0.0]
    windows, generator = drawn(ensemble)
    pairs = np.concatenate([ensemble[:, :-1], ensemble[:, 1:]], -1).reshape(-1, 6)
    distances = [abs(pairs - window.ravel()).max(1).min() for window in windows]
    assert max(distances) < 1e-4
    np.testing.assert_allclose(generator.offset.numpy(), ensemble.mean((0, 1)))


def test_a_symmetry_mirrors_half_of_the_windows():
    signs = np.array(LORENZ["symmetry"])
    windows, generator = drawn(SERIES, symmetry=signs)
    pairs = np.concatenate([SERIES[:, :-1], SERIES[:, 1:]], -1).reshape(-1, 6)
    own, mirrored = (
        np.array([abs(pairs - (w * s).ravel()).max(1).min() < 1e-4 for w in windows])
        for s in (np.ones(3), signs)
    )
    assert (own != mirrored).all()
    assert abs(mirrored.mean() - 0.5) < 5 * np.sqrt(0.25 / len(windows))  # binomial
    assert (generator.offset.numpy()[:2] == 0).all() and generator.offset[2] != 0


@pytest.mark.parametrize("d", [1, 2, 5])
def test_steps_in_time_have_any_dimension(d):
    ensemble = np.random.default_rng(0).normal(size=(8, 50, d)).cumsum(1).astype(np.float32)
    config = replace(SMALL, latent_dim=3, crop=3)
    generator, history = train(config, ensemble, 0.02, burn_in=1.0, progress=False)
    assert generator.generate(4, 20, rng=0).shape == (4, 20, d)
    assert generator.advance(ensemble[0].astype(float)).shape == (50, d)
    assert "d_stsp" in history[-1] and "median_residual" not in history[-1]


def test_the_burn_in_is_a_time():
    generator, _ = train(SMALL, SERIES, 0.02, burn_in=3.0, progress=False)
    assert generator.BURN_IN == 150
    long = generator.series_from(generator.sample_latent(2, 10, rng=0))
    np.testing.assert_array_equal(long, generator.generate(2, 10, rng=0))
    assert generator.sample_latent(2, 10, rng=0).shape == (2, 3, 160) and long.shape == (2, 10, 3)
    # Ten time units of Lorenz-63, as the stored models have.
    assert train(SMALL, SERIES, DT, **LORENZ, progress=False)[0].BURN_IN == 100
    assert train(SMALL, SERIES, 0.02, **LORENZ, progress=False)[0].BURN_IN == 500


def test_the_reported_residual_is_over_the_steps_of_the_data():
    steps = []

    def flow(states, dt):
        steps.append(dt)
        return states

    _, history = train(SMALL, SERIES, 0.02, flow=flow, progress=False)
    assert set(steps) == {0.02} and "median_residual" in history[-1]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def replace_by_text(path):
    path.write_text("not weights")


@pytest.mark.parametrize("damage", [truncate, replace_by_text])
def test_damaged_and_foreign_checkpoints_are_refused_and_left_alone(damage, tmp_path, ensemble):
    config, path = SHORT["transitions"], tmp_path / "run.checkpoint"
    training._save(new_run(config, ensemble), path)
    with pytest.raises(CheckpointError, match="belongs to a run with another configuration"):
        train(replace(config, seed=3), ensemble, DT, checkpoint=path, progress=False)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        train(config, ensemble, DT, checkpoint=path, progress=False)
    assert path.read_bytes() == before
