"""Residual networks for images: a generator and its critic, and a denoiser.

Shapes in comments: B batch, H and W rows and columns.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate


class Block(nn.Module):
    """A residual block without normalisation, its last layer at 0 so that it begins as identity."""

    def __init__(self, n_in, n_out, n_condition=0):
        super().__init__()
        self.skip = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()
        self.first = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.last = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shift = nn.Linear(n_condition, n_out) if n_condition else None
        nn.init.zeros_(self.last.weight)
        self.act = nn.SiLU()

    def forward(self, x, condition=None):
        """(B, n_in, H, W) -> (B, n_out, H, W)."""
        inner = self.first(self.act(x))
        if self.shift is not None:
            inner = inner + self.shift(condition)[:, :, None, None]
        return self.skip(x) + self.last(self.act(inner))


class ResidualGenerator(nn.Module):
    """A latent to an image by residual blocks, the side doubled between them."""

    latent_dim = 100

    def __init__(self, widths=(64, 64, 32, 16)):
        super().__init__()
        self.dense = nn.Linear(self.latent_dim, 16 * widths[0])
        self.blocks = nn.ModuleList(Block(n, m) for n, m in pairwise((widths[0], *widths)))
        self.last = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, latent):
        """(B, 100) -> (B, 3, 32, 32)."""
        x = self.dense(latent).unflatten(1, (-1, 4, 4))
        for i, block in enumerate(self.blocks):
            x = block(interpolate(x, scale_factor=2) if i else x)
        return self.last(x)


class ResidualCritic(nn.Module):
    """The same blocks in reverse order, the side halved between them."""

    def __init__(self, widths=(16, 32, 64, 64)):
        super().__init__()
        self.first = nn.Conv2d(3, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(Block(n, m) for n, m in pairwise((widths[0], *widths)))
        self.last = nn.Linear(16 * widths[-1], 1)

    def forward(self, images):
        """(B, 3, 32, 32) -> (B,)."""
        x = self.first(images)
        for i, block in enumerate(self.blocks):
            x = block(avg_pool2d(x, 2) if i else x)
        return self.last(x.flatten(1)).squeeze(1)


class Denoiser(nn.Module):
    """A small U-Net: the velocity that carries a noisy image towards the data."""

    def __init__(self, widths=(16, 32, 64), n_condition=32):
        super().__init__()
        self.first = nn.Conv2d(3, widths[0], 3, padding=1)
        self.frequencies = nn.Parameter(2 * torch.randn(n_condition // 2), requires_grad=False)
        blocks = [(n, m, n_condition) for n, m in pairwise((widths[0], *widths))]
        self.down = nn.ModuleList(Block(*sizes) for sizes in blocks)
        self.middle = Block(widths[-1], widths[-1], n_condition)
        upward = zip(widths[::-1], (*widths[-2::-1], widths[0]), strict=True)
        self.up = nn.ModuleList(Block(2 * n, m, n_condition) for n, m in upward)
        self.last = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(self, images, time):
        """(B, 3, 32, 32), (B,) -> (B, 3, 32, 32)."""
        phase = 2 * torch.pi * time[:, None] * self.frequencies
        condition = torch.cat([phase.sin(), phase.cos()], dim=1)
        x, kept = self.first(images), []
        for i, block in enumerate(self.down):
            x = block(avg_pool2d(x, 2) if i else x, condition)
            kept.append(x)
        x = self.middle(x, condition)
        for i, block in enumerate(self.up):
            x = interpolate(x, scale_factor=2) if i else x
            x = block(torch.cat([x, kept.pop()], dim=1), condition)
        return self.last(x)
