"""One training loop for both adversarial pairs, its frozen configuration, and stored models.

Run ``python -m lorenz_utils.training --help`` to train from a shell.
"""

import argparse
import hashlib
import json
import math
import os
import platform
import sys
import tempfile
import time
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, safe_open, save_file
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from tqdm.auto import tqdm

from lorenz_utils.images import Scaling, series_to_images
from lorenz_utils.metrics import flow_residual
from lorenz_utils.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    SeriesCritic,
    SeriesGenerator,
)
from lorenz_utils.system import check_states, make_ensemble

MODELS = Path(__file__).resolve().parents[1] / "models"
DT = 0.1
CHECKPOINT_SECONDS = 120


class CheckpointError(RuntimeError):
    """A file of weights that is truncated, foreign, or not the one its record describes."""


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training run; a trick is off at False, 0 or 1.

    Attributes
    ----------
    pair : {"images", "series"}
        The deck's DCGAN on folded series, or convolutions in time on crops.
    loss : {"nonsaturating", "relativistic"}
        Goodfellow et al. (2014), or Jolicoeur-Martineau (2018).
    critic_rate_ratio : float
        Critic's learning rate over the generator's (two time-scale update rule, Heusel 2017).
    critic_every : int
        The critic learns at every n-th step only.
    label_smoothing : float
        Width of the ranges [1 - width, 1] and [0, width] that the labels are drawn from.
    label_flip : float
        Probability that a label is inverted.
    instance_noise : float
        Standard deviation of the noise on the critic's inputs at the start; falls to 0 linearly.
    batch_norm, spectral_norm, dropout
        Of the deck's pair: generator's normalisation, critic's normalisation, critic's dropout.
    gradient_penalty, penalty_end : float
        Weight of R1 + R2 (Huang et al., R3GAN, 2024) at the start and, geometrically, at the end.
    penalty_every : int
        Lazy regularisation: every n-th critic step, n times as strong.
    average : float
        Decay of the exponential moving average of the generator; 0 keeps the last weights.
    constant_share : float
        Share of the steps at full learning rate, before it falls linearly to 0.
    """

    name: str
    pair: str
    loss: str
    n_steps: int
    seed: int = 0
    data_seed: int = 1963
    n_series: int = 1000
    batch_size: int = 64
    crop: int = 128
    rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    critic_rate_ratio: float = 1.0
    critic_every: int = 1
    label_smoothing: float = 0.0
    label_flip: float = 0.0
    instance_noise: float = 0.0
    batch_norm: bool = True
    spectral_norm: bool = False
    dropout: float = 0.0
    gradient_penalty: float = 0.0
    penalty_end: float = 0.0
    penalty_every: int = 1
    average: float = 0.0
    constant_share: float = 1.0


DECK = TrainingConfig(
    name="deck-dcgan",
    pair="images",
    loss="nonsaturating",
    n_steps=8000,
    critic_rate_ratio=4.0,
    critic_every=2,
    label_smoothing=0.1,
    label_flip=0.05,
    instance_noise=0.1,
    spectral_norm=True,
    dropout=0.25,
)
FAITHFUL = TrainingConfig(
    name="faithful-generator",
    pair="series",
    loss="relativistic",
    n_steps=12000,
    batch_size=32,
    rate=1e-3,
    beta1=0.0,
    beta2=0.99,
    gradient_penalty=0.5,
    penalty_end=0.05,
    penalty_every=4,
    average=0.999,
    constant_share=0.5,
)
CONFIGS = {config.name: config for config in (DECK, FAITHFUL)}


def train(config, ensemble, *, device="auto", progress=True, checkpoint=None):
    """Train an adversarial pair on an ensemble.

    Parameters
    ----------
    config : TrainingConfig
    ensemble : array_like, shape (n_series, length, 3)
    device : str
        A torch device; "auto" takes a GPU if there is one.
    progress : bool
        Show a bar with losses and the median flow residual of a few generated series.
    checkpoint : path, optional
        File for the state of the run, written every two minutes. If it is there, the run resumes
        from it and ends as if it had never stopped.

    Returns
    -------
    generator : DCGANGenerator or SeriesGenerator
    history : list of dict
        Step, seconds, losses and median flow residual along the way.

    Raises
    ------
    TypeError, ValueError
        For an ensemble that is not finite, of shape (n_series, length, 3).
    CheckpointError
        If `checkpoint` is there but belongs to another run or is damaged; the file is left alone.
    """
    ensemble = check_states(ensemble, "ensemble", ndim=3)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        run = _Run(config, ensemble, device)
        if checkpoint is not None and Path(checkpoint).exists():
            run.restore(checkpoint)
        saved = time.monotonic()
        steps = range(run.step, config.n_steps)
        bar = tqdm(steps, config.name, config.n_steps, initial=run.step, disable=not progress)
        for step in bar:
            run.set_rates(step)
            real = run.draw_batch()
            if step % config.critic_every == 0:
                run.critic_step(real, step)
            run.generator_step(real, step)
            run.average(step)
            run.step = step + 1
            if run.step % run.report_every == 0 or run.step == config.n_steps:
                bar.set_postfix(run.report(ensemble))
            if checkpoint is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
                run.save(checkpoint)
                saved = time.monotonic()
    return run.averaged.eval().cpu(), run.history


def load_or_train(name, *, directory=MODELS, progress=True):
    """The stored model of that name, trained first if there is none for its configuration.

    Parameters
    ----------
    name : {"deck-dcgan", "faithful-generator"}
    directory : path
    progress : bool

    Returns
    -------
    generator : DCGANGenerator or SeriesGenerator
    record : dict
        The JSON record beside the weights: configuration, versions, wall time, history, sha256.

    Raises
    ------
    ValueError
        If no configuration has that name.
    CheckpointError
        If the weights are damaged or not those of their record; the files are left alone.
    """
    config = find_config(name)
    weights, record_path = _paths(name, directory)
    if weights.exists() and not record_path.exists():
        raise CheckpointError(f"{weights} has no record {record_path.name} to check it by")
    if weights.exists():
        record = _read_record(record_path)
        if record["config"] == asdict(config):
            return _load(config, record, weights), record
        reason = f"{weights.name} was trained with another configuration"
    else:
        reason = f"{weights.name} is absent"
    print(f"{reason}: training {config.n_steps} steps now", file=sys.stderr)
    return train_and_store(config, directory=directory, progress=progress)


def train_and_store(config, *, directory=MODELS, device="auto", progress=True):
    """Train on the book's data set and store weights and record; see `load_or_train`."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    weights, record_path = _paths(config.name, directory)
    checkpoint = directory / f"{config.name}.checkpoint"
    ensemble = training_ensemble(config)
    generator, history = train(
        config, ensemble, device=device, progress=progress, checkpoint=checkpoint
    )
    state = {key: value.contiguous() for key, value in generator.state_dict().items()}
    _write(weights, lambda path: save_file(state, path))
    record = {
        "config": asdict(config),
        "sha256": _sha256(weights),
        "parameters": sum(p.numel() for p in generator.parameters()),
        "seconds": history[-1]["seconds"],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy")},
        },
        "history": history,
    }
    _write(record_path, lambda path: Path(path).write_text(json.dumps(record, indent=1)))
    checkpoint.unlink(missing_ok=True)
    return generator, record


def training_ensemble(config):
    """The data a configuration is trained on, (n_series, 1000, 3) at dt = 0.1."""
    return make_ensemble(config.n_series, 1000, DT, rng=config.data_seed)


def find_config(name):
    """The configuration of that name, or a ValueError that lists what exists."""
    if name not in CONFIGS:
        raise ValueError(f"name must be one of {', '.join(CONFIGS)}, got {name!r}")
    return CONFIGS[name]


# --- the deck's tricks and the losses, each the identity when it is off -------------------------


def labels(config, scores, *, real):
    """Targets for the critic: 1 or 0, smoothed and sometimes flipped, in the shape of `scores`."""
    target = torch.ones_like(scores) if real else torch.zeros_like(scores)
    if config.label_smoothing:
        inward = config.label_smoothing * torch.rand_like(scores)
        target = target - inward if real else target + inward
    if config.label_flip:
        flipped = torch.rand_like(scores) < config.label_flip
        target = torch.where(flipped, 1 - target, target)
    return target


def add_instance_noise(config, inputs, step):
    """Gaussian noise whose standard deviation falls linearly to 0 over the run."""
    if not config.instance_noise:
        return inputs
    level = config.instance_noise * (1 - step / config.n_steps)
    return inputs + level * torch.randn_like(inputs)


def critic_loss(config, on_real, on_fake):
    """The critic's loss from its scores."""
    if config.loss == "relativistic":
        return softplus(on_fake - on_real).mean()
    return binary_cross_entropy_with_logits(
        on_real, labels(config, on_real, real=True)
    ) + binary_cross_entropy_with_logits(on_fake, labels(config, on_fake, real=False))


def generator_loss(config, on_real, on_fake):
    """The generator's loss from the critic's scores."""
    if config.loss == "relativistic":
        return softplus(on_real - on_fake).mean()
    return softplus(-on_fake).mean()


def gradient_penalty(critic, inputs):
    """Mean squared norm of the critic's gradient at `inputs`, differentiable (R1 or R2)."""
    inputs = inputs.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(inputs).sum(), inputs, create_graph=True)
    return slope.square().flatten(1).sum(1).mean()


class _Run:
    """State of one run: networks, optimisers, average, history."""

    def __init__(self, config, ensemble, device):
        self.config, self.device = config, device
        self.step, self.history = 0, []
        self.started, self.seconds_before = time.monotonic(), 0.0
        self.losses = {"critic_loss": math.nan, "generator_loss": math.nan}
        self.report_every = max(100, config.n_steps // 100)
        build = _build_images if config.pair == "images" else _build_series
        generator, critic, data = build(config, ensemble)
        self.data = torch.as_tensor(data, dtype=torch.float32, device=device)
        self.generator, self.critic = generator.to(device), critic.to(device)
        self.averaged = deepcopy(self.generator).requires_grad_(False) if config.average else None
        betas = (config.beta1, config.beta2)
        self.optimisers = {
            "generator": torch.optim.Adam(generator.parameters(), config.rate, betas),
            "critic": torch.optim.Adam(
                critic.parameters(), config.rate * config.critic_rate_ratio, betas
            ),
        }
        self.full_rates = {n: o.param_groups[0]["lr"] for n, o in self.optimisers.items()}
        if self.averaged is None:
            self.averaged = self.generator

    def set_rates(self, step):
        """Full rate for the constant share of the steps, then linearly down."""
        left = 1 - step / self.config.n_steps
        factor = min(1.0, left / max(1e-9, 1 - self.config.constant_share))
        for name, optimiser in self.optimisers.items():
            optimiser.param_groups[0]["lr"] = factor * self.full_rates[name]

    def draw_batch(self):
        """Whole images, or crops at random times, half of them mirrored by the symmetry."""
        config, data = self.config, self.data
        chosen = torch.randint(len(data), (config.batch_size,)).to(self.device)
        if config.pair == "images":
            return data[chosen]
        start = torch.randint(data.shape[-1] - config.crop + 1, (config.batch_size,))
        window = start.to(self.device)[:, None] + torch.arange(config.crop, device=self.device)
        crops = data[chosen[:, None, None], torch.arange(3)[:, None], window[:, None]]
        # (x, y, z) -> (-x, -y, z) maps orbits to orbits; standardised, x and y have mean near 0.
        sign = torch.where(torch.rand(config.batch_size, device=self.device) < 0.5, -1.0, 1.0)
        return torch.cat([crops[:, :2] * sign[:, None, None], crops[:, 2:]], dim=1)

    def draw_fake(self):
        config, generator = self.config, self.generator
        shape = (config.batch_size, generator.latent_dim)
        if config.pair == "series":
            shape += (config.crop // generator.STRIDE + 2 * generator.MARGIN,)
        return generator(torch.randn(shape).to(self.device))

    def critic_step(self, real, step):
        config = self.config
        with torch.no_grad():
            fake = self.draw_fake()
        real, fake = (add_instance_noise(config, batch, step) for batch in (real, fake))
        loss = critic_loss(config, self.critic(real), self.critic(fake))
        self.losses["critic_loss"] = loss.detach()
        if config.gradient_penalty and step % config.penalty_every == 0:
            weight = config.gradient_penalty * (config.penalty_end / config.gradient_penalty) ** (
                step / config.n_steps
            )
            slopes = gradient_penalty(self.critic, real) + gradient_penalty(self.critic, fake)
            loss = loss + 0.5 * weight * config.penalty_every * slopes
        self.descend("critic", loss)

    def generator_step(self, real, step):
        config = self.config
        fake = add_instance_noise(config, self.draw_fake(), step)
        with torch.no_grad():
            on_real = self.critic(real) if config.loss == "relativistic" else None
        loss = generator_loss(config, on_real, self.critic(fake))
        self.losses["generator_loss"] = loss.detach()
        self.descend("generator", loss)

    def descend(self, name, loss):
        self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[name].step()

    def average(self, step):
        """Move the averaged generator towards the current one; its buffers are copied."""
        if self.averaged is self.generator:
            return
        decay = min(self.config.average, (step + 1) / (step + 10))
        with torch.no_grad():
            pairs = zip(self.averaged.parameters(), self.generator.parameters(), strict=True)
            for kept, current in pairs:
                kept.lerp_(current, 1 - decay)
            buffers = zip(self.averaged.buffers(), self.generator.buffers(), strict=True)
            for kept, current in buffers:
                kept.copy_(current)

    def report(self, ensemble):
        """Losses and median flow residual, appended to the history."""
        generated = self.averaged.generate(16, rng=0)
        residual = np.median(flow_residual(ensemble, generated, DT))
        row = {key: round(float(value), 5) for key, value in self.losses.items()}
        row["median_residual"] = round(float(residual), 5)
        self.history.append({"step": self.step, "seconds": round(self.elapsed(), 1), **row})
        return row

    def elapsed(self):
        return self.seconds_before + time.monotonic() - self.started

    def tensors(self):
        """Every tensor of the run under one flat name, optimisers' and random state included."""
        named = {"random": torch.get_rng_state()}
        if self.device != "cpu":
            named["random_device"] = torch.cuda.get_rng_state()
        modules = {"generator": self.generator, "critic": self.critic, "averaged": self.averaged}
        for prefix, module in modules.items():
            named |= {f"{prefix}.{key}": value for key, value in module.state_dict().items()}
        for prefix, optimiser in self.optimisers.items():
            for i, state in optimiser.state_dict()["state"].items():
                named |= {f"{prefix}-optimiser.{i}.{key}": value for key, value in state.items()}
        return named

    def save(self, path):
        notes = {
            "config": asdict(self.config),
            "step": self.step,
            "seconds": self.elapsed(),
            "history": self.history,
        }
        tensors = {
            key: value.detach().clone().contiguous() for key, value in self.tensors().items()
        }
        _write(path, lambda p: save_file(tensors, p, metadata={"run": json.dumps(notes)}))

    def restore(self, path):
        tensors, notes = _read_checkpoint(path)
        if notes["config"] != asdict(self.config):
            raise CheckpointError(f"{path} belongs to a run with another configuration")

        def part(prefix):
            start = prefix + "."
            return {k[len(start) :]: v for k, v in tensors.items() if k.startswith(start)}

        self.generator.load_state_dict(part("generator"))
        self.critic.load_state_dict(part("critic"))
        self.averaged.load_state_dict(part("averaged"))
        for prefix, optimiser in self.optimisers.items():
            state = {}
            for key, value in part(f"{prefix}-optimiser").items():
                index, field = key.split(".")
                state.setdefault(int(index), {})[field] = value
            groups = optimiser.state_dict()["param_groups"]
            optimiser.load_state_dict({"state": state, "param_groups": groups})
        self.step, self.history = notes["step"], notes["history"]
        self.seconds_before = notes["seconds"]
        torch.set_rng_state(tensors["random"])
        if self.device != "cpu":
            torch.cuda.set_rng_state(tensors["random_device"])


def _build_images(config, ensemble):
    scaling = Scaling.fit(ensemble)
    generator = DCGANGenerator(scaling, batch_norm=config.batch_norm)
    critic = DCGANDiscriminator(use_spectral_norm=config.spectral_norm, dropout=config.dropout)
    return generator, critic, series_to_images(ensemble, scaling)


def _build_series(config, ensemble):
    mean, std = ensemble.mean((0, 1)), ensemble.std((0, 1))
    mean[:2] = 0  # exact by symmetry, so that mirrored crops stay on the attractor
    standardised = ((ensemble - mean) / std).transpose(0, 2, 1)
    first = np.diff(standardised, axis=-1)
    difference_std = [first.std((0, 2)), np.diff(first, axis=-1).std((0, 2))]
    return SeriesGenerator(mean, std), SeriesCritic(difference_std), standardised


# --- files --------------------------------------------------------------------------------------


def _paths(name, directory):
    return Path(directory) / f"{name}.safetensors", Path(directory) / f"{name}.json"


def _write(path, write):
    """Write beside and rename: a kill or a full disk leaves the old file or the new one, whole."""
    path = Path(path)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(beside)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _read_record(path):
    try:
        record = json.loads(path.read_text())
        return {**record, "config": record["config"], "sha256": record["sha256"]}
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is not a complete record: {error!r}") from error


def _load(config, record, weights):
    if _sha256(weights) != record["sha256"]:
        raise CheckpointError(
            f"{weights} is not the file its record describes (sha256 differs): it is truncated or "
            f"changed. Restore it, or delete it and run: make train NAME={config.name}"
        )
    if config.pair == "images":
        unit = Scaling((0, 0, 0), (1, 1, 1))
        generator = DCGANGenerator(unit, batch_norm=config.batch_norm)
    else:
        generator = SeriesGenerator((0, 0, 0), (1, 1, 1))
    try:
        generator.load_state_dict(load_file(weights))
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{weights} does not fit {type(generator).__name__}") from error
    return generator.eval()


def _read_checkpoint(path):
    try:
        with safe_open(path, "pt") as file:
            notes = json.loads(file.metadata()["run"])
        return load_file(path), notes
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this module: {error!r}") from error


def main(arguments=None):
    """Command line: train one model from nothing, or resume its interrupted run."""
    parser = argparse.ArgumentParser(
        prog="python -m lorenz_utils.training",
        description="Train a model of the book and store it in models/. An interrupted run "
        "continues from its checkpoint when the same command is given again.",
    )
    parser.add_argument("name", choices=CONFIGS, help="which configuration")
    parser.add_argument("--seed", type=int, help="another seed than the book's")
    parser.add_argument("--device", default="auto", help="torch device (default: a GPU if any)")
    parser.add_argument("--directory", default=MODELS, type=Path, help="default: models/")
    options = parser.parse_args(arguments)
    config = find_config(options.name)
    if options.seed is not None:
        config = replace(config, seed=options.seed)
    _, record = train_and_store(config, directory=options.directory, device=options.device)
    final = record["history"][-1]
    print(f"{config.name}: median flow residual {final['median_residual']}, {final['seconds']} s")


if __name__ == "__main__":
    main()
