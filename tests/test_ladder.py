"""The image approach at its best: the folds, the rungs and their records."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from experiments import ladder
from experiments.image_networks import Denoiser, ResidualCritic, ResidualGenerator
from experiments.images import Scaling
from experiments.study import read_study
from lorenz_utils.metrics import flow_residual
from lorenz_utils.system import make_ensemble


@pytest.mark.parametrize("fold", [ladder.Rows(), ladder.Delays()], ids=lambda f: type(f).__name__)
def test_unfolding_undoes_folding(fold):
    windows = make_ensemble(3, fold.length, 0.1, rng=0)
    scaling = Scaling.fit(windows)
    images = fold.fold(windows, scaling)
    assert images.shape == (3, 3, 32, 32)
    np.testing.assert_allclose(fold.unfold(images, scaling), windows, atol=1e-10)


def test_unfolding_averages_what_the_rows_say():
    fold, images = ladder.Delays(), np.zeros((1, 3, 32, 32))
    images[0, :, 0] = 1.0  # the first row claims 32 samples, others share all but its first four
    series = fold.unfold(images, Scaling((0, 0, 0), (1, 1, 1)))[0, :, 0]
    np.testing.assert_allclose(series[[0, 4, 28, 32]], [1, 1 / 2, 1 / 8, 0])


def test_windows_are_pieces_of_orbits_and_half_of_them_mirrored():
    series = np.abs(make_ensemble(2, 300, 0.1, rng=0))
    torch.manual_seed(0)
    windows = ladder.random_windows(series, 10, 50)
    assert (windows[:5, :, :2] <= 0).all() and (windows[5:] >= 0).all()
    real = make_ensemble(2, 300, 0.1, rng=0)
    assert np.median(flow_residual(real, ladder.random_windows(real, 10, 50), 0.1)) < 1e-5


def test_each_rung_changes_something_and_keeps_the_rest():
    configs = list(ladder.rungs().values())
    for number, (name, change) in enumerate(list(ladder.STEPS.items())[1:], start=1):
        below, here = asdict(configs[number - 1]), asdict(configs[number])
        differ = {key for key in here if here[key] != below[key]} - {"name"}
        assert differ == set(change), name


def test_residual_networks_keep_the_shapes_of_images():
    images = ResidualGenerator()(torch.randn(2, 100))
    assert images.shape == (2, 3, 32, 32) and ResidualCritic()(images).shape == (2,)
    assert Denoiser()(images, torch.rand(2)).shape == images.shape


def test_transport_follows_a_velocity():
    images = torch.randn(2, 3, 32, 32)
    after = ladder.transport(lambda x, time: time[:, None, None, None] * torch.ones_like(x), images)
    torch.testing.assert_close(after, images + 0.5)  # the integral of t, exact for Heun


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(ladder, "N_SAMPLES", 4000)


@pytest.mark.parametrize("pair", ["crops", "delays", "residual"])
def test_a_rung_is_assessed_beside_real_series_of_its_shape(small, pair):
    config = replace(ladder.BUDGET, pair=pair, n_steps=4, n_series=4, length=1200, batch_size=4)
    result = ladder.climb(**asdict(config))
    assert result["length"] == (1024 if pair == "crops" else 156)
    assert result["floor"]["flow residual, median"] < 1e-5
    assert result["floor"]["D_stsp"] < result["quality"]["D_stsp"] / 3  # hardly trained
    assert result == ladder.climb(**asdict(config)) | {"history": result["history"]}


def test_the_diffusion_model_is_assessed_likewise(small):
    fields = ladder.DIFFUSION | {"n_steps": 4, "n_series": 4, "batch_size": 4, "seed": 0}
    result = ladder.diffuse(**fields)
    assert result["floor"]["D_stsp"] < result["quality"]["D_stsp"] / 3  # hardly trained
    assert result["length"] == 156 and result["floor"]["flow residual, median"] < 1e-5


def test_every_stored_record_is_a_rung_as_it_is_now():
    todo = {name: task for _, tasks in ladder.tasks() for name, task in tasks.items()}
    stored = read_study(ladder.RECORDS / "ladder")
    assert {key: record["task"] for key, record in stored.items()} == todo


def test_the_records_say_what_the_page_says_of_them():
    stored = read_study(ladder.RECORDS / "ladder").values()
    columns = [record["result"]["quality"] for record in stored]
    tricks, average, penalties, rate, crops, delays, _, diffusion = columns

    def better_in_every_column(after, before):
        # More diversity, and less of all the others.
        signs = {key: -1 if key == "diversity" else 1 for key in before}
        return all(sign * after[key] < sign * before[key] for key, sign in signs.items())

    for rung in (average, penalties):
        assert rung["flow residual, median"] < tricks["flow residual, median"]
        assert rung["D_stsp"] > max(c["D_stsp"] for c in columns if c not in (average, penalties))
    assert rate["diversity"] > 2 * penalties["diversity"]
    steps = [(average, tricks), (penalties, average), (rate, penalties), (crops, rate)]
    assert not any(better_in_every_column(*step) for step in steps)
    assert better_in_every_column(delays, crops) and better_in_every_column(diffusion, delays)
