"""One run of an adversarial game between networks that step in time: data, losses, descent.

`training.train` calls `AdversarialRun.train_step` in order; a configuration is
`training.TrainingConfig`. A subclass plays another game: it gives its own networks, batches or
losses, and registers itself in `RUNS`.
"""

import math
import time

import numpy as np
import torch
from torch.nn.functional import softplus
from torch.optim.swa_utils import AveragedModel

from lorenz_utils.metrics import attractor_divergence, flow_residual
from lorenz_utils.networks import SeriesCritic, SeriesGenerator

N_REPORTS, REPORT_SERIES = 40, 50


def penalised_scores(critic, real, fake):
    """The critic's scores of both batches and R1 + R2, the mean squared norms of its gradients.

    One pass over both: the gradient with respect to the inputs needs the scores anyway.
    """
    inputs = torch.cat([real, fake]).detach().requires_grad_(True)
    scores = critic(inputs)
    (slope,) = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
    return *scores.chunk(2), 2 * slope.square().flatten(1).sum(1).mean()


def moving_average(config):
    """Exponential average of the generator's weights; it forgets faster at first, and all at 0."""
    return lambda kept, new, n: kept.lerp(new, 1 - min(config.average, int(n) / (int(n) + 9)))


class AdversarialRun:
    """State of one run on an ensemble (n_series, length, d): networks, optimisers, average.

    Parameters
    ----------
    config : training.TrainingConfig
    ensemble : ndarray, shape (n_series, length, d)
    device : str
    symmetry : ndarray of d signs, optional
        As `training.train` takes it.
    """

    def __init__(self, config, ensemble, device, *, symmetry=None):
        self.config, self.device, self.symmetry = config, device, symmetry
        self.step, self.history, self.started = 0, [], time.process_time()
        self.losses = {"critic_loss": math.nan, "generator_loss": math.nan}
        self.report_every = max(500, config.n_steps // N_REPORTS)
        generator, critic, data = self.build(config, ensemble, symmetry)
        self.data = torch.as_tensor(data, dtype=torch.float32, device=device)
        self.generator, self.critic = generator.to(device), critic.to(device)
        self.average = AveragedModel(generator, avg_fn=moving_average(config)).requires_grad_(False)
        self.average.n_averaged += 1  # the untrained generator, which is not copied over
        self.rates = {"generator": config.rate, "critic": config.rate}
        betas = (config.beta1, config.beta2)
        self.optimisers = {
            name: torch.optim.Adam(getattr(self, name).parameters(), rate, betas)
            for name, rate in self.rates.items()
        }
        self.parts = [generator, critic, self.average, *self.optimisers.values()]

    # --- what is trained, and on what -----------------------------------------------------------

    @staticmethod
    def build(config, ensemble, symmetry=None):
        """Generator, critic, and the data that batches are drawn from."""
        mean, std = ensemble.mean((0, 1)), ensemble.std((0, 1))
        if symmetry is not None:
            mean[symmetry < 0] = 0  # exact, so that mirrored windows stay on the attractor
        data = ((ensemble - mean) / std).transpose(0, 2, 1)
        step_std = np.diff(data, axis=-1).std((0, 2))
        generator = SeriesGenerator(mean, std, latent_dim=config.latent_dim, width=config.width)
        return generator, SeriesCritic(step_std, window=config.crop, width=config.width), data

    @staticmethod
    def unfilled(config):
        """A generator to load weights into."""
        units = (0, 0, 0), (1, 1, 1)
        return SeriesGenerator(*units, latent_dim=config.latent_dim, width=config.width)

    def draw(self):
        """Windows at random times, half of them mirrored by the symmetry if there is one."""
        config, data = self.config, self.data
        chosen = torch.randint(len(data), (config.batch_size,)).to(self.device)
        start = torch.randint(data.shape[-1] - config.crop + 1, (config.batch_size,))
        window = start.to(self.device)[:, None] + torch.arange(config.crop, device=self.device)
        crops = data[chosen[:, None, None], torch.arange(data.shape[1])[:, None], window[:, None]]
        if self.symmetry is None:
            return crops
        mirrored = torch.rand(config.batch_size, 1, 1, device=self.device) < 0.5
        signs = torch.as_tensor(self.symmetry, dtype=torch.float32, device=self.device)
        return torch.where(mirrored, crops * signs[:, None], crops)

    def fake(self, real):
        """Windows that continue the first states of `real`."""
        latent = torch.randn(*real.shape[:2], self.config.crop - 1).to(self.device)
        return self.generator(real[..., 0], latent)

    # --- the game -------------------------------------------------------------------------------

    def critic_loss(self, on_real, on_fake):
        """The critic's loss from its scores: real windows should score higher than fakes."""
        return softplus(on_fake - on_real).mean()

    def generator_loss(self, real, fake):
        """The generator's loss on both batches: the same with the parts exchanged."""
        with torch.no_grad():
            on_real = self.critic(real)
        return softplus(on_real - self.critic(fake)).mean()

    def penalty_weight(self, step):
        """The weight of R1 + R2 at a step."""
        return self.config.gradient_penalty

    def train_step(self):
        """One step of the loop: rates, critic, generator, average."""
        step = self.step
        self.set_rates(step)
        real = self.draw()
        self.critic_step(real, step)
        self.generator_step(real, step)
        self.average.update_parameters(self.generator)
        self.step = step + 1

    def set_rates(self, step):
        """Full rate for the constant share of the steps, then linearly down."""
        left = 1 - step / self.config.n_steps
        factor = min(1.0, left / max(1e-9, 1 - self.config.constant_share))
        for name, optimiser in self.optimisers.items():
            optimiser.param_groups[0]["lr"] = factor * self.rates[name]

    def critic_step(self, real, step):
        """One step of the critic: its loss on both batches, the gradient penalty, descent."""
        if self.config.loss == "least-squares":
            return
        with torch.no_grad():
            fake = self.fake(real)
        real, fake = self.seen(real, step), self.seen(fake, step)
        if weight := self.penalty_weight(step):
            on_real, on_fake, slopes = penalised_scores(self.critic, real, fake)
            penalty = 0.5 * weight * slopes
        else:
            on_real, on_fake, penalty = self.critic(real), self.critic(fake), 0.0
        loss = self.critic_loss(on_real, on_fake)
        self.losses["critic_loss"] = loss.detach()
        self.descend("critic", loss + penalty)

    def generator_step(self, real, step):
        """One step of the generator against the critic as it stands."""
        fake = self.seen(self.fake(real), step)
        if self.config.loss == "least-squares":
            loss = (fake - real).square().mean()
        else:
            loss = self.generator_loss(real, fake)
        self.losses["generator_loss"] = loss.detach()
        self.descend("generator", loss)

    def seen(self, batch, step):
        """What the critic sees of a batch: all of it."""
        return batch

    def descend(self, name, loss):
        """One step of that network's optimiser down the loss."""
        self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[name].step()

    # --- what is known of it --------------------------------------------------------------------

    def report(self, reference, dt, flow=None):
        """Losses, D_stsp and, of a flow, the median residual, appended to the history."""
        generated = self.average.module.generate(REPORT_SERIES, rng=0)
        row = {key: float(value) for key, value in self.losses.items()}
        finite = np.isfinite(generated).all()
        if flow is not None:
            residual = flow_residual(reference, generated, dt, flow=flow) if finite else math.inf
            row["median_residual"] = float(np.median(residual))
        series = reference[:REPORT_SERIES]
        row["d_stsp"] = attractor_divergence(series, generated) if finite else math.inf
        return self.note(row)

    def note(self, row):
        """Append a row of numbers to the history, with the step and the processor seconds."""
        row = {key: round(value, 5) for key, value in row.items()}
        self.history.append({"step": self.step, "seconds": round(self.elapsed(), 1), **row})
        return row

    def elapsed(self):
        """Processor seconds of training so far, those before an interruption included."""
        return time.process_time() - self.started

    def state(self):
        """All that a run needs in order to go on as if it had never stopped."""
        return {
            "parts": [part.state_dict() for part in self.parts],
            "random": torch.get_rng_state(),
            "random of devices": torch.cuda.get_rng_state_all(),
            "step": self.step,
            "history": self.history,
            "seconds": self.elapsed(),
        }

    def resume(self, state):
        """Take over what `state` gave."""
        for part, stored in zip(self.parts, state["parts"], strict=True):
            part.load_state_dict(stored)
        torch.set_rng_state(state["random"])
        torch.cuda.set_rng_state_all(state["random of devices"])
        self.step, self.history = state["step"], state["history"]
        self.started -= state["seconds"]


# What plays the game, by the name that a configuration gives; experiments add theirs.
RUNS = {"transitions": AdversarialRun}
