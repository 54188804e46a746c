"""A training run that is killed and goes on, for the tests of every game."""

import pytest

from lorenz_utils import training
from lorenz_utils.adversarial import AdversarialRun


def killed_and_resumed(config, ensemble, dt, path, monkeypatch):
    """What `training.train` returns after a kill in its fifth step, saved after each step."""
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    step = AdversarialRun.generator_step

    def killed(self, real, number):
        if number == 4:
            raise KeyboardInterrupt
        step(self, real, number)

    options = {"progress": False, "checkpoint": path}
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(AdversarialRun, "generator_step", killed)
        training.train(config, ensemble, dt, **options)
    assert path.exists()
    return training.train(config, ensemble, dt, **options)
