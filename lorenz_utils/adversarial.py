"""What one adversarial step is made of: the deck's tricks, the losses, the pairs, a run's state.

`training.train` calls these in order; a configuration is `training.TrainingConfig`.
"""

import math
import time

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import softplus
from torch.optim.swa_utils import AveragedModel

from lorenz_utils import networks
from lorenz_utils.images import Scaling, series_to_images
from lorenz_utils.metrics import attractor_divergence, flow_residual

N_REPORTS, REPORT_SERIES = 40, 50
FAR = 6.0  # standard deviations: twice as far as the attractor reaches


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
    of_real = cross_entropy(on_real, labels(config, on_real, real=True))
    return of_real + cross_entropy(on_fake, labels(config, on_fake, real=False))


def generator_loss(config, on_real, on_fake):
    """The generator's loss from the critic's scores."""
    if config.loss == "relativistic":
        return softplus(on_real - on_fake).mean()
    return softplus(-on_fake).mean()


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


class Images:
    """The deck's pair: whole series, folded into images."""

    def build(self, config, ensemble, symmetry=None):
        """Generator, critic, and the data that batches are drawn from."""
        scaling = Scaling.fit(ensemble)
        generator = networks.DCGANGenerator(scaling, batch_norm=config.batch_norm)
        critic = networks.DCGANDiscriminator(
            use_spectral_norm=config.spectral_norm, dropout=config.dropout
        )
        return generator, critic, series_to_images(ensemble, scaling)

    def unfilled(self, config):
        """A generator to load weights into."""
        return networks.DCGANGenerator(Scaling(*UNITS), batch_norm=config.batch_norm)

    def draw(self, run):
        """Whole images."""
        return run.data[torch.randint(len(run.data), (run.config.batch_size,)).to(run.device)]

    def fake(self, run, real):
        """Images from fresh latents."""
        latent = torch.randn(run.config.batch_size, run.generator.latent_dim)
        return run.generator(latent.to(run.device))


class Transitions:
    """The faithful pair: windows of series, made step by step."""

    def build(self, config, ensemble, symmetry=None):
        """Generator, critic, and the data that batches are drawn from."""
        mean, std = ensemble.mean((0, 1)), ensemble.std((0, 1))
        if symmetry is not None:
            mean[symmetry < 0] = 0  # exact, so that mirrored windows stay on the attractor
        standardised = ((ensemble - mean) / std).transpose(0, 2, 1)
        step_std = np.diff(standardised, axis=-1).std((0, 2))
        generator = networks.SeriesGenerator(
            mean, std, latent_dim=config.latent_dim, width=config.width
        )
        critic = networks.SeriesCritic(
            step_std, window=config.crop, width=config.width, sees_steps=config.sees_steps
        )
        return generator, critic, standardised

    def unfilled(self, config):
        """A generator to load weights into."""
        return networks.SeriesGenerator(*UNITS, latent_dim=config.latent_dim, width=config.width)

    def draw(self, run):
        """Windows at random times, half of them mirrored by the symmetry if there is one."""
        config, data = run.config, run.data
        chosen = torch.randint(len(data), (config.batch_size,)).to(run.device)
        start = torch.randint(data.shape[-1] - config.crop + 1, (config.batch_size,))
        window = start.to(run.device)[:, None] + torch.arange(config.crop, device=run.device)
        crops = data[chosen[:, None, None], torch.arange(data.shape[1])[:, None], window[:, None]]
        if run.symmetry is None:
            return crops
        mirrored = torch.rand(config.batch_size, 1, 1, device=run.device) < 0.5
        signs = torch.as_tensor(run.symmetry, dtype=torch.float32, device=run.device)
        return torch.where(mirrored, crops * signs[:, None], crops)

    def fake(self, run, real):
        """Windows that continue the first states of `real`, or the generator's own orbits."""
        latent = torch.randn(*real.shape[:2], run.config.crop - 1).to(run.device)
        starts = {"data": real[..., 0], "unpaired": real[..., 0].roll(1, 0), "own": run.own}
        return run.generator(starts[run.config.starts], latent)


UNITS = (0, 0, 0), (1, 1, 1)
# What a generator and a critic are, by the name that a configuration gives: one that is added here
# can be trained.
PAIRS = {"images": Images(), "transitions": Transitions()}


class AdversarialRun:
    """State of one run: networks, optimisers, average, history."""

    def __init__(self, config, ensemble, device, *, symmetry=None):
        self.config, self.device, self.pair = config, device, PAIRS[config.pair]
        self.symmetry = symmetry
        self.step, self.history, self.started = 0, [], time.process_time()
        self.losses = {"critic_loss": math.nan, "generator_loss": math.nan}
        self.report_every = max(500, config.n_steps // N_REPORTS)
        generator, critic, data = self.pair.build(config, ensemble, symmetry)
        self.data = torch.as_tensor(data, dtype=torch.float32, device=device)
        self.generator, self.critic = generator.to(device), critic.to(device)
        self.average = AveragedModel(generator, avg_fn=moving_average(config)).requires_grad_(False)
        self.average.n_averaged += 1  # the untrained generator, which is not copied over
        self.rates = {"generator": config.rate, "critic": config.rate * config.critic_rate_ratio}
        betas = (config.beta1, config.beta2)
        self.optimisers = {
            "generator": torch.optim.Adam(generator.parameters(), self.rates["generator"], betas),
            "critic": torch.optim.Adam(critic.parameters(), self.rates["critic"], betas),
        }
        self.parts = [generator, critic, self.average, *self.optimisers.values()]
        # Where the generator's own orbits stand, if it is to continue these instead of the data.
        self.own = (
            torch.randn(config.batch_size, ensemble.shape[2]).to(device)
            if config.starts == "own"
            else None
        )

    def set_rates(self, step):
        """Full rate for the constant share of the steps, then linearly down."""
        left = 1 - step / self.config.n_steps
        factor = min(1.0, left / max(1e-9, 1 - self.config.constant_share))
        for name, optimiser in self.optimisers.items():
            optimiser.param_groups[0]["lr"] = factor * self.rates[name]

    def train_step(self):
        """One step of the loop: rates, critic, generator, and what follows from it."""
        step = self.step
        self.set_rates(step)
        real = self.pair.draw(self)
        if step % self.config.critic_every == 0:
            self.critic_step(real, step)
        self.generator_step(real, step)
        self.average.update_parameters(self.generator)
        self.advance_own()
        self.step = step + 1

    @torch.no_grad()
    def advance_own(self):
        """Move the generator's own orbits on by a step; those that leave start afresh."""
        if self.own is not None:
            own = self.generator.step(self.own, torch.randn_like(self.own))
            inside = own.abs().amax(dim=1, keepdim=True) < FAR
            self.own = torch.where(inside, own, torch.randn_like(own))

    def critic_step(self, real, step):
        """One step of the critic: loss on noisy batches, lazy gradient penalty, descent."""
        config = self.config
        if config.loss == "least-squares":
            return
        with torch.no_grad():
            fake = self.pair.fake(self, real)
        real, fake = (add_instance_noise(config, batch, step) for batch in (real, fake))
        if config.gradient_penalty and step % config.penalty_every == 0:
            on_real, on_fake, slopes = penalised_scores(self.critic, real, fake)
            fall = config.penalty_end / config.gradient_penalty
            weight = config.gradient_penalty * fall ** (step / config.n_steps)
            penalty = 0.5 * weight * config.penalty_every * slopes
        else:
            on_real, on_fake, penalty = self.critic(real), self.critic(fake), 0.0
        loss = critic_loss(config, on_real, on_fake)
        self.losses["critic_loss"] = loss.detach()
        self.descend("critic", loss + penalty)

    def generator_step(self, real, step):
        """One step of the generator against the critic as it stands."""
        config = self.config
        fake = add_instance_noise(config, self.pair.fake(self, real), step)
        if config.loss == "least-squares":
            loss = (fake - real).square().mean()
        else:
            with torch.no_grad():
                on_real = self.critic(real) if config.loss == "relativistic" else None
            loss = generator_loss(config, on_real, self.critic(fake))
        self.losses["generator_loss"] = loss.detach()
        self.descend("generator", loss)

    def descend(self, name, loss):
        """One step of that network's optimiser down the loss."""
        self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[name].step()

    def report(self, reference, dt, flow=None):
        """Losses, D_stsp and, of a flow, the median residual, appended to the history."""
        generated = self.average.module.generate(REPORT_SERIES, rng=0)
        row = {key: float(value) for key, value in self.losses.items()}
        row |= ({} if flow is None else {"median_residual": math.inf}) | {"d_stsp": math.inf}
        if np.isfinite(generated).all():
            if flow is not None:
                residual = flow_residual(reference, generated, dt, flow=flow)
                row["median_residual"] = float(np.median(residual))
            row["d_stsp"] = attractor_divergence(reference[:REPORT_SERIES], generated)
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
            "own": self.own,
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
        self.own = state["own"] if self.own is None else state["own"].to(self.device)
        self.step, self.history = state["step"], state["history"]
        self.started -= state["seconds"]
