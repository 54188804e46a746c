"""The networks of part 4: a generator of series, step by step, and its critic.

Shapes in comments: B batch, C channels, L length in samples, T latent steps.
"""

from copy import deepcopy

import numpy as np
import torch
from torch import nn

from lorenz_utils.checks import check_count


class SeriesGenerator(nn.Module):
    """A latent sequence to a series, step by step: x[t+1] = x[t] + F(x[t], z[t]).

    The first latent is the first state, in standard deviations; every later one enters a step, so
    that the network could draw a random process as well as a deterministic one.

    Parameters
    ----------
    mean, std : sequences of d floats
        Of the training data; stored with the weights.
    latent_dim : int
        Latents that enter each step, at most d; 0 makes the steps deterministic.
    width : int
        Of the three hidden layers of F.
    burn_in : int, optional
        Samples dropped at the start, from the latent to the attractor.
    """

    BURN_IN = 100  # ten time units of Lorenz-63 at dt = 0.1

    def __init__(self, mean, std, *, latent_dim=3, width=128, burn_in=BURN_IN):
        super().__init__()
        self.latent_dim, self.BURN_IN = min(latent_dim, len(mean)), burn_in
        self.increment = perceptron(len(mean) + self.latent_dim, width, len(mean))
        store_affine(self, mean, std)

    def step(self, state, latent):
        """The next state (B, d) from a state (B, d) and a latent (B, d), all standardised."""
        return state + self.increment(torch.cat([state, latent[:, : self.latent_dim]], dim=1))

    @torch.no_grad()
    def advance(self, state):
        """The next state (n, d) in physical units and double precision, with latents of 0."""
        start = (torch.as_tensor(state) - self.offset) / self.scale
        after = deepcopy(self).double().step(start, torch.zeros_like(start))
        return (after * self.scale + self.offset).numpy()

    def forward(self, start, latent):
        """(B, d), (B, d, T) -> (B, d, T + 1): the start and what follows from it, standardised."""
        states = [start]
        for z in latent.unbind(-1):
            states.append(self.step(states[-1], z))
        return torch.stack(states, dim=-1)

    def sample_latent(self, n_series, length, *, rng):
        """Standard normal latents for `length` samples after the burn-in, (n_series, d, T)."""
        n_series, length = check_count(n_series, "n_series"), check_count(length, "length")
        return normal_latents((n_series, len(self.offset), length + self.BURN_IN), rng)

    @torch.no_grad()
    def generate(self, n_series, length=1000, *, rng):
        """Series of any length in physical units, (n_series, length, d), in double precision."""
        return self.series_from(self.sample_latent(n_series, length, rng=rng))

    @torch.no_grad()
    def series_from(self, latent):
        """The series of a latent sequence (n_series, d, T), without the burn-in, as `generate`."""
        latent = latent.double()
        network = deepcopy(self).double().cpu()
        series = network(latent[..., 0], latent[..., 1:])[..., self.BURN_IN :].transpose(1, 2)
        return (series * network.scale + network.offset).numpy()


class SeriesCritic(nn.Module):
    """A short window of a standardised series to one score, by its first state and its steps.

    Each step is scaled to unit variance on the real data: it shows the critic the motion, where
    small errors of the dynamics are large.

    Parameters
    ----------
    step_std : array_like, shape (d,)
        Standard deviation of the steps of the real standardised series.
    window : int
        Samples in a window, at least two.
    width : int
        Of the three hidden layers.
    """

    def __init__(self, step_std, *, window=2, width=128):
        super().__init__()
        self.register_buffer("step_std", torch.tensor(np.asarray(step_std), dtype=torch.float32))
        self.score = perceptron(len(step_std) * window, width, 1)

    def forward(self, windows):
        """(B, d, L) -> (B,)."""
        steps = windows.diff(dim=-1) / self.step_std[:, None]
        return self.score(torch.cat([windows[..., :1], steps], dim=-1).flatten(1)).squeeze(1)


def perceptron(n_in, width, n_out):
    """Three hidden layers with SiLU, whose smoothness the flow map shares."""
    layers = []
    for size in (n_in, width, width):
        layers += [nn.Linear(size, width), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(width, n_out))


def store_affine(module, offset, scale):
    """Keep the units with the weights: they are useless apart."""
    module.register_buffer("offset", torch.tensor(np.asarray(offset, dtype=float)))
    module.register_buffer("scale", torch.tensor(np.asarray(scale, dtype=float)))


def normal_latents(shape, rng):
    """Latents drawn by numpy: the same for every device and version of torch."""
    draws = np.random.default_rng(rng).standard_normal(shape, dtype=np.float32)
    return torch.from_numpy(draws)
