"""Which part of an adversarial pair matters: the same run with one thing changed, several seeds.

Run ``python -m experiments.ablation --help``; the records are in ``models/ablation``.
"""

import argparse
import math
from dataclasses import asdict, replace
from itertools import product

import numpy as np
import torch

from experiments.models import DT, MODELS, training_ensemble
from experiments.study import run_study
from lorenz_utils import metrics
from lorenz_utils.adversarial import RUNS, AdversarialRun
from lorenz_utils.lyapunov import map_spectrum
from lorenz_utils.system import flow_map, make_ensemble, sample_attractor
from lorenz_utils.training import FAITHFUL, LORENZ, TrainingConfig, train

RECORDS = MODELS / "ablation"
SEEDS = (0, 1, 2)
N_SERIES = 100  # measured, against as many real ones
SPECTRUM = {"dt": DT, "duration": 300.0, "transient": 20.0}  # of each of twenty orbits

FAR = 6.0  # standard deviations: twice as far as the attractor reaches


class UnpairedRun(AdversarialRun):
    """Fakes continue other real windows than those they are compared with."""

    def fake(self, real):
        """Windows that continue the first states of `real`, each beside another of them."""
        return super().fake(real.roll(1, 0))


class OwnOrbitsRun(AdversarialRun):
    """Fakes continue the generator's own orbits, which move on by a step of it at each step."""

    def __init__(self, config, ensemble, device, *, symmetry=None):
        super().__init__(config, ensemble, device, symmetry=symmetry)
        self.own = torch.randn(config.batch_size, ensemble.shape[2]).to(device)

    def fake(self, real):
        """Windows that continue the own orbits."""
        return super().fake(self.own[..., None].expand_as(real))

    @torch.no_grad()
    def train_step(self):
        """One step of the loop; orbits that leave start afresh."""
        with torch.enable_grad():
            super().train_step()
        own = self.generator.step(self.own, torch.randn_like(self.own))
        inside = own.abs().amax(dim=1, keepdim=True) < FAR
        self.own = torch.where(inside, own, torch.randn_like(own))

    def state(self):
        """All that a run needs in order to go on, its orbits among them."""
        return super().state() | {"own": self.own}

    def resume(self, state):
        """Take over what `state` gave."""
        super().resume(state)
        self.own = state["own"].to(self.device)


RUNS |= {"unpaired": UnpairedRun, "own orbits": OwnOrbitsRun}
FAITHFUL_BUDGET = replace(FAITHFUL, name="faithful", n_steps=4000)
ON_THE_ATTRACTOR = {"data": "attractor", "n_series": 1000, "length": 1000}
FAITHFUL_VARIANTS = {
    "as it is": {},
    "series on the attractor": ON_THE_ATTRACTOR,
    "scores of unrelated pairs compared": {"pair": "unpaired"},
    "own orbits continued": {"pair": "own orbits"},
    "latents in the steps": {"latent_dim": 3},
    "least squares, no critic": {"loss": "least-squares"},
}
# At the full budget, for what only shows there.
FULL_VARIANTS = {"least squares, no critic": {"loss": "least-squares"}}
# On series that noise kicks at every step, with latents in the steps.
NOISE_LEVELS = (0.0, 0.03, 0.1)
NOISE_BUDGET = replace(FAITHFUL, name="noise", n_steps=3000, latent_dim=3, **ON_THE_ATTRACTOR)
NOISE_VARIANTS = {
    "this page's game": {},
    "stiffer penalty, no momentum": {"gradient_penalty": 0.1, "beta1": 0.0},
    "least squares, no critic": {"loss": "least-squares"},
}


def train_and_measure(**fields):
    """Train one configuration on the book's data; its metrics against fresh real series.

    Parameters
    ----------
    **fields
        Of `TrainingConfig`.

    Returns
    -------
    dict
        ``metrics``, None for a generator that blows up, ``spectrum`` of steps in time, the Lyapunov
        exponents of the map, and ``history``: processor seconds, median flow residual and D_stsp.
    """
    config = TrainingConfig(**fields)
    real = make_ensemble(N_SERIES, 1000, DT, rng=2026)
    ensemble, options = training_ensemble(config), LORENZ | {"reference": real, "progress": False}
    generator, history = train(config, ensemble, DT, **options)
    generated = generator.generate(N_SERIES, 1000, rng=1)
    kept = ("seconds", "median_residual", "d_stsp")
    history = [[rounded(row[key]) for key in kept] for row in history]
    if not np.isfinite(generated).all():
        return {"metrics": None, "history": history}
    found = {
        k: rounded(v) for k, v in metrics.measure(real, generated, DT, **metrics.LORENZ).items()
    }
    result = {"metrics": found, "history": history}
    if hasattr(generator, "advance"):
        spectrum = map_spectrum(generator.advance, real[:20, -1], **SPECTRUM)
        result["spectrum"] = [rounded(value) for value in spectrum.value]
    return result


def kicked_ensemble(level, *, rng, n_series=1000, length=1000, dt=0.1):
    """Series that noise kicks at every step: x[t+1] = Phi(x[t]) + level * s * xi[t], xi normal.

    Parameters
    ----------
    level : float
        Size of the kicks in standard deviations s of each coordinate over the starts.
    rng : int or numpy.random.Generator
    n_series, length : int
    dt : float

    Returns
    -------
    ndarray, shape (n_series, length, 3)
    """
    rng = np.random.default_rng(rng)
    series = np.empty((length, n_series, 3))
    series[0] = sample_attractor(n_series, rng=rng)
    # Chaos amplifies the last bit, which differs between machines in sums and in logarithms (behind
    # one normal number in some thousands): both are rounded.
    scale = np.round(level * series[0].std(0), 6)
    for t in range(1, length):
        kick = scale * rng.standard_normal((n_series, 3)).astype(np.float32)
        series[t] = flow_map(series[t - 1], dt, rtol=1e-6) + kick
    return series.transpose(1, 0, 2)


def learn_noise(*, level, **fields):
    """Train on a Lorenz system that noise kicks at every step; the size of the learned kicks.

    Parameters
    ----------
    level : float
        Standard deviation of the kicks, in standard deviations of each coordinate.
    **fields
        Of `TrainingConfig`.
    """
    config = TrainingConfig(**fields)
    ensemble = kicked_ensemble(level, rng=config.data_seed)
    generator, _ = train(config, ensemble, DT, **LORENZ, progress=False)
    return {"kicks": rounded(learned_kicks(generator, ensemble[:, 500]))}


@torch.no_grad()
def learned_kicks(generator, states, *, n_draws=50):
    """Root mean square deviation of the generator's steps from their mean, from states (n, 3).

    In standard deviations of the data, as the level of `learn_noise`.
    """
    start = ((torch.from_numpy(states) - generator.offset) / generator.scale).float()
    fixed = torch.Generator().manual_seed(0)
    latents = torch.randn((n_draws, *start.shape), generator=fixed)
    steps = torch.stack([generator.step(start, z) for z in latents])
    return float(steps.var(dim=0).mean().sqrt())


def rounded(value):
    """Five digits; None for what is not finite, as JSON knows no infinity."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def tasks(budget, variants):
    """A task for each variant and seed: the fields of its configuration."""
    return {
        f"{name}, seed {seed}".replace(" ", "-").replace(",", "").replace("'", ""): asdict(
            replace(budget, name=name, seed=seed, **change)
        )
        for (name, change), seed in product(variants.items(), SEEDS)
    }


STUDIES = {
    "faithful": (train_and_measure, tasks(FAITHFUL_BUDGET, FAITHFUL_VARIANTS)),
    "full": (train_and_measure, tasks(FAITHFUL, FULL_VARIANTS)),
    "noise": (
        learn_noise,
        {
            f"kicks-{level:g}-{task}": fields | {"level": level}
            for level in NOISE_LEVELS
            for task, fields in tasks(NOISE_BUDGET, NOISE_VARIANTS).items()
        },
    ),
}


def main(arguments=None):
    """Command line: compute what is missing of one study or of all."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.ablation",
        description="Train every variant of a study that has no record yet. Interrupt it at any "
        "time: finished runs are kept, and the same command goes on.",
    )
    parser.add_argument("study", nargs="*", help=f"of {', '.join(STUDIES)}; all if none is named")
    parser.add_argument("--jobs", type=int, default=-1, help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    if unknown := set(options.study) - set(STUDIES):
        parser.error(f"study must be of {', '.join(STUDIES)}, got {', '.join(sorted(unknown))}")
    for name in options.study or STUDIES:
        function, todo = STUDIES[name]
        run_study(RECORDS / name, function, todo, n_jobs=options.jobs)


if __name__ == "__main__":
    from experiments import ablation  # so that workers import the tasks by name

    ablation.main()
