"""Studies of what matters: their variants, the noise they hide, and what they say of failures."""

import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from runs import killed_and_resumed

from experiments import ablation
from experiments.study import read_study
from lorenz_utils.adversarial import RUNS
from lorenz_utils.networks import SeriesGenerator
from lorenz_utils.system import flow_map, make_ensemble
from lorenz_utils.training import FAITHFUL, TrainingConfig, train


def test_each_task_is_one_configuration_with_its_seed():
    for _, todo in (ablation.STUDIES["faithful"], ablation.STUDIES["full"]):
        configs = [TrainingConfig(**fields) for fields in todo.values()]
        assert len(set(configs)) == len(todo) and {c.seed for c in configs} == set(ablation.SEEDS)
        assert all("/" not in name and " " not in name for name in todo)


@pytest.mark.parametrize("name", ["faithful", "full", "noise"])
def test_every_stored_record_belongs_to_its_study_as_it_is_now(name):
    todo = ablation.STUDIES[name][1]
    stored = read_study(ablation.RECORDS / name)
    assert {key: record["task"] for key, record in stored.items()} == todo


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(ablation, "N_SERIES", 4)
    return replace(FAITHFUL, name="short", n_steps=300, batch_size=32, n_series=8)


def test_a_run_returns_metrics_and_the_way_to_them(short):
    result = ablation.train_and_measure(**asdict(short))
    assert result["metrics"]["diversity"] > 0 and len(result["history"]) == 1
    assert result["metrics"] == ablation.train_and_measure(**asdict(short))["metrics"]


@pytest.fixture
def ensemble():
    return make_ensemble(8, 50, 0.1, rng=0)


def test_unrelated_pairs_continue_other_states(short, ensemble):
    fakes = {}
    for pair in ("transitions", "unpaired"):
        torch.manual_seed(0)
        run = RUNS[pair](replace(short, pair=pair), ensemble, "cpu")
        real = run.draw()
        fakes[pair] = run.fake(real)
    assert torch.equal(fakes["transitions"][..., 0], real[..., 0])
    assert torch.equal(fakes["unpaired"][..., 0], real[..., 0].roll(1, 0))
    assert torch.allclose(fakes["transitions"].roll(1, 0), fakes["unpaired"])


def test_own_orbits_go_on_and_come_back(short, ensemble):
    run = RUNS["own orbits"](replace(short, pair="own orbits"), ensemble, "cpu")
    before = run.own
    assert torch.equal(run.fake(run.draw())[..., 0], before)
    run.train_step()
    step = run.generator.step(before, before)
    assert torch.allclose(run.own, step, atol=1e-5)
    run.own = run.own + 100  # gone
    run.train_step()
    assert run.own.abs().max() < ablation.FAR


def test_own_orbits_resume_exactly(short, ensemble, tmp_path, monkeypatch):
    config = replace(short, pair="own orbits", n_steps=6, crop=4)
    whole, _ = train(config, ensemble, 0.1, progress=False)
    path = tmp_path / "run.checkpoint"
    resumed, _ = killed_and_resumed(config, ensemble, 0.1, path, monkeypatch)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_a_generator_that_blows_up_gets_no_number(short, monkeypatch):
    class Explodes:
        def generate(self, *_, **__):
            return np.full((4, 1000, 3), np.inf)

    monkeypatch.setattr(ablation, "train", lambda *_, **__: (Explodes(), []))
    assert ablation.train_and_measure(**asdict(short))["metrics"] is None


def test_learned_kicks_are_read_off_the_generator():
    generator = SeriesGenerator((0, 0, 0), (1, 1, 1), width=8)
    states = np.random.default_rng(0).standard_normal((400, 3))
    for size in (0.0, 0.2):
        generator.step = lambda state, z, size=size: state + size * z
        assert ablation.learned_kicks(generator, states) == pytest.approx(size, rel=0.02)


def test_command_line_names_the_studies():
    command = [sys.executable, "-m", "experiments.ablation"]
    run = subprocess.run([*command, "--help"], capture_output=True, text=True)
    assert run.returncode == 0 and all(name in run.stdout for name in ablation.STUDIES)
    wrong = subprocess.run([*command, "everything"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "got everything" in wrong.stderr


def test_kicks_have_the_stated_size_and_are_not_the_flow():
    series = ablation.kicked_ensemble(0.05, rng=0, n_series=200, length=50)
    kicks = series[:, 1:] - flow_map(series[:, :-1], 0.1)
    size = kicks.std((0, 1)) / series[:, 0].std(0)
    # 9800 independent kicks: the standard error of their standard deviation is 0.7 %.
    np.testing.assert_allclose(size, 0.05, rtol=0.04)
