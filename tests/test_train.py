"""The command that trains a model of the book."""

import json
import subprocess
import sys
from dataclasses import replace

from experiments import models, train
from lorenz_utils.system import make_ensemble


def test_command_line_explains_itself():
    command = [sys.executable, "-m", "experiments.train"]
    run = subprocess.run([*command, "--help"], capture_output=True, text=True)
    assert run.returncode == 0 and "faithful-generator" in run.stdout and "deck-code" in run.stdout
    wrong = subprocess.run([*command, "nothing"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "invalid choice: 'nothing'" in wrong.stderr


def test_another_seed_leaves_the_weights_of_the_book_alone(tmp_path, monkeypatch, capsys):
    config = replace(models.FAITHFUL, name="tiny", seed=1, n_steps=6, batch_size=4)
    monkeypatch.setitem(models.CONFIGS, "tiny", config)
    ensemble = make_ensemble(8, 100, 0.1, rng=0)
    monkeypatch.setattr(models, "training_ensemble", lambda config: ensemble)
    where = ["--directory", str(tmp_path), "--device", "cpu"]
    for seed in ([], ["--seed", "1"], ["--seed", "7"]):
        train.main(["tiny", *seed, *where])
    names = ["tiny-seed-7.json", "tiny-seed-7.safetensors", "tiny.json", "tiny.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    own, other = (json.loads((tmp_path / names[i]).read_text()) for i in (2, 0))
    assert (own["config"]["seed"], other["config"]["seed"]) == (1, 7)
    assert other["config"]["name"] == "tiny-seed-7" and own["sha256"] != other["sha256"]
    assert "tiny-seed-7: median flow residual" in capsys.readouterr().out
