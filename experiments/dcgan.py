"""The image approach: a DCGAN on folded series, with the tricks that the deck lists.

The pair has the size of the deck's images; `deck_gan` has the deck's own layers, `ladder` what
comes after. Importing this module adds the pair to `adversarial.RUNS`.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import softplus
from torch.nn.utils.parametrizations import spectral_norm

from experiments.images import (
    SIDE,
    Scaling,
    images_to_series,
    padding_mask,
    series_to_images,
    units,
)
from lorenz_utils import networks
from lorenz_utils.adversarial import RUNS, AdversarialRun
from lorenz_utils.checks import check_count
from lorenz_utils.training import TrainingConfig

UNITS = Scaling((0, 0, 0), (1, 1, 1))


@dataclass(frozen=True)
class ImageConfig(TrainingConfig):
    """A training run on images, with the deck's tricks.

    Attributes
    ----------
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
        Generator's normalisation, critic's normalisation, critic's dropout.
    penalty_end : float
        Weight of R1 + R2 at the end; it falls there geometrically.
    penalty_every : int
        Lazy regularisation: every n-th critic step, n times as strong.
    """

    crop: int = 2
    critic_rate_ratio: float = 1.0
    critic_every: int = 1
    label_smoothing: float = 0.0
    label_flip: float = 0.0
    instance_noise: float = 0.0
    batch_norm: bool = True
    spectral_norm: bool = False
    dropout: float = 0.0
    penalty_end: float = 0.0
    penalty_every: int = 1

    LOSSES: ClassVar = ("nonsaturating", "relativistic")

    def __post_init__(self):
        """Refuse names and ranges that no run can mean."""
        super().__post_init__()
        if self.gradient_penalty and not 0 < self.penalty_end <= self.gradient_penalty:
            raise ValueError(
                f"penalty_end must lie in (0, gradient_penalty], got {self.penalty_end}"
            )


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
        self.apply(_initialise)
        networks.store_affine(self, scaling.centre, scaling.half_range)

    def forward(self, latent):
        """(B, latent_dim) -> (B, 3, 32, 32), values in (-1, 1)."""
        return self.layers(latent[:, :, None, None])

    def sample_latent(self, n_series, *, rng):
        """Standard normal latents, shape (n_series, latent_dim)."""
        return networks.normal_latents((check_count(n_series, "n_series"), self.latent_dim), rng)

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


def _initialise(module):
    """Normal weights of standard deviation 0.02, as DCGAN asks."""
    if isinstance(module, nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)


def in_eval_mode(module, latent):
    """The module's output with its running moments, leaving its mode as it was."""
    was_training = module.training
    module.eval()
    output = module(latent.to(module.offset.device)).double().cpu().numpy()
    module.train(was_training)
    return output


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


class ImageRun(AdversarialRun):
    """The game of whole series, folded into images."""

    def __init__(self, config, ensemble, device, *, symmetry=None):
        super().__init__(config, ensemble, device, symmetry=symmetry)
        self.rates["critic"] *= config.critic_rate_ratio

    @staticmethod
    def build(config, ensemble, symmetry=None):
        """Generator, critic, and the images that batches are drawn from."""
        scaling = Scaling.fit(ensemble)
        generator = DCGANGenerator(scaling, batch_norm=config.batch_norm)
        critic = DCGANDiscriminator(use_spectral_norm=config.spectral_norm, dropout=config.dropout)
        return generator, critic, series_to_images(ensemble, scaling)

    @staticmethod
    def unfilled(config):
        """A generator to load weights into."""
        return DCGANGenerator(UNITS, batch_norm=config.batch_norm)

    def draw(self):
        """Whole images."""
        chosen = torch.randint(len(self.data), (self.config.batch_size,))
        return self.data[chosen.to(self.device)]

    def fake(self, real):
        """Images from fresh latents."""
        latent = torch.randn(self.config.batch_size, self.generator.latent_dim)
        return self.generator(latent.to(self.device))

    def seen(self, batch, step):
        """A batch under Gaussian noise whose standard deviation falls linearly to 0."""
        if not self.config.instance_noise:
            return batch
        level = self.config.instance_noise * (1 - step / self.config.n_steps)
        return batch + level * torch.randn_like(batch)

    def critic_step(self, real, step):
        """One step of the critic, at every n-th step of the run."""
        if step % self.config.critic_every == 0:
            super().critic_step(real, step)

    def critic_loss(self, on_real, on_fake):
        """The critic's loss from its scores."""
        if self.config.loss == "relativistic":
            return super().critic_loss(on_real, on_fake)
        of_real = cross_entropy(on_real, labels(self.config, on_real, real=True))
        return of_real + cross_entropy(on_fake, labels(self.config, on_fake, real=False))

    def generator_loss(self, real, fake):
        """The generator's loss on both batches."""
        if self.config.loss == "relativistic":
            return super().generator_loss(real, fake)
        return softplus(-self.critic(fake)).mean()

    def penalty_weight(self, step):
        """The weight of R1 + R2 at a step: falling, and only now and then."""
        config = self.config
        if not config.gradient_penalty or step % config.penalty_every:
            return 0.0
        fall = config.penalty_end / config.gradient_penalty
        return config.gradient_penalty * fall ** (step / config.n_steps) * config.penalty_every


RUNS["images"] = ImageRun

DECK = ImageConfig(
    name="deck",
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
