"""The deck's GAN as its notebook has it, and as its slides tell it.

The architecture is the one of the later slides (27) and of ``gan CNN.ipynb`` in the authors'
repository (gonzaq94/GAN-chaotic-systems, 2020). Importing this module adds both to the models that
`models.load_or_train` knows; ``python -m experiments.train deck-code`` trains one.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from experiments.dcgan import DECK, UNITS, ImageRun, in_eval_mode
from experiments.images import Scaling, images_to_series, series_to_images, units
from experiments.models import CONFIGS, ENSEMBLES
from lorenz_utils import networks
from lorenz_utils.adversarial import RUNS
from lorenz_utils.system import simulate

# Keras' batch normalisation: its momentum is the share that is kept, its epsilon is larger.
BATCH_NORM = {"momentum": 0.01, "eps": 1e-3}
NOISE_ENDS = ((0.4, 1.0), (0.6, 1 / 2), (0.8, 1 / 6), (0.9, 1 / 10))
REAL, FAKE = 0.1, 0.9


class Generator(nn.Module):
    """300 normal numbers to a 32 x 32 image: dense, four doublings of the side, a convolution.

    Parameters
    ----------
    scaling : Scaling
        Maps pixels to physical units; stored with the weights.
    sigmoid : bool
        The slides' last layer; the notebook's is linear.
    """

    latent_dim = 300

    def __init__(self, scaling, *, sigmoid):
        super().__init__()
        widths = [256, 128, 128, 128, 128]
        layers = [nn.Linear(self.latent_dim, 1024), nn.LeakyReLU(0.2), nn.Unflatten(1, (256, 2, 2))]
        for n_in, n_out in pairwise(widths):
            layers += [nn.ConvTranspose2d(n_in, n_out, 2, 2), nn.BatchNorm2d(n_out, **BATCH_NORM)]
            layers.append(nn.LeakyReLU(0.2))
        layers += [nn.Conv2d(128, 3, 3, padding=1), nn.Sigmoid() if sigmoid else nn.Identity()]
        self.layers = nn.Sequential(*layers).apply(_initialise)
        networks.store_affine(self, scaling.centre, scaling.half_range)

    def forward(self, latent):
        """(B, 300) -> (B, 3, 32, 32)."""
        return self.layers(latent)

    def sample_latent(self, n_series, *, rng):
        """Standard normal latents, shape (n_series, 300)."""
        return networks.normal_latents((n_series, self.latent_dim), rng)

    @torch.no_grad()
    def generate(self, n_series, length=1000, *, rng):
        """Series in physical units, (n_series, length, 3), as `DCGANGenerator.generate`."""
        images = in_eval_mode(self, self.sample_latent(n_series, rng=rng))
        return images_to_series(images, units(self), length=length)


class Discriminator(nn.Module):
    """A 32 x 32 image to one logit: four convolutions with batch normalisation, dropout, dense.

    It sees the zeros after the last sample like any other pixel.
    """

    def __init__(self):
        super().__init__()
        layers = []
        for n_in, n_out, stride in ((3, 64, 1), (64, 128, 2), (128, 128, 2), (128, 256, 2)):
            layers += [nn.Conv2d(n_in, n_out, 3, stride, 1), nn.BatchNorm2d(n_out, **BATCH_NORM)]
            layers.append(nn.LeakyReLU(0.2))
        layers += [nn.Flatten(), nn.Dropout(0.4), nn.Linear(4096, 1), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers).apply(_initialise)

    def forward(self, images):
        """(B, 3, 32, 32) -> (B,), positive where it takes them for generated (in the notebook)."""
        return self.layers(images)


def _initialise(module):
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)


class SlidesRun(ImageRun):
    """The layers of the slides, sigmoid at the end, trained with the tricks that they list."""

    sigmoid, every = True, 50

    def __init__(self, config, ensemble, device, *, symmetry=None):
        super().__init__(config, ensemble, device, symmetry=symmetry)
        self.report_every = self.every

    @classmethod
    def build(cls, config, ensemble, symmetry=None):
        """Generator, critic, and the data that batches are drawn from."""
        scaling = cls.scaling(ensemble)
        images = series_to_images(ensemble, scaling)
        return Generator(scaling, sigmoid=cls.sigmoid), Discriminator(), images

    @classmethod
    def unfilled(cls, config):
        """A generator to load weights into."""
        return Generator(UNITS, sigmoid=cls.sigmoid)

    @staticmethod
    def scaling(ensemble):
        """The map that sends each coordinate to [0, 1], the range of a sigmoid."""
        low, high = ensemble.min((0, 1)), ensemble.max((0, 1))
        return Scaling(tuple(low.tolist()), tuple((high - low).tolist()))


class NotebookRun(SlidesRun):
    """The notebook's game: a linear last layer, data in their own units, its own steps.

    The discriminator sees real and generated images in one batch, under heavy noise that is the
    same for the three coordinates, with labels that are fixed and exchanged. The generator is
    judged on clean images, by a discriminator that normalises with its running moments.
    """

    sigmoid, every = False, 10

    @staticmethod
    def scaling(ensemble):
        """None: the pixels are the coordinates."""
        return UNITS

    def noise(self, step):
        """Standard deviation of the noise at a step: 10, 5, 1.7, 1, and 0 for the last tenth."""
        share = step / self.config.n_steps
        factor = next((f for end, f in NOISE_ENDS if share < end), 0.0)
        return factor * self.config.instance_noise

    def critic_step(self, real, step):
        """One step of the discriminator."""
        self.generator.eval()
        with torch.no_grad():
            fake = self.fake(real)
        self.generator.train()
        noise = self.noise(step) * torch.randn(2 * len(real), 1, 32, 32).to(self.device)
        scores = self.critic(torch.cat([real, fake]) + noise)
        of_real, of_fake = scores.chunk(2)
        loss = cross_entropy(scores, torch.cat([of_real * 0 + REAL, of_fake * 0 + FAKE]).detach())
        right = torch.cat([of_real < 0, of_fake > 0]).float().mean()
        self.losses |= {"critic_loss": loss.detach(), "critic_right": right}
        self.losses["noise"] = self.noise(step)
        self.descend("critic", loss)

    def generator_step(self, real, step):
        """One step of the generator, towards images that the discriminator takes for real."""
        normalisations = [m for m in self.critic.modules() if isinstance(m, nn.BatchNorm2d)]
        for layer in normalisations:
            layer.eval()
        scores = self.critic(self.fake(real))
        for layer in normalisations:
            layer.train()
        loss = cross_entropy(scores, torch.zeros_like(scores))
        self.losses["generator_loss"] = loss.detach()
        self.descend("generator", loss)


def from_the_origin(n_series, length, dt, *, rng):
    """Series from standard normal starts, the way to the attractor included."""
    return simulate(np.random.default_rng(rng).standard_normal((n_series, 3)), dt, length)


RUNS |= {"deck-code": NotebookRun, "deck-slides": SlidesRun}
ENSEMBLES["origin"] = from_the_origin
DECK_SLIDES = replace(
    DECK,
    name="deck-slides",
    pair="deck-slides",
    data="origin",
    n_steps=2000,
    batch_size=20,
    rate=1e-4,
    instance_noise=0.2,
    spectral_norm=False,
    dropout=0.4,
)
DECK_CODE = replace(
    DECK_SLIDES,
    name="deck-code",
    pair="deck-code",
    n_series=100,
    critic_every=1,
    label_smoothing=0.0,
    label_flip=0.0,
    instance_noise=10.0,
)
CONFIGS |= {config.name: config for config in (DECK_CODE, DECK_SLIDES)}
