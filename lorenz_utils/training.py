"""The training loop of an adversarial game and its frozen configuration."""

import io
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import ClassVar

import numpy as np
import torch
from tqdm import tqdm

from lorenz_utils.adversarial import RUNS
from lorenz_utils.checks import check_choice, check_count, check_ensemble, check_positive
from lorenz_utils.files import write_whole
from lorenz_utils.metrics import lorenz_flow

CHECKPOINT_SECONDS = 120
# What `train` is told of Lorenz-63: that (x, y, z) -> (-x, -y, z) maps orbits to orbits, its flow.
LORENZ = {"symmetry": (-1, -1, 1), "flow": lorenz_flow, "burn_in": 10.0}


class CheckpointError(RuntimeError):
    """A file of a run or of weights that is truncated, foreign, or not the one it should be."""


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training run; a trick is off at False, 0 or 1.

    Attributes
    ----------
    pair : str
        Who plays, of `adversarial.RUNS`: "transitions", steps in time on windows of series.
    loss : {"relativistic", "least-squares"}
        Jolicoeur-Martineau (2018); or, as a control without a critic, the square of the distance
        to the window that is continued.
    data, data_seed, n_series, length
        What the book's own models learn from: "attractor", series on it, or "transients", short
        ones that start anywhere around it. `train` takes its ensemble as it is.
    crop : int
        Samples in the windows of series that the critic sees.
    gradient_penalty : float
        Weight of R1 + R2 (Huang et al., R3GAN, 2024).
    average : float
        Decay of the exponential moving average of the generator; 0 keeps the last weights.
    constant_share : float
        Share of the steps at full learning rate, before it falls linearly to 0.
    latent_dim, width : int
        Latents a step, hidden units.
    """

    name: str
    pair: str
    loss: str
    n_steps: int
    seed: int = 0
    data: str = "attractor"
    data_seed: int = 1963
    n_series: int = 1000
    length: int = 1000
    batch_size: int = 64
    crop: int = 128
    rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    gradient_penalty: float = 0.0
    average: float = 0.0
    constant_share: float = 1.0
    latent_dim: int = 3
    width: int = 128

    LOSSES: ClassVar = ("relativistic", "least-squares")

    def __post_init__(self):
        """Refuse names and ranges that no run can mean."""
        check_choice(self.pair, "pair", RUNS)
        check_choice(self.loss, "loss", self.LOSSES)
        check_count(self.n_steps, "n_steps")
        check_count(self.crop, "crop", minimum=2)
        check_positive(self.rate, "rate")


FAITHFUL = TrainingConfig(
    name="faithful-generator",
    pair="transitions",
    loss="relativistic",
    data="transients",
    n_series=40_000,
    length=10,
    n_steps=36_000,
    batch_size=512,
    crop=2,
    rate=1e-3,
    beta2=0.99,
    gradient_penalty=0.02,
    latent_dim=0,
    average=0.995,
    constant_share=0.3,
)


def train(
    config,
    ensemble,
    dt,
    *,
    symmetry=None,
    flow=None,
    burn_in=None,
    reference=None,
    device="auto",
    progress=True,
    checkpoint=None,
):
    """Train an adversarial game on an ensemble of any system; ``**LORENZ`` is for Lorenz-63.

    Parameters
    ----------
    config : TrainingConfig
    ensemble : array_like, shape (n_series, length, d)
    dt : float
        Time between samples.
    symmetry : sequence of d signs, optional
        1 or -1 for each coordinate, where the signs map orbits of the system to orbits: half the
        windows are then mirrored, and coordinates of sign -1 have mean 0.
    flow : callable, optional
        The system's, if it is known, as `metrics.flow_residual` takes it, for the history.
    burn_in : float, optional
        Time that series from steps in time leave out at their start; 100 samples by default.
    reference : array_like, shape (n_series, length, d), optional
        Real series that progress is measured against; the ensemble itself by default.
    device : str
        A torch device; "auto" takes a GPU if there is one.
    progress : bool
        Show a bar with losses and the quality of a few generated series.
    checkpoint : path, optional
        File for the state of the run, written every two minutes. If it is there, the run resumes
        from it and ends as if it had never stopped.

    Returns
    -------
    generator : SeriesGenerator
        Or that of another game, of `adversarial.RUNS`.
    history : list of dict
        Step, seconds, losses, D_stsp and, of a flow, the median residual along the way.

    Raises
    ------
    TypeError, ValueError
        For an ensemble that is not finite, of shape (n_series, length, d), long enough for the
        windows, or with a coordinate that is constant or grows by equal steps; a symmetry that is
        none.
    CheckpointError
        If `checkpoint` is there but belongs to another run or is damaged; the file is left alone.
    """
    ensemble = check_ensemble(ensemble, ordered=True, length=config.crop)
    dt = check_positive(dt, "dt")
    reference = ensemble if reference is None else check_ensemble(reference, "reference")
    d = ensemble.shape[2]
    for name, states in (("ensemble", ensemble), ("reference", reference)):
        steps = np.diff(states, axis=1).std((0, 1))
        if len(steps) != d or (steps <= 1e-9 * states.std((0, 1))).any():
            text = f"{d} coordinates that vary, none by equal steps"
            raise ValueError(f"{name} must hold {text}, got deviations of steps {steps}")
    symmetry = None if symmetry is None else np.asarray(symmetry)
    if symmetry is not None and (symmetry.shape != (d,) or (abs(symmetry) != 1).any()):
        raise ValueError(f"symmetry must hold {d} signs, 1 or -1, got {symmetry}")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        run = RUNS[config.pair](config, ensemble, device, symmetry=symmetry)
        if burn_in is not None and hasattr(run.generator, "BURN_IN"):
            burn_in = round(check_positive(burn_in, "burn_in") / dt)
            run.generator.BURN_IN = run.average.module.BURN_IN = burn_in
        if checkpoint is not None and Path(checkpoint).exists():
            _restore(run, checkpoint)
        saved = time.monotonic()
        steps = range(run.step, config.n_steps)
        bar = tqdm(steps, config.name, config.n_steps, initial=run.step, disable=not progress)
        for _ in bar:
            run.train_step()
            if run.step % run.report_every == 0 or run.step == config.n_steps:
                bar.set_postfix(run.report(reference, dt, flow))
            if checkpoint is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
                _save(run, checkpoint)
                saved = time.monotonic()
    return run.average.module.eval().cpu(), run.history


def _save(run, path):
    content = io.BytesIO()
    torch.save({"config": asdict(run.config), "run": run.state()}, content)
    write_whole(path, content.getvalue())


def _restore(run, path):
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        config, state = stored["config"], stored["run"]
    except (UnpicklingError, RuntimeError, KeyError, TypeError, ValueError, OSError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this module, or damaged") from error
    if config != asdict(run.config):
        raise CheckpointError(f"{path} belongs to a run with another configuration")
    run.resume(state)
