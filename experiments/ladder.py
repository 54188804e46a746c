"""How far images can go: the deck's idea with one modern remedy after the other.

Each rung keeps all that the rungs below it changed. Run ``python -m experiments.ladder --help``;
the records are in ``models/ablation/ladder``.
"""

import argparse
import time
from dataclasses import asdict, replace

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from experiments.ablation import RECORDS, rounded
from experiments.dcgan import DECK, DCGANDiscriminator, DCGANGenerator, ImageConfig, ImageRun
from experiments.image_networks import Denoiser, ResidualCritic, ResidualGenerator
from experiments.images import SIDE, Scaling, images_to_series, series_to_images, units
from experiments.models import DT, training_ensemble
from experiments.study import run_study
from lorenz_utils import networks
from lorenz_utils.adversarial import RUNS
from lorenz_utils.metrics import (
    attractor_divergence,
    diversity,
    flow_residual,
    spectral_distance,
)
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import LORENZ, train

STRIDE = 4  # samples between the rows of a delay image
SEEDS = (0,)
N_SAMPLES = 100_000  # of the generated series that a rung is measured on


class Rows:
    """The deck's fold: 32 samples a row, one row after the other."""

    length = SIDE * SIDE

    def fold(self, windows, scaling):
        """(n, 1024, 3) -> (n, 3, 32, 32)."""
        return series_to_images(windows, scaling)

    def unfold(self, images, scaling):
        """(n, 3, 32, 32) -> (n, 1024, 3)."""
        return images_to_series(images, scaling, length=self.length)


class Delays:
    """Rows that overlap: each starts 4 samples after the one above it.

    Neighbours in the image are then neighbours in time in both directions, which is what a
    convolution presumes (ImagenTime, Naiman et al., 2024). Unfolding averages what the rows say of
    each sample.
    """

    length = SIDE + (SIDE - 1) * STRIDE

    def fold(self, windows, scaling):
        """(n, 156, 3) -> (n, 3, 32, 32)."""
        rows = sliding_window_view(scaling.to_unit(windows), SIDE, axis=1)[:, ::STRIDE]
        return np.ascontiguousarray(rows.transpose(0, 2, 1, 3))

    def unfold(self, images, scaling):
        """(n, 3, 32, 32) -> (n, 156, 3)."""
        total, count = np.zeros((len(images), 3, self.length)), np.zeros(self.length)
        for row in range(SIDE):
            place = slice(row * STRIDE, row * STRIDE + SIDE)
            total[..., place] += images[:, :, row]
            count[place] += 1
        return scaling.to_physical((total / count).transpose(0, 2, 1))


def random_windows(series, n_windows, length):
    """Windows (n_windows, length, 3) at random times of random series, half of them mirrored."""
    chosen = torch.randint(len(series), (n_windows, 1)).numpy()
    start = torch.randint(series.shape[1] - length + 1, (n_windows, 1)).numpy()
    windows = series[chosen, start + np.arange(length)]
    windows[: n_windows // 2, :, :2] *= -1  # (x, y, z) -> (-x, -y, z) maps orbits to orbits
    return windows


class CropsRun(ImageRun):
    """Windows at any time of long series, folded into images; its history holds losses."""

    fold = Rows()

    @classmethod
    def build(cls, config, ensemble, symmetry=None):
        """Generator, critic, and the data that batches are drawn from: the series themselves."""
        mirrored = ensemble * [-1, -1, 1]
        scaling = Scaling.fit(np.concatenate([ensemble, mirrored]))
        return *cls.networks(config, scaling), ensemble

    @staticmethod
    def networks(config, scaling):
        """Generator and critic: the DCGAN, on images without padding."""
        generator = DCGANGenerator(scaling, batch_norm=config.batch_norm)
        critic = DCGANDiscriminator(use_spectral_norm=False, dropout=0.0)
        critic.mask.fill_(1)
        return generator, critic

    def draw(self):
        """Images of windows at random times."""
        windows = random_windows(self.data.numpy(), self.config.batch_size, self.fold.length)
        images = self.fold.fold(windows, units(self.generator))
        return torch.as_tensor(images, dtype=torch.float32)

    def report(self, reference, dt, flow=None):
        """Losses, appended to the history: what it draws is measured at the end."""
        return self.note({key: float(value) for key, value in self.losses.items()})


class DelaysRun(CropsRun):
    """The same on delay images."""

    fold = Delays()


class ResidualRun(DelaysRun):
    """The same with residual networks in place of the DCGAN."""

    @staticmethod
    def networks(config, scaling):
        """Generator and critic."""
        generator, critic = ResidualGenerator(), ResidualCritic()
        networks.store_affine(generator, scaling.centre, scaling.half_range)
        return generator, critic


RUNS |= {"crops": CropsRun, "delays": DelaysRun, "residual": ResidualRun}
UNTRICKED = {
    "spectral_norm": False,
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "label_flip": 0.0,
    "instance_noise": 0.0,
    "critic_every": 1,
    "critic_rate_ratio": 1.0,
}
STEPS = {
    "DCGAN with the deck's tricks": {},
    "moving average": {"average": 0.995},
    "relativistic loss, R1 + R2 in place of tricks": {
        "loss": "relativistic",
        "gradient_penalty": 0.5,
        "penalty_end": 0.05,
        "penalty_every": 4,
        **UNTRICKED,
    },
    "rate decay": {"rate": 5e-4, "constant_share": 0.3},
    "symmetry and crops at any time": {"pair": "crops", "n_series": 400, "length": 4000},
    "delay fold": {"pair": "delays"},
    "residual networks": {"pair": "residual"},
}
BUDGET = replace(DECK, name="ladder", n_steps=2000, batch_size=32)


def rungs():
    """The configuration of each rung: its own change and those of all rungs below."""
    changes, found = {}, {}
    for name, change in STEPS.items():
        changes |= change
        found[name] = replace(BUDGET, name=name, **changes)
    return found


def climb(**fields):
    """Train one rung; its quality beside that of real series of the same shape."""
    config = ImageConfig(**fields)
    ensemble = training_ensemble(config)
    generator, history = train(config, ensemble, DT, **LORENZ, device="cpu", progress=False)
    fold = getattr(RUNS[config.pair], "fold", None)
    if fold is None:
        return assess(generator.generate(N_SAMPLES // 1000, 1000, rng=1), history)
    latents = networks.normal_latents((N_SAMPLES // fold.length, generator.latent_dim), 1)
    with torch.no_grad():
        images = np.concatenate([generator(z).numpy() for z in latents.split(50)])
    return assess(fold.unfold(images, units(generator)), history)


def assess(generated, history):
    """Quality of generated series and, as its floor, of real ones of the same shape."""
    n_series, length, _ = generated.shape
    real, other = (make_ensemble(n_series, length, DT, rng=k) for k in (2026, 2027))
    return {
        "length": length,
        "quality": quality(real, generated),
        "floor": quality(real, other),
        "history": history,
    }


def quality(real, generated):
    """The four measures of the page, and the root mean square of the residual."""
    residual = flow_residual(real, generated, DT)
    found = {
        "flow residual, median": np.median(residual),
        "flow residual, rms": np.sqrt(np.mean(residual**2)),
        "D_stsp": attractor_divergence(real, generated),
        "D_H": spectral_distance(real, generated),
        "diversity": diversity(generated),
    }
    return {name: rounded(value) for name, value in found.items()}


@torch.no_grad()
def transport(network, noise, n_steps=30):
    """Carry noise to data along the learned velocity, by Heun's steps."""
    x, h = noise, 1 / n_steps
    for k in range(n_steps):
        now, after = (torch.full((len(x),), (k + j) * h) for j in (0, 1))
        slope = network(x, now)
        x = x + h / 2 * (slope + network(x + h * slope, after))
    return x


def diffuse(*, n_steps, batch_size, rate, seed, data_seed, n_series, length):
    """Train a small diffusion model on delay images; its quality, as `climb`.

    By flow matching (Lipman et al., 2023): the network learns the velocity x1 - x0 of the straight
    lines from noise x0 to images x1, asked at random points of them. An average of its weights
    draws.
    """
    fold = Delays()
    ensemble = make_ensemble(n_series, length, DT, rng=data_seed)
    scaling = Scaling((0, 0, float(ensemble[..., 2].mean())), tuple(ensemble.std((0, 1)).tolist()))
    started, history = time.process_time(), []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Denoiser()
        averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.995))
        optimiser = torch.optim.Adam(network.parameters(), rate, fused=True)
        decay = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, n_steps)
        for step in range(1, n_steps + 1):
            images = fold.fold(random_windows(ensemble, batch_size, fold.length), scaling)
            images = torch.as_tensor(images, dtype=torch.float32)
            noise, share = torch.randn_like(images), torch.rand(batch_size, 1, 1, 1)
            velocity = network((1 - share) * noise + share * images, share.flatten())
            loss = (velocity - (images - noise)).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            decay.step()
            averaged.update_parameters(network)
            if step % max(1, n_steps // 40) == 0:
                seconds = round(time.process_time() - started, 1)
                history.append({"step": step, "seconds": seconds, "loss": rounded(loss.item())})
    latents = networks.normal_latents((N_SAMPLES // fold.length, 3, SIDE, SIDE), 1)
    drawn = [transport(averaged.module, z).numpy() for z in latents.split(50)]
    return assess(fold.unfold(np.concatenate(drawn), scaling), history)


DIFFUSION = {
    "n_steps": 2000,
    "batch_size": 64,
    "rate": 1e-3,
    "data_seed": 1963,
    "n_series": 400,
    "length": 4000,
}


def tasks():
    """The tasks of both kinds of rung by name: function and arguments."""
    adversarial = {
        f"{number}-{seed}": asdict(replace(config, seed=seed))
        for number, config in enumerate(rungs().values(), start=1)
        for seed in SEEDS
    }
    diffusion = {f"diffusion-{seed}": DIFFUSION | {"seed": seed} for seed in SEEDS}
    return (diffuse, diffusion), (climb, adversarial)


def main(arguments=None):
    """Command line: compute the rungs that have no record yet."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.ladder",
        description="Train every rung of the ladder that has no record yet. Interrupt it at any "
        "time: finished rungs are kept, and the same command goes on.",
    )
    parser.add_argument("--jobs", type=int, default=-1, help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    for function, todo in tasks():
        run_study(RECORDS / "ladder", function, todo, n_jobs=options.jobs)


if __name__ == "__main__":
    from experiments import ladder  # so that workers import the tasks by name

    ladder.main()
