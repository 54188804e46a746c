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
#
# **In short.** A checkerboard is arithmetic: where the stride does not divide the kernel, some pixels get more stamps than
# others, before anything is learned ({numref}`fig-dcgan-overlap`). Batch normalisation goes with the small initial weights, without
# which the image is born grey ({numref}`fig-dcgan-signal-size`).

# %% tags=["hide-input"]
from itertools import accumulate, pairwise

from IPython.display import Markdown

from book.figures import dcgan as figures
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
from numpy.lib.stride_tricks import sliding_window_view


def transposed_convolution(image, kernel, *, stride=1, padding=0):
    """Stamp the kernel once for each pixel of the image."""
    output = np.zeros(stride * (np.array(image.shape) - 1) + kernel.shape)
    windows = sliding_window_view(output, kernel.shape, writeable=True)[::stride, ::stride]
    for pixel, value in np.ndenumerate(image):
        windows[pixel] += value * kernel
    rows, columns = output.shape
    return output[padding : rows - padding, padding : columns - padding]


# %% [markdown]
# The deck's input and kernel, both with the entries 0, 1, 2, 3:

# %%
square = np.arange(4.0).reshape(2, 2)
result = transposed_convolution(square, square)
result

# %% tags=["hide-input"] label="fig-dcgan-example"
alone = square * np.eye(4).reshape(4, 2, 2)
_ = figures.plot_stamps(square, [transposed_convolution(pixel, square) for pixel in alone])

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
def convolution(image, kernel, *, stride=1):
    """Cross-correlation, as deep learning has it: slide, multiply, add."""
    windows = sliding_window_view(image, kernel.shape)[::stride, ::stride]
    return np.einsum("ijkl,kl->ij", windows, kernel)


# %% tags=["kernel"]
def convolution_matrix(shape, kernel, *, stride=1):
    """Matrix (outputs, inputs): each column is the image of a single pixel."""
    pixels = np.eye(np.prod(shape)).reshape(-1, *shape)
    return np.stack([convolution(p, kernel, stride=stride).ravel() for p in pixels], axis=1)


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
from torch.nn.functional import conv2d, conv_transpose2d, interpolate

torch.set_num_threads(1)


# %%
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


def make_generator():
    blocks = [*block(100, 128, 1, 0), *block(128, 64, 2, 1), *block(64, 32, 2, 1)]
    generator = nn.Sequential(*blocks, nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh())
    for layer in generator[::3]:
        nn.init.normal_(layer.weight, std=0.02)
    nn.init.zeros_(generator[9].bias)
    return generator


# %%
@torch.no_grad()
def stages(layers, x):
    """What goes in, and what each layer makes of it."""
    return list(accumulate(layers, lambda x, layer: layer(x), initial=x))


torch.manual_seed(0)
generator = make_generator()
shapes = [tuple(x.shape[1:]) for x in stages(generator, torch.randn(16, 100, 1, 1))]
depths, sides, _ = np.array([shapes[0], *shapes[1::3]]).T.tolist()

# %% tags=["hide-input"] label="tab-dcgan-layers"
weights = [sum(p.numel() for p in layer.parameters()) for layer in generator]
sizes = pairwise("{} × {} × {}".format(*shape) for shape in shapes)
rows = [
    [type(layer).__name__, *size, n]
    for layer, size, n in zip(generator, sizes, weights, strict=True)
]
plotting.table(["layer", "in: channels × rows × columns", "out", "weights"], rows, ",")

# %% tags=["hide-input"]
grows, shrinks = np.diff(sides) > 0, np.diff(depths[1:]) < 0
Markdown(
    f"From one convolution to the next the sides grow at {grows.sum():d} of {grows.size:d} steps "
    f"(`{sides}`), and after the first the depths shrink at {shrinks.sum():d} of {shrinks.size:d} "
    f"(`{depths[1:]}`). The first step is the exception that the deck's "
    f"sentence leaves out: from {depths[0]:d} channels of noise to {depths[1]:d} of features. That layer is a "
    f"plain matrix, reshaped, and holds {100 * weights[0] / sum(weights):.0f} % of the {sum(weights):,} weights."
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
def overlaps(k):
    """How many stamps of side k reach each output pixel at stride 2, edges aside."""
    return transposed_convolution(np.ones((9, 9)), np.ones((k, k)), stride=2)[k:-k, k:-k]


counts = {k: overlaps(k) for k in (2, 3, 4, 5)}

# %% tags=["hide-input"] label="tab-dcgan-overlaps"
stamps = [", ".join(f"{c:.0f}" for c in np.unique(grid)) for grid in counts.values()]
rows = [[k, "yes" if k % 2 == 0 else "no", s] for k, s in zip(counts, stamps, strict=True)]
plotting.table(["kernel side", "divisible by stride 2", "stamps on a pixel"], rows)

# %% tags=["hide-input"] label="fig-dcgan-overlap"
_ = figures.plot_overlaps({k: counts[k][:8, :8] for k in (3, 4, 5)})

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
kernels = [np.ones(3) * 2 / 3, np.ones(4) / 2, np.array([0.5, 1, 0.5])]
phase_sums = [(w[::2].sum(), w[1::2].sum()) for w in kernels]
doubled = [transposed_convolution(x[None], w[None], stride=2)[0, 2:-2] for w in kernels]

# %% [markdown]
# (A two-dimensional stride on a single row only adds empty rows, so the same function does.)

# %% tags=["hide-input"] label="fig-dcgan-signal"
_ = figures.plot_doubled(doubled, phase_sums)

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
        return conv2d(interpolate(x, scale_factor=2), weight.transpose(0, 1))
    return conv_transpose2d(x, weight, stride=2)


def phases(y):
    """Interior of (B, C, ~40, ~40), split by phase: (4, B, C, 16, 16)."""
    return torch.stack([y[:, :, i:36:2, j:36:2] for i in (4, 5) for j in (4, 5)])


# %%
def measure(k, resize, seed):
    torch.manual_seed(seed)
    weight, noise = torch.randn(8, 8, k, k), torch.randn(32, 8, 20, 20)
    power = phases(upsample(noise, weight, resize=resize)).square().mean((1, 2, 3, 4))
    constant = upsample(torch.ones(1, 8, 20, 20), weight, resize=resize)
    flat = phases(constant).mean((1, 3, 4))
    ripple = flat.var(0, correction=0).sum() / flat.square().mean(0).sum()
    return power.max() / power.min(), ripple.sqrt()


# %%
k3, k4, copies = (
    ledger.Estimate.from_samples([measure(*layer, seed) for seed in range(20)])
    for layer in [(3, False), (4, False), (3, True)]
)

# %% tags=["hide-input"] label="tab-dcgan-upsampling"
rows = [["transposed, kernel 3", *k3], ["transposed, kernel 4", *k4]]
rows.append(["copies, then kernel 3", *copies])
plotting.table(["layer (20 seeds)", "unevenness of power", "ripple on a constant"], rows, ".2f")

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
    x, generator = torch.randn(64, 100, 1, 1), make_generator()
    for k in () if batch_norm else (1, 4, 7):
        generator[k] = nn.Identity()
    return [y.square().mean().sqrt().item() for y in stages(generator, x)[1::3]]


# %%
signals = {}
for flag in (True, False):
    signals[flag] = np.array([signal_sizes(seed, batch_norm=flag) for seed in range(6)])
predicted = np.cumprod(0.02 * np.sqrt([100, *(4 * np.array(depths[1:-1]) / 2)]))

# %% tags=["hide-input"] label="fig-dcgan-signal-size"
_ = figures.plot_signals(signals, predicted)

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
slide = [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
ledger.record("dcgan/transposed-example-error", np.abs(result - slide).max())
ledger.record("dcgan/transposed-example-side", float(len(result)))
ledger.record("dcgan/depth-falls", float(-np.diff(depths[1:]).max()), layers=len(depths) - 1)
last = {flag: ledger.Estimate.from_samples(s[:, -1]) for flag, s in signals.items()}
Markdown(
    f"* **The deck's example is exact:** three routes (stamps, torch, transposed matrix) give "
    f"`{result.astype(int).tolist()}`, of side {len(result)}. Doubling needs stride 2.\n"
    f"* **The deck's description of the generator holds:** sides `{sides}`, depths `{depths[1:]}`.\n"
    f"* **Checkerboards come from unequal phase sums.** Kernel 3 at stride 2 puts {k3[0]:.1f} times the power on "
    f"some pixels, kernel 4 {k4[0]:.2f} times; the ripple of a random layer on a constant is "
    f"{k3[1]:.2f} and {k4[1]:.2f}, and {copies[1]:.2f} for copies then convolution.\n"
    f"* **Batch normalisation goes with the small initial weights:** the last layer's signal has size {last[True]:.3f} "
    f"with it and {last[False]:.4f} without (6 seeds)."
)

# %% [markdown]
# The deck calls the rules "constraints to stabilise the training". This page shows the start of
# training only; what they do for the deck's own generator is measured in
# {doc}`/book/04_generation/deck_gan`.
#
# ## Exercises
#
# :::{exercise}
# :label: ex-dcgan-adjoint
#
# **Adjoint.** A matrix and its transpose satisfy $\langle C x, y \rangle = \langle x, C^T y \rangle$.
# Check that the two functions of this page do, at stride 2, without building any matrix. Then apply
# one after the other: is $C C^T$ a multiple of the identity?
# :::

# %% tags=["solution"]
image, code, kernel = (rng.normal(size=(n, n)) for n in (10, 4, 4))
left = np.sum(convolution(image, kernel, stride=2) * code)
right = np.sum(image * transposed_convolution(code, kernel, stride=2))
assert abs(left - right) < 1e-12
C = convolution_matrix((10, 10), kernel, stride=2)
print((C @ C.T)[5, [5, 6, 9, 10]].round(2))
# Off the diagonal stand the overlaps of shifted kernels: transposing does not invert.

# %% [markdown]
# :::{exercise}
# :label: ex-dcgan-ripple
#
# **Cure the initial ripple.** Let the size-4 kernel of a stride-2 transposed convolution start
# as the outer product of $(\tfrac14, \tfrac34, \tfrac34, \tfrac14)$ with itself. What are its phase
# sums {eq}`eq-phase-sums`, and which classical operation is it? What does {eq}`eq-transposed-size` say
# about padding?
# :::

# %% tags=["solution"]
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
# **Onward.** {doc}`/book/03_concepts/spectral_normalization` bounds the discriminator that these layers make.
# Before: {doc}`/book/03_concepts/convolution` and {doc}`/book/03_concepts/batch_normalization`.
