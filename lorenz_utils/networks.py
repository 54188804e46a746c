"""The networks of part 4: the deck's DCGAN pair on images, and a pair on series, step by step.

Shapes in comments: B batch, C channels, L length in samples, T latent steps.
"""

from copy import deepcopy
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from lorenz_utils.checks import check_count
from lorenz_utils.images import SIDE, Scaling, images_to_series, padding_mask


class DCGANGenerator(nn.Module):
    """Latent vector to a 32 x 32 RGB image by transposed convolutions.

    Radford, Metz & Chintala, *Unsupervised representation learning with deep convolutional
    generative adversarial networks* (2016), at the size of the deck's images.

    Parameters
    ----------
    scaling : Scaling
        Maps pixels to physical units; stored with the weights.
    latent_dim, width : int
        Size of the latent, channels before the last layer.
    batch_norm : bool
    """

    def __init__(self, scaling, *, latent_dim=100, width=32, batch_norm=True):
        super().__init__()
        self.latent_dim = latent_dim
        widths = [latent_dim, 4 * width, 2 * width, width]
        layers = []
        for i, (n_in, n_out) in enumerate(pairwise(widths)):
            # 1x1 -> 4x4, then each layer doubles the side: 4 -> 8 -> 16.
            stride, padding = (1, 0) if i == 0 else (2, 1)
            layers.append(nn.ConvTranspose2d(n_in, n_out, 4, stride, padding, bias=not batch_norm))
            layers += [nn.BatchNorm2d(n_out)] if batch_norm else []
            layers.append(nn.ReLU())
        layers += [nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(_dcgan_initialise)
        store_affine(self, scaling.centre, scaling.half_range)

    def forward(self, latent):
        """(B, latent_dim) -> (B, 3, 32, 32), values in (-1, 1)."""
        return self.layers(latent[:, :, None, None])

    def sample_latent(self, n_series, *, rng):
        """Standard normal latents, shape (n_series, latent_dim)."""
        return normal_latents((check_count(n_series, "n_series"), self.latent_dim), rng)

    @torch.no_grad()
    def generate(self, n_series, length=1000, *, rng):
        """Series in physical units, evaluated with the running moments of batch normalisation.

        Parameters
        ----------
        n_series : int
        length : int
            At most 1024: the image has no more pixels.
        rng : int or numpy.random.Generator

        Returns
        -------
        ndarray, shape (n_series, length, 3)
        """
        images = in_eval_mode(self, self.sample_latent(n_series, rng=rng))
        return images_to_series(images, units(self), length=length)


class DCGANDiscriminator(nn.Module):
    """A 32 x 32 RGB image to one logit, by strided convolutions.

    Pixels that hold padding are set to 0 for real and generated images alike, so that they are
    never learned as data.
    """

    def __init__(self, *, width=32, use_spectral_norm=True, dropout=0.25):
        super().__init__()
        wrap = spectral_norm if use_spectral_norm else nn.Identity()
        widths = [3, width, 2 * width, 4 * width]
        layers = []
        for n_in, n_out in pairwise(widths):
            layers += [wrap(nn.Conv2d(n_in, n_out, 4, 2, 1)), nn.LeakyReLU(0.2)]
            layers += [nn.Dropout2d(dropout)] if dropout else []
        layers += [wrap(nn.Conv2d(4 * width, 1, SIDE // 8)), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers)
        self.register_buffer("mask", torch.tensor(padding_mask(), dtype=torch.float32))

    def forward(self, images):
        """(B, 3, 32, 32) -> (B,)."""
        return self.layers(images * self.mask)


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
        start = torch.as_tensor(units(self).to_unit(state))
        after = deepcopy(self).double().step(start, torch.zeros_like(start))
        return units(self).to_physical(after.numpy())

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
        series = network(latent[..., 0], latent[..., 1:])[..., self.BURN_IN :].numpy()
        return units(self).to_physical(series.transpose(0, 2, 1))


class SeriesCritic(nn.Module):
    """A short window of a standardised series to one score, by its first state and its steps.

    Each step is scaled to unit variance on the real data: it shows the critic the motion, where
    small errors of the dynamics are large.

    Parameters
    ----------
    step_std : array_like, shape (d,)
        Standard deviation of the steps of the real standardised series; ones beside raw samples.
    window : int
        Samples in a window, at least two.
    width : int
        Of the three hidden layers.
    sees_steps : bool
        Show the samples themselves if not.
    """

    def __init__(self, step_std, *, window=2, width=128, sees_steps=True):
        super().__init__()
        self.sees_steps = sees_steps
        self.register_buffer("step_std", torch.tensor(np.asarray(step_std), dtype=torch.float32))
        self.score = perceptron(len(step_std) * window, width, 1)

    def forward(self, windows):
        """(B, d, L) -> (B,)."""
        if self.sees_steps:
            steps = windows.diff(dim=-1) / self.step_std[:, None]
            windows = torch.cat([windows[..., :1], steps], dim=-1)
        return self.score(windows.flatten(1)).squeeze(1)


def perceptron(n_in, width, n_out):
    """Three hidden layers with SiLU, whose smoothness the flow map shares."""
    layers = []
    for size in (n_in, width, width):
        layers += [nn.Linear(size, width), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(width, n_out))


def _dcgan_initialise(module):
    """Normal weights of standard deviation 0.02, as DCGAN asks."""
    if isinstance(module, nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)


def store_affine(module, offset, scale):
    """Keep the units with the weights: they are useless apart."""
    module.register_buffer("offset", torch.tensor(np.asarray(offset, dtype=float)))
    module.register_buffer("scale", torch.tensor(np.asarray(scale, dtype=float)))


def units(module):
    """The map to physical units that `store_affine` keeps."""
    return Scaling(tuple(module.offset.tolist()), tuple(module.scale.tolist()))


def normal_latents(shape, rng):
    """Latents drawn by numpy: the same for every device and version of torch."""
    draws = np.random.default_rng(rng).standard_normal(shape, dtype=np.float32)
    return torch.from_numpy(draws)


def in_eval_mode(module, latent):
    """The module's output with its running moments, leaving its mode as it was."""
    was_training = module.training
    module.eval()
    output = module(latent.to(module.offset.device)).double().cpu().numpy()
    module.train(was_training)
    return output
