"""The stored models of the book: trained if absent, refused if damaged, never written over."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from experiments import models
from experiments.models import DT
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import CheckpointError, train

SMALL = replace(models.FAITHFUL, n_steps=6, batch_size=4)


@pytest.fixture(scope="module")
def ensemble():
    return make_ensemble(8, 1000, 0.1, rng=0)


def test_the_faithful_generator_learns_from_transients():
    config = replace(models.FAITHFUL, n_series=5)
    assert models.training_ensemble(config).shape == (5, 10, 3)
    on_attractor = replace(config, data="attractor", length=1000)
    assert models.training_ensemble(on_attractor).shape == (5, 1000, 3)


@pytest.fixture
def tiny_models(monkeypatch, ensemble):
    """A registered configuration that trains in a second, on data that is made once."""
    config = replace(SMALL, name="tiny")
    monkeypatch.setitem(models.CONFIGS, "tiny", config)
    monkeypatch.setattr(models, "training_ensemble", lambda config: ensemble)
    return config


def test_a_stored_model_is_not_written_over_by_another_configuration(tiny_models, tmp_path):
    models.load_or_train("tiny", directory=tmp_path, progress=False)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for change in ({"seed": 7}, {"n_steps": 3}, {"data": "attractor"}):
        with pytest.raises(CheckpointError, match="another configuration: change the name"):
            models.train_and_store(
                replace(tiny_models, **change), directory=tmp_path, progress=False
            )
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    models.train_and_store(
        replace(tiny_models, name="mine", seed=7), directory=tmp_path, progress=False
    )
    assert len(list(tmp_path.iterdir())) == 4


def test_absent_weights_are_trained_saying_so_then_loaded(tiny_models, tmp_path, capsys):
    first, record = models.load_or_train("tiny", directory=tmp_path, progress=False)
    said = capsys.readouterr().err
    assert "tiny.safetensors is absent: training 6 steps" in said and "LORENZ_HOME" in said
    assert record["config"] == asdict(tiny_models)
    assert not list(tmp_path.glob("*.checkpoint"))
    second, _ = models.load_or_train("tiny", directory=tmp_path, progress=False)
    assert capsys.readouterr().err == ""
    a, b = (model.generate(2, 1000, rng=0) for model in (first, second))
    np.testing.assert_array_equal(a, b)


def test_another_configuration_trains_anew(tiny_models, tmp_path, capsys, monkeypatch):
    models.load_or_train("tiny", directory=tmp_path, progress=False)
    monkeypatch.setitem(models.CONFIGS, "tiny", replace(tiny_models, seed=3))
    _, record = models.load_or_train("tiny", directory=tmp_path, progress=False)
    assert "trained with another configuration" in capsys.readouterr().err
    assert record["config"]["seed"] == 3


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def swap(path):
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")


def replace_by_text(path):
    path.write_text("not weights")


@pytest.mark.parametrize("damage", [truncate, swap, replace_by_text])
def test_damaged_weights_are_refused_and_left_alone(damage, tiny_models, tmp_path):
    models.load_or_train("tiny", directory=tmp_path, progress=False)
    path = tmp_path / "tiny.safetensors"
    damage(path)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="sha256 differs"):
        models.load_or_train("tiny", directory=tmp_path)
    assert path.read_bytes() == before


def test_damaged_records_and_checkpoints_are_refused(tiny_models, tmp_path, ensemble):
    models.load_or_train("tiny", directory=tmp_path, progress=False)
    record = tmp_path / "tiny.json"
    whole = record.read_text()
    for text in (whole[:50], "[]", json.dumps({"config": 1})):
        record.write_text(text)
        with pytest.raises(CheckpointError, match="no complete record"):
            models.load_or_train("tiny", directory=tmp_path)
    record.unlink()
    with pytest.raises(CheckpointError, match="no record"):
        models.load_or_train("tiny", directory=tmp_path)
    checkpoint = tmp_path / "run.checkpoint"
    checkpoint.write_bytes(b"half a file")
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        train(SMALL, ensemble, DT, checkpoint=checkpoint, progress=False)
    assert checkpoint.read_bytes() == b"half a file"


def test_a_full_disk_leaves_the_old_weights(tiny_models, tmp_path, monkeypatch):
    models.load_or_train("tiny", directory=tmp_path, progress=False)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lorenz_utils.files.os.replace", fails)
    with pytest.raises(OSError, match="No space left"):
        models.train_and_store(tiny_models, directory=tmp_path, progress=False)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_field_younger_than_a_record_had_its_default(tiny_models, tmp_path, capsys):
    models.load_or_train("tiny", directory=tmp_path, progress=False)
    capsys.readouterr()
    path = tmp_path / "tiny.json"
    record = json.loads(path.read_text())
    del record["config"]["width"]
    path.write_text(json.dumps(record))
    models.load_or_train("tiny", directory=tmp_path, progress=False)
    assert capsys.readouterr().err == ""
    record["config"]["unheard_of"] = 1
    path.write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match=r"no complete record of a run.*unheard_of"):
        models.load_or_train("tiny", directory=tmp_path, progress=False)


def test_unknown_names_list_what_exists():
    with pytest.raises(ValueError, match=r"faithful-generator.*, got 'dcgan'"):
        models.load_or_train("dcgan")


def test_a_record_tells_the_burn_in(ensemble, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "training_ensemble", lambda config: ensemble)
    generator, record = models.train_and_store(SMALL, directory=tmp_path, progress=False)
    assert record["burn_in"] == generator.BURN_IN


@pytest.mark.parametrize("name", models.CONFIGS)
def test_stored_models_load_and_generate(name):
    generator, record = models.load_or_train(name, progress=False)
    assert record["config"] == asdict(models.CONFIGS[name])
    ensemble = generator.generate(3, 1000, rng=0)
    assert ensemble.shape == (3, 1000, 3) and np.isfinite(ensemble).all()
    np.testing.assert_array_equal(ensemble, generator.generate(3, 1000, rng=0))
    assert not generator.training
    assert record.get("burn_in") == getattr(generator, "BURN_IN", None)
