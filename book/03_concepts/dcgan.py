# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Transposed convolutions and the DCGAN
#
# **Question.** How does a stack of transposed convolutions turn a vector of noise into an image,
# where does its checkerboard pattern come from, and what is each rule of the DCGAN good for?
#
# **What the deck claimed.** (slides 22 and 23) "DCGANs are a family of ConvNets that impose certain
# architectural constraints to stabilise the training of the GAN. [...] The generator is made of a
# series of transposed convolutions. These operations take a vector of random noise $z$ and
# transform it, progressively increasing its spatial dimensions while decreasing the depth of its
# volume of features." Slide 23 adds an example with numbers.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown

from lorenz_utils import ledger, plotting
from lorenz_utils.system import make_ensemble

plotting.use_style()

# %% [markdown]
# ## The deck's example
#
# A convolution gathers: each output is a weighted sum of a window of inputs. The **transposed**
# convolution scatters: each input stamps a copy of the kernel, weighted by its value, onto the
# output, and copies that overlap are added. With stride $s$ the stamps are $s$ pixels apart. An
# input of side $n$ and a kernel of side $k$ therefore give
#
# $$
# n_{\text{out}} = s (n - 1) + k - 2 p ,
# $$ (eq-transposed-size)
#
# where $p$ pixels of padding are cut from each edge. In numpy:


# %% tags=["kernel"]
import numpy as np


def transposed_convolution(image, kernel, *, stride=1, padding=0):
    """Stamp the kernel once for each pixel of the image."""
    height, width = kernel.shape
    rows = stride * (image.shape[0] - 1) + height
    columns = stride * (image.shape[1] - 1) + width
    output = np.zeros((rows, columns))
    for (i, j), value in np.ndenumerate(image):
        top, left = stride * i, stride * j
        output[top : top + height, left : left + width] += value * kernel
    return output[padding : rows - padding, padding : columns - padding]


# %% [markdown]
# The deck's input and kernel, both with the entries 0, 1, 2, 3:

# %%
square = np.arange(4.0).reshape(2, 2)
result = transposed_convolution(square, square)
result

# %% tags=["hide-input"] label="fig-dcgan-example"
fig, axes = plt.subplots(1, 5, figsize=(8.4, 1.9))
stamps = []
for (i, j), value in np.ndenumerate(square):
    alone = np.zeros((2, 2))
    alone[i, j] = value
    stamps.append(transposed_convolution(alone, square))
titles = [f"{v:.0f} × kernel" for v in square.ravel()] + ["sum"]
for ax, grid, title in zip(axes, [*stamps, sum(stamps)], titles, strict=True):
    ax.imshow(grid, cmap="Blues", vmin=0, vmax=20)
    for (i, j), value in np.ndenumerate(grid):
        ink = plotting.ON_IMAGE["dark"]
        ax.text(j, i, f"{value:.0f}", ha="center", va="center", color=ink)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title)
    ax.grid(False)

# %% [markdown]
# {numref}`fig-dcgan-example` is the slide's drawing, and its arithmetic is right. A description of
# the drawing in our copy of the slides' text reads it differently: "a 2x2 input matrix [...] into a 4x4 output matrix by
# doubling both spatial dimensions [...] with a 2x2 kernel of ones". The numbers say otherwise: the
# kernel holds 0, 1, 2, 3, the stride is 1, and by {eq}`eq-transposed-size` the result has
# $1 \cdot (2 - 1) + 2 = 3$ rows. It is
# stride 2 that doubles: the same kernel then makes four stamps side by side, without overlap.

# %%
transposed_convolution(square, square, stride=2)

# %% [markdown]
# ## Why "transposed"
#
# A convolution is linear, so it is a matrix $C$ acting on the image written as one long vector:
# $y = C x$, from 9 pixels to 4 in the example. The operation above is multiplication by $C^T$,
# from 4 to 9. It is not the inverse: $C^T C \neq 1$. It is what back-propagation does in a
# convolutional layer, used forwards.
#
# :::{margin} Not a deconvolution
# The operation is often called by that name. In signal processing the name means undoing a
# convolution, which a transpose does not do.
# :::


# %% tags=["kernel"]
import numpy as np


def convolution(image, kernel, *, stride=1):
    """Cross-correlation, as deep learning has it: slide, multiply, add."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows[::stride, ::stride], kernel)


def convolution_matrix(shape, kernel, *, stride=1):
    """Matrix (outputs, inputs): each column is the image of a single pixel."""
    pixels = np.eye(np.prod(shape)).reshape(-1, *shape)
    columns = [convolution(pixel, kernel, stride=stride) for pixel in pixels]
    return np.stack(columns, axis=-1).reshape(-1, len(pixels))


# %%
C = convolution_matrix((3, 3), square)
print(C.astype(int))
np.array_equal((C.T @ square.ravel()).reshape(3, 3), result)

# %% [markdown]
# torch stores the kernels of a transposed convolution as (channels in, channels out, rows,
# columns). Here it runs the example, and then a random image with stride and padding.
#
# :::{margin} Which side goes back?
# Formula {eq}`eq-convolution-size` rounds down: with a stride, inputs of several sides give the same output.
# Formula {eq}`eq-transposed-size` returns the smallest of them; torch's `output_padding` chooses a larger one.
# :::

# %%
import torch
from torch import nn
from torch.nn.functional import conv_transpose2d, interpolate

torch.set_num_threads(1)


def by_torch(image, kernel, **options):
    image, kernel = (torch.tensor(a)[None, None] for a in (image, kernel))
    return conv_transpose2d(image, kernel, **options)[0, 0].numpy()


# %%
rng = np.random.default_rng(0)
image, kernel = rng.normal(size=(5, 6)), rng.normal(size=(4, 4))
ours = transposed_convolution(image, kernel, stride=2, padding=1)
error = np.abs(ours - by_torch(image, kernel, stride=2, padding=1)).max()
matrix = convolution_matrix((12, 14), kernel, stride=2).T @ image.ravel()
error_matrix = np.abs(ours - matrix.reshape(12, 14)[1:-1, 1:-1]).max()

# %% tags=["hide-input"]
difference = np.abs(by_torch(square, square) - result).max()
Markdown(
    f"The largest difference to torch is {difference:.0e} on the example and {error:.0e} on the random "
    f"image, to the transposed matrix {error_matrix:.0e} there."
)

# %% [markdown]
# ## From noise to an image
#
# A generator for 32 × 32 RGB images in the manner of {cite:t}`radford2016unsupervised`: the latent
# vector is a picture of one pixel with 100 channels. The first layer stamps it onto 4 × 4; each
# further one, with kernel 4, stride 2 and padding 1, doubles the side, since {eq}`eq-transposed-size`
# is then $2 (n - 1) + 4 - 2 = 2 n$. {numref}`tab-dcgan-layers` follows 16 vectors through it.


# %%
def block(n_in, n_out, stride, padding):
    up = nn.ConvTranspose2d(n_in, n_out, 4, stride, padding, bias=False)
    return [up, nn.BatchNorm2d(n_out), nn.ReLU()]


def make_generator(width=32):
    layers = block(100, 4 * width, 1, 0)
    layers += block(4 * width, 2 * width, 2, 1) + block(2 * width, width, 2, 1)
    layers += [nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh()]
    generator = nn.Sequential(*layers)
    for layer in generator:
        if isinstance(layer, nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=0.02)
    nn.init.zeros_(generator[-2].bias)
    return generator


# %% tags=["hide-input"] label="tab-dcgan-layers"
torch.manual_seed(0)
generator, x = make_generator(), torch.randn(16, 100, 1, 1)
rows, depths, sides = [], [100], [1]
with torch.no_grad():
    for layer in generator:
        before, x = x, layer(x)
        count = sum(p.numel() for p in layer.parameters())
        rows.append(
            [
                type(layer).__name__,
                "{} × {} × {}".format(*before.shape[1:]),
                "{} × {} × {}".format(*x.shape[1:]),
                f"{count:,}",
            ]
        )
        if isinstance(layer, nn.ConvTranspose2d):
            depths.append(x.shape[1])
            sides.append(x.shape[2])
parameters = sum(p.numel() for p in generator.parameters())
plotting.table(["layer", "in: channels × rows × columns", "out", "weights"], rows)

# %% tags=["hide-input"]
grows, shrinks = np.diff(sides) > 0, np.diff(depths[1:]) < 0
share = 100 * (depths[1] * 100 * 16) / parameters
Markdown(
    f"From one convolution to the next the sides grow at {grows.sum():d} of {grows.size:d} steps "
    f"(`{sides}`), and after the first the depths shrink at {shrinks.sum():d} of {shrinks.size:d} "
    f"(`{depths[1:]}`). The first step is the exception that the deck's "
    f"sentence leaves out: from {depths[0]:d} channels of noise to {depths[1]:d} of features. That layer is a "
    f"plain matrix, reshaped, and holds {share:.0f} % of the {parameters:,} weights."
)

# %% [markdown]
# ## Checkerboards
#
# Stamps that overlap unevenly leave a pattern {cite}`odena2016deconvolution`. In one dimension, an
# output pixel is reached by every input whose stamp covers it. The count repeats with period $s$,
# and is constant only if $s$ divides $k$. In two dimensions the counts multiply. An input of ones
# and a kernel of ones make the operation count its own overlaps
# ({numref}`tab-dcgan-overlaps` and {numref}`fig-dcgan-overlap`).


# %%
def overlaps(kernel_size, stride=2, n=6):
    """How many stamps reach each output pixel, edges aside."""
    image, kernel = np.ones((n, n)), np.ones((kernel_size, kernel_size))
    counts = transposed_convolution(image, kernel, stride=stride)
    return counts[kernel_size:-kernel_size, kernel_size:-kernel_size]


counts = {k: overlaps(k) for k in (2, 3, 4, 5)}

# %% tags=["hide-input"] label="tab-dcgan-overlaps"
rows = [
    [k, "yes" if k % 2 == 0 else "no", ", ".join(f"{c:.0f}" for c in np.unique(m))]
    for k, m in counts.items()
]
plotting.table(["kernel side", "divisible by stride 2", "stamps on a pixel"], rows)

# %% tags=["hide-input"] label="fig-dcgan-overlap"
fig, axes = plt.subplots(1, 3, figsize=(7.2, 2.5))
for ax, k in zip(axes, (3, 4, 5), strict=True):
    shown = ax.imshow(overlaps(k, n=9)[:8, :8], cmap="cividis", vmin=0, vmax=9)
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"kernel {k} × {k}")
    ax.grid(False)
_ = fig.colorbar(shown, ax=axes, label="stamps on a pixel")

# %% [markdown]
# ### What the pattern does to a signal
#
# Counts are the special case of a kernel of ones. In general the output at phase $r$ (its index
# modulo $s$) sees the weights $w_r, w_{r+s}, \dots$ only, so a constant input $c$ gives
#
# $$
# y_r = c \sum_j w_{r + js} ,
# $$ (eq-phase-sums)
#
# **one value for each phase**. The pattern vanishes when these sums are equal,
# which is a condition on the weights, not on the size. A size-3 kernel can be clean, namely
# $(\tfrac12, 1, \tfrac12)$, which interpolates linearly. Doubled samples of the Lorenz $x$ show it
# in {numref}`fig-dcgan-signal`.

# %%
x = make_ensemble(1, 60, 0.05, rng=3)[0, :, 0]
kernels = {
    "ones, size 3": np.ones(3) * 2 / 3,
    "ones, size 4": np.ones(4) / 2,
    "(1/2, 1, 1/2)": np.array([0.5, 1, 0.5]),
}
phase_sums = {name: (w[::2].sum(), w[1::2].sum()) for name, w in kernels.items()}
doubled = {}
for name, w in kernels.items():
    doubled[name] = transposed_convolution(x[None], w[None], stride=2)[0, 2:-2]

# %% [markdown]
# (A two-dimensional stride on a single row only adds empty rows, so the same function does.)

# %% tags=["hide-input"] label="fig-dcgan-signal"
fig, axes = plt.subplots(1, 3, figsize=(9, 2.6), sharey=True)
for ax, (name, y) in zip(axes, doubled.items(), strict=True):
    ax.plot(0.025 * np.arange(len(y)), y, color=plotting.COORDINATES["x"], lw=1)
    ax.set_title(f"{name}: sums {phase_sums[name][0]:.2f}, {phase_sums[name][1]:.2f}", fontsize=9)
    ax.set(xlabel="time (Lorenz time units)")
_ = axes[0].set_ylabel("$x$")

# %% [markdown]
# ### Three upsampling layers, untrained
#
# What does a fresh layer do? Two measures, over random weights. *Unevenness*: white noise goes in,
# and the power of the output is compared between phases, largest over smallest. *Ripple*: a constant
# goes in, and the standard deviation over phases is divided by the root mean square. Before any
# training the kernel of size 4 already balances the power. Does it remove the ripple
# ({numref}`tab-dcgan-upsampling`)?


# %%
def upsample(x, weight, *, resize):
    """Transposed convolution of stride 2, or copies and then a convolution."""
    if resize:
        copies = interpolate(x, scale_factor=2)
        return nn.functional.conv2d(copies, weight.transpose(0, 1))
    return conv_transpose2d(x, weight, stride=2)


def phases(y):
    """Interior of (B, C, ~40, ~40), split by phase: (4, B, C, 16, 16)."""
    y = y[:, :, 4:36, 4:36]
    return torch.stack([y[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)])


# %%
def measure(kernel_size, *, resize, seed):
    torch.manual_seed(seed)
    weight = torch.randn(8, 8, kernel_size, kernel_size)
    noise = upsample(torch.randn(32, 8, 20, 20), weight, resize=resize)
    power = phases(noise).square().mean((1, 2, 3, 4))
    constant = upsample(torch.ones(1, 8, 20, 20), weight, resize=resize)
    flat = phases(constant).mean((1, 3, 4))
    ripple = flat.var(0, correction=0).sum() / flat.square().mean(0).sum()
    return power.max() / power.min(), ripple.sqrt()


# %% tags=["hide-input"] label="tab-dcgan-upsampling"
layers = {
    "transposed, kernel 3": (3, False),
    "transposed, kernel 4": (4, False),
    "copies, then kernel 3": (3, True),
}
measured = {
    name: [
        ledger.Estimate.from_samples(m)
        for m in zip(*(measure(k, resize=resize, seed=i) for i in range(20)), strict=True)
    ]
    for name, (k, resize) in layers.items()
}
rows = [[name, f"{power:.2f}", f"{ripple:.2f}"] for name, (power, ripple) in measured.items()]
plotting.table(
        ["layer (20 seeds)", "unevenness of power", "ripple on a constant"], rows
    )

# %% [markdown]
# Kernel 3 has the unevenness that counting predicts: four stamps against one. A divisible kernel evens the **power**, and that is
# all that it does: on a flat input its random weights ripple nearly as much. Training has to learn equal
# phase sums {eq}`eq-phase-sums`. Copying pixels and then convolving makes them equal by construction, for every weight:
# a constant stays a constant. (What unevenness of power remains in the last two rows comes from
# the weights that each phase happens to draw.)
#
# ## The rules
#
# {cite:t}`radford2016unsupervised` found their rules by trial. Most have a reason that can be named
# ({numref}`tab-dcgan-rules`).
#
# :::{table} The rules of the DCGAN and a reason for each. G is the generator, D the discriminator.
# :name: tab-dcgan-rules
#
# | rule | reason |
# |---|---|
# | strided convolutions in place of pooling (D), transposed ones (G) | the network learns its own down- and upsampling, and the gradient reaches every pixel instead of the largest only |
# | no hidden fully connected layers | a dense layer has a weight for each pair of pixels; a kernel is shared by all positions |
# | batch normalisation in G and D | keeps the signal's size from layer to layer: see below |
# | but not at G's output or D's input | these must keep the mean and the scale of the data |
# | ReLU inside G, tanh at its end | a bounded output to match data scaled to [-1, 1] |
# | leaky ReLU in D | G learns through D's gradient: a slope of zero would block it |
# | weights from a normal of width 0.02; Adam, rate 0.0002, $\beta_1 = 0.5$ | small start; less momentum, because the opponent moves |
# :::
#
# :::{margin} Momentum
# Adam's default is $\beta_1 = 0.9$. With it, report {cite:t}`radford2016unsupervised`, the training
# oscillated and was unstable.
# :::
#
# The third rule and the last belong together. A layer with $m$ incoming weights of width 0.02 after
# a ReLU, which keeps half of the mean square, multiplies the root mean square by about
# $0.02 \sqrt{m / 2}$. Each output pixel of a kernel 4, stride 2 layer has $m = 4 \times$ channels.
# {numref}`fig-dcgan-signal-size` follows the signal through the generator, with and without batch
# normalisation.


# %%
def signal_sizes(seed, *, batch_norm):
    """Root mean square after each transposed convolution of a fresh generator."""
    torch.manual_seed(seed)
    x, sizes = torch.randn(64, 100, 1, 1), []
    for layer in make_generator():
        if batch_norm or not isinstance(layer, nn.BatchNorm2d):
            x = layer(x)
        if isinstance(layer, nn.ConvTranspose2d):
            sizes.append(x.square().mean().sqrt().item())
    return sizes


# %%
with torch.no_grad():
    sizes = {
        flag: np.array([signal_sizes(s, batch_norm=flag) for s in range(6)])
        for flag in (True, False)
    }
predicted = 0.02 * np.sqrt([100, *(4 * np.array(depths[1:-1]) / 2)])

# %% tags=["hide-input"] label="fig-dcgan-signal-size"
fig, ax = plt.subplots(figsize=(5.6, 2.8))
for flag, name in [(True, "with batch normalisation"), (False, "without")]:
    ax.errorbar(
        range(1, 5),
        sizes[flag].mean(0),
        2 * sizes[flag].std(0, ddof=1) / 6**0.5,
        marker="o",
        ms=4,
        label=name,
    )
ax.plot(
    range(1, 5),
    np.cumprod(predicted),
    "--",
    color=plotting.COLOURS["reference"],
    label="predicted without",
)
ax.set(yscale="log", xticks=range(1, 5), xlabel="transposed convolution", ylabel="root mean square")
_ = ax.legend(fontsize=8)

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
ledger.record(
    "dcgan/transposed-example-error",
    float(np.abs(result - [[0, 0, 1], [0, 4, 6], [4, 12, 9]]).max()),
)
ledger.record("dcgan/transposed-example-side", float(len(result)))
ledger.record("dcgan/depth-falls", float(-np.diff(depths[1:]).max()), layers=len(depths) - 1)
last = {flag: ledger.Estimate.from_samples(s[:, -1]) for flag, s in sizes.items()}
k3, k4, copies = measured.values()
Markdown(
    f"* The deck's example is exact: three routes (stamps, torch, transposed matrix) give "
    f"`{result.astype(int).tolist()}`, of side {len(result)}. Doubling needs stride 2.\n"
    f"* The deck's description of the generator holds: sides `{sides}`, depths `{depths[1:]}`.\n"
    f"* Checkerboards come from unequal phase sums. Kernel 3 at stride 2 puts {k3[0]:.1f} times the power on "
    f"some pixels, kernel 4 {k4[0]:.2f} times; the ripple of a random layer on a constant is "
    f"{k3[1]:.2f} and {k4[1]:.2f}, and {copies[1]:.2f} for copies then convolution.\n"
    f"* Batch normalisation goes with the small initial weights: the last layer's signal has size {last[True]:.3f} "
    f"with it and {last[False]:.4f} without (6 seeds)."
)

# %% [markdown]
# The deck calls the rules "constraints to stabilise the training". This page shows the start of
# training only; what they do for the deck's own generator is measured in
# {doc}`/book/04_generation/deck_gan`.
#
# ## Exercises
#
# **1. Adjoint.** A matrix and its transpose satisfy $\langle C x, y \rangle = \langle x, C^T y \rangle$.
# Check that the two functions of this page do, at stride 2, without building any matrix. Then apply
# one after the other: is $C C^T$ a multiple of the identity?

# %% tags=["hide-cell"]
image, code, kernel = rng.normal(size=(10, 10)), rng.normal(size=(4, 4)), rng.normal(size=(4, 4))
left = np.sum(convolution(image, kernel, stride=2) * code)
right = np.sum(image * transposed_convolution(code, kernel, stride=2))
assert abs(left - right) < 1e-12
C = convolution_matrix((10, 10), kernel, stride=2)
print((C @ C.T)[5, [5, 6, 9, 10]].round(2))
# Off the diagonal stand the overlaps of shifted kernels: transposing does not invert.

# %% [markdown]
# **2. Cure the initial ripple.** Let the size-4 kernel of a stride-2 transposed convolution start
# as the outer product of $(\tfrac14, \tfrac34, \tfrac34, \tfrac14)$ with itself. What are its phase
# sums {eq}`eq-phase-sums`, and which classical operation is it? What does {eq}`eq-transposed-size` say
# about padding?

# %% tags=["hide-cell"]
line = np.array([1, 3, 3, 1]) / 4
smooth = np.outer(line, line)
print([float(smooth[i::2, j::2].sum()) for i in (0, 1) for j in (0, 1)])
image = rng.normal(size=(6, 6))
twice = transposed_convolution(image, smooth, stride=2, padding=1)
bilinear = interpolate(torch.tensor(image)[None, None], scale_factor=2, mode="bilinear")[0, 0]
assert np.allclose(twice[1:-1, 1:-1], bilinear[1:-1, 1:-1])
# All four sums are 1: no ripple. It is bilinear interpolation, away from the edges, and padding 1
# keeps exactly twice the side.

# %% [markdown]
# Next: how to bound the discriminator that these layers make,
# {doc}`/book/03_concepts/spectral_normalization`. Before: {doc}`/book/03_concepts/convolution` and
# {doc}`/book/03_concepts/batch_normalization`.
