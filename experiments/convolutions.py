"""A pair on windows of series that one row of the ablation trains: residual convolutions in time.

Importing this module makes it known to `lorenz_utils.training` under the name ``convolutions``.
Shapes in comments: B batch, C channels, L length in samples, T latent steps.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from lorenz_utils.adversarial import PAIRS, UNITS, Transitions, standardise
from lorenz_utils.checks import check_count
from lorenz_utils.networks import in_eval_mode, normal_latents, store_affine, units


class ConvolutionalGenerator(nn.Module):
    """A latent sequence to a series: residual convolutions in time, fully convolutional.

    One latent step stands for `STRIDE` samples, so a longer latent makes a longer series with the
    same statistics.

    Parameters
    ----------
    mean, std : sequences of 3 floats
        Of the training data; stored with the weights.
    latent_dim : int
        Channels of the latent sequence.
    widths : tuple of 4 ints
        Channels at 1, 2, 4 and 8 samples a latent step.
    """

    STRIDE = 8
    MARGIN = 4  # latent steps dropped at each end, where zero padding is felt

    def __init__(self, mean, std, *, latent_dim=16, widths=(128, 96, 64, 48)):
        super().__init__()
        self.latent_dim = latent_dim
        blocks = [nn.Conv1d(latent_dim, widths[0], 3, padding=1), ResidualBlock(widths[0])]
        for n_in, n_out in pairwise(widths):
            blocks += [nn.Conv1d(n_in, n_out, 1), nn.Upsample(scale_factor=2, mode="nearest")]
            blocks += [ResidualBlock(n_out), ResidualBlock(n_out)]
        blocks += [nn.BatchNorm1d(widths[-1]), nn.ReLU()]
        self.layers = nn.Sequential(*blocks, nn.Conv1d(widths[-1], 3, 3, padding=1))
        store_affine(self, mean, std)

    def forward(self, latent):
        """(B, latent_dim, T) -> (B, 3, 8 (T - 8)), standardised."""
        margin = self.MARGIN * self.STRIDE
        return self.layers(latent)[..., margin:-margin]

    def sample_latent(self, n_series, length, *, rng):
        """Standard normal latents for at least `length` samples, (n_series, latent_dim, T)."""
        n_series, length = check_count(n_series, "n_series"), check_count(length, "length")
        n_latent = -(-length // self.STRIDE) + 2 * self.MARGIN
        return normal_latents((n_series, self.latent_dim, n_latent), rng)

    @torch.no_grad()
    def generate(self, n_series, length=1000, *, rng):
        """Series of any length in physical units, (n_series, length, 3)."""
        series = in_eval_mode(self, self.sample_latent(n_series, length, rng=rng))
        return units(self).to_physical(series.transpose(0, 2, 1)[:, :length])


class ConvolutionalCritic(nn.Module):
    """A crop of a standardised series to one score; it also sees the crop's differences.

    First and second differences, each scaled to unit variance on the real data, show the critic
    the velocity and the curvature, where small errors of the dynamics are large.

    Parameters
    ----------
    difference_std : array_like, shape (2, 3)
        Standard deviations of the first and second differences of the real standardised series.
    width : int
    """

    def __init__(self, difference_std, *, width=64):
        super().__init__()
        self.register_buffer(
            "difference_std",
            torch.tensor(np.asarray(difference_std), dtype=torch.float32)[..., None],
        )
        widths = [9, width, width, 2 * width, 2 * width]
        layers = []
        for n_in, n_out, stride in zip(widths, widths[1:], (1, 2, 2, 2), strict=False):
            layers += [nn.Conv1d(n_in, n_out, 5, stride, padding=2), nn.LeakyReLU(0.2)]
        layers += [nn.Conv1d(widths[-1], widths[-1], 3, padding=1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv1d(widths[-1], 1, 1))

    def forward(self, crops):
        """(B, 3, L) -> (B,): the mean score over the windows of the crop."""
        first = crops.diff(dim=-1)
        second = first.diff(dim=-1)
        inputs = torch.cat(
            [
                crops[..., 1:-1],
                first[..., 1:] / self.difference_std[0],
                second / self.difference_std[1],
            ],
            dim=1,
        )
        return self.layers(inputs).mean(dim=(1, 2))


class ResidualBlock(nn.Module):
    """x + two convolutions in time, each after batch normalisation and a rectifier."""

    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1),
        )

    def forward(self, x):
        """(B, C, L) -> (B, C, L)."""
        return x + self.layers(x)


class Convolutions(Transitions):
    """Windows of series, drawn as those of the steps in time, and made as a whole."""

    def build(self, config, ensemble):
        """Generator, critic, and the data that batches are drawn from."""
        mean, std, standardised = standardise(ensemble)
        first = np.diff(standardised, axis=-1)
        difference_std = [first.std((0, 2)), np.diff(first, axis=-1).std((0, 2))]
        return ConvolutionalGenerator(mean, std), ConvolutionalCritic(difference_std), standardised

    def unfilled(self, config):
        """A generator to load weights into."""
        return ConvolutionalGenerator(*UNITS)

    def fake(self, run, real):
        """Windows from fresh latents."""
        generator = run.generator
        n_latent = run.config.crop // generator.STRIDE + 2 * generator.MARGIN
        latent = torch.randn(run.config.batch_size, generator.latent_dim, n_latent)
        return generator(latent.to(run.device))


PAIRS["convolutions"] = Convolutions()
