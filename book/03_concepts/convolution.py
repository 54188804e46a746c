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
# # Convolution
#
# **Question.** What does a convolution layer compute, and what does a small kernel see of a Lorenz
# series that was folded into an image?
#
# **What the deck claimed.** (slide 14) A layer has "a linear part: the operation of convolution
# between the input data and the kernels of each layer", and "a non-linear part: a non-linear
# operation made element by element". Its example slides a $3 \times 3$ kernel over a
# $5 \times 5$ image and works out one entry, "$7 \times 1 + 4 \times 1 + \dots + 2 \times -1 = 6$".
# Later (slide 26) each series becomes a $32 \times 32$ picture, the deck's main design choice.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown

from lorenz_utils import ledger, plotting
from lorenz_utils.system import make_ensemble, vector_field

plotting.use_style()

# %% [markdown]
# ## Slide, multiply, add
#
# Lay the kernel $K$ on a corner of the image $I$, multiply what lies on top of each other, add up;
# then move on by one:
#
# $$(I \star K)_{ij} = \sum_{k,l} I_{i+k,\,j+l}\, K_{kl}.$$ (eq-cross-correlation)
#
# Every output is the same small weighted sum at another place: few weights, shared by all places.
#
# :::{margin} Shared weights
# Fukushima's neocognitron of 1980 looked at all places of an image with the same weights. In 1989
# LeCun and colleagues trained such weights by backpropagation, to read postal codes.
# :::


# %% tags=["kernel"]
import numpy as np


def cross_correlate(image, kernel, *, stride=1, padding=0):
    """Weighted sums of all windows of the kernel's size, `stride` apart."""
    padded = np.pad(image, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows[::stride, ::stride], kernel)


# %%
image = np.array(
    [
        [7, 2, 3, 3, 8],
        [4, 5, 3, 8, 4],
        [3, 3, 2, 8, 4],
        [2, 8, 7, 2, 7],
        [5, 4, 4, 5, 4],
    ]
)
vertical_edge = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]])
result = cross_correlate(image, vertical_edge)
result

# %% [markdown]
# By {eq}`eq-cross-correlation` the first entry is $7 + 4 + 3 - 3 - 3 - 2$: the left column of the window minus the right one.
# The kernel answers where grey changes from left to right, and not at all where it does not.

# %% tags=["hide-input"] label="fig-convolution-steps"
steps = [(0, 0), (0, 1), (0, 2), (2, 2)]
fig, axes = plt.subplots(2, 4, figsize=(7.2, 4.3), height_ratios=[5, 3])


def show_numbers(ax, values, limit):
    """A grid of numbers on the grey of their value; NaN is left empty."""
    ax.imshow(values, cmap="Greys", vmin=-limit, vmax=2 * limit)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = plotting.ON_IMAGE["dark"]
            ax.text(j, i, f"{value:.0f}", ha="center", va="center", fontsize=9, color=ink)
    ax.set_axis_off()


for (i, j), (above, below) in zip(steps, axes.T, strict=True):
    show_numbers(above, image, 10)
    frame = plt.Rectangle((j - 0.5, i - 0.5), 3, 3, fill=False, edgecolor="#D55E00", lw=2.5)
    above.add_patch(frame)
    filled = np.where(np.arange(9).reshape(3, 3) <= 3 * i + j, result, np.nan)
    show_numbers(below, filled, 12)
    entry = plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="#D55E00", lw=2.5)
    below.add_patch(entry)
    below.set_title(f"entry ({i}, {j})", fontsize=9)

# %% [markdown]
# ## Is it a convolution?
#
# In mathematics a convolution turns the kernel around by half a turn first,
# $(I * K)_{ij} = \sum_{k,l} I_{i-k,\,j-l} K_{kl}$. Only then does the operation commute, and
# compose as probabilities and filters do. Without the turn, as in {eq}`eq-cross-correlation`, it is a **cross-correlation**: that is
# what the deck computes, and what torch computes under the name of convolution.


# %% tags=["kernel"]
def convolve(image, kernel):
    """Convolution proper: cross-correlation with the kernel turned around."""
    return cross_correlate(image, kernel[::-1, ::-1])


# %%
import torch
from scipy.signal import convolve2d
from torch import nn

torch.set_num_threads(1)
torch_result = nn.functional.conv2d(
    torch.tensor(image)[None, None], torch.tensor(vertical_edge)[None, None]
)[0, 0].numpy()
scipy_result = convolve2d(image, vertical_edge, mode="valid")
(
    np.array_equal(torch_result, result),
    np.array_equal(scipy_result, convolve(image, vertical_edge)),
)

# %% tags=["hide-input"]
ledger.record("convolution/first-entry", result[0, 0])
ledger.record("convolution/first-entry-flipped", convolve(image, vertical_edge)[0, 0])
Markdown(
    f"torch's `conv2d` gives the deck's {result[0, 0]:g}; SciPy's `convolve2d` gives "
    f"{scipy_result[0, 0]:g}. For a layer whose kernels are learned the difference is a matter of "
    "names, since the turned kernel can be learned as well. For a kernel written by hand it is not."
)

# %% [markdown]
# ## Stride, padding, receptive field
#
# A **stride** $s$ moves the window by $s$; a **padding** $p$ surrounds the image with zeros. An
# axis of length $n$ leaves a kernel of length $k$ with
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$ (eq-convolution-size)
#
# outputs. In a stack of layers one output sees more and more of the input: its **receptive
# field** grows by $(k_l - 1) s_1 \cdots s_{l-1}$ with layer $l$. Three layers with $k = 4$,
# $s = 2$, $p = 1$, as in a DCGAN's critic ({doc}`/book/03_concepts/dcgan`):


# %% tags=["kernel"]
def output_length(n, *, kernel, stride, padding):
    return (n + 2 * padding - kernel) // stride + 1


def receptive_field(kernels, strides):
    """Input samples that one output of the stack sees, per axis."""
    jumps = np.cumprod([1, *strides[:-1]])
    return int(1 + np.sum((np.array(kernels) - 1) * jumps))


# %% [markdown]
# {numref}`tab-convolution-sizes` checks {eq}`eq-convolution-size` against torch, and the receptive
# field against the gradient: an input belongs to it if the output's gradient there is not zero.
#
# :::{margin} Odd and even kernels
# With stride one a padding keeps the length if $2p = k - 1$. An even kernel has no such padding, and
# no middle: its output lies between the samples.
# :::

# %% tags=["hide-input"] label="tab-convolution-sizes"
n, rows = 32, []
stack = nn.Sequential()
pixels = torch.zeros(1, 1, 32, 32, requires_grad=True)
for depth in (1, 2, 3):
    stack.append(nn.Conv2d(1, 1, 4, stride=2, padding=1))
    n = output_length(n, kernel=4, stride=2, padding=1)
    output = stack(pixels)[0, 0]
    (gradient,) = torch.autograd.grad(output[n // 2, n // 2], pixels)
    seen = (gradient[0, 0] != 0).any(dim=0).sum().item()
    rows.append(
        [
            depth,
            f"{n} ({len(output)})",
            f"{receptive_field([4] * depth, [2] * depth)} ({seen})",
        ]
    )
headers = [
    "layers",
    "outputs per axis (torch's)",
    "receptive field per axis (from the gradient)",
]
plotting.table(headers, rows)

# %% [markdown]
# ## The non-linear part
#
# A stack of linear layers is one linear layer; between them goes an **activation**, applied
# element by element. In training its derivative multiplies the gradient: where it is near zero,
# nothing is learned.

# %% tags=["kernel"]
activations = {
    "ReLU": (lambda a: np.maximum(a, 0), lambda a: (a > 0) * 1.0),
    "leaky ReLU": (
        lambda a: np.where(a > 0, a, 0.2 * a),
        lambda a: np.where(a > 0, 1, 0.2),
    ),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "sigmoid": (
        lambda a: 1 / (1 + np.exp(-a)),
        lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2,
    ),
}

# %% tags=["hide-input"] label="fig-convolution-activations"
fig, axes = plt.subplots(1, 2)
grid = np.linspace(-4, 4, 400)
for name, (function, derivative) in activations.items():
    axes[0].plot(grid, function(grid), label=name)
    axes[1].plot(grid, derivative(grid))
axes[0].set(xlabel="a", ylabel="activation", ylim=(-1.2, 2.5))
axes[1].set(xlabel="a", ylabel="derivative")
_ = axes[0].legend()

# %% [markdown]
# In {numref}`fig-convolution-activations` the sigmoid's derivative never exceeds a quarter: ten
# such layers shrink a gradient by at least $4^{10}$, about a million. ReLU passes it whole or not at all.
#
# :::{margin} Dead nodes
# A ReLU whose input is negative for all data gets no gradient, and its own weights stay as they are.
# The slope that leaky ReLU keeps on that side is a way back.
# :::
#
# ## Kernels on a time series
#
# On $x(t)$ the kernel $(-1, 0, 1) / 2 dt$, used as in {eq}`eq-cross-correlation`, is the central difference. At the deck's $dt = 0.1$ it
# is a poor derivative; a longer kernel can be better. Textbooks give the one exact for polynomials of
# degree six. A layer can instead **learn** its kernel from Lorenz series, as can a tiny network with eight
# kernels and a tanh. Each of five seeds has its own ten training series; ten more are held out.

# %%
dt, n_seeds = 0.1, 5
ensemble = make_ensemble(60, 1000, dt, rng=0)
velocity = vector_field(ensemble)[..., 0]
unit_x = ensemble[..., 0] / ensemble[..., 0].std()
x = torch.tensor(unit_x, dtype=torch.float32)[:, None]
slope = torch.tensor(velocity / velocity.std(), dtype=torch.float32)[:, None]
held_out = slice(50, 60)
scale = ensemble[..., 0].std() / velocity.std()


# %% tags=["hide-input"]
def fit(net, seed, *, n_steps=300, rate=2e-2):
    """Train on the seed's ten series to give the slope of x, by Adam under a one-cycle rate."""
    own = slice(10 * seed, 10 * seed + 10)
    adam = torch.optim.Adam(net.parameters(), fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, rate, total_steps=n_steps)
    for _ in range(n_steps):
        loss = (net(x[own]) - slope[own, :, 3:-3]).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        cycle.step()
    return net


def error(net):
    with torch.no_grad():
        return (net(x[held_out]) - slope[held_out, :, 3:-3]).square().mean().sqrt().item()


# %%
layers, tiny_nets = [], []
for seed in range(n_seeds):
    torch.manual_seed(seed)
    layers.append(fit(nn.Conv1d(1, 1, 7, bias=False), seed, rate=0.3))
    tiny = nn.Sequential(nn.Conv1d(1, 8, 7), nn.Tanh(), nn.Conv1d(8, 1, 1))
    tiny_nets.append(fit(tiny, seed))

# %% [markdown]
# The learned linear kernel has a judge: the exact minimum, by least squares on all training series.


# %%
def fixed(kernel):
    """A layer with a given kernel, in physical units."""
    layer = nn.Conv1d(1, 1, 7, bias=False)
    layer.weight.data[:] = torch.tensor(kernel) * scale / dt
    return layer


stencils = {
    "central difference": np.array([0, 0, -1, 0, 1, 0, 0]) / 2,
    "seven points, degree six": np.array([-1, 9, -45, 0, 45, -9, 1]) / 60,
}
windows = x[:50].unfold(-1, 7, 1).reshape(-1, 7).numpy()
target = slope[:50, 0, 3:-3].reshape(-1).numpy()
least_squares = np.linalg.lstsq(windows, target, rcond=None)[0]
stencils["least squares"] = least_squares * dt / scale

# %% tags=["hide-input"] label="tab-convolution-derivative"
learned = ledger.Estimate.from_samples([error(layer) for layer in layers])
network = ledger.Estimate.from_samples([error(net) for net in tiny_nets])
by_stencil = {name: error(fixed(kernel)) for name, kernel in stencils.items()}
rows = [[name, f"{value:.4f}"] for name, value in by_stencil.items()]
rows += [
    ["learned kernel, five seeds", f"{learned:.4f}"],
    ["tiny network, five seeds", f"{network:.4f}"],
]
plotting.table(["kernel on x", "error (std of dx/dt)"], rows)

# %% tags=["hide-input"] label="fig-convolution-learned"
fig, (left, right) = plt.subplots(1, 2)
taps = np.arange(-3, 4)
left.plot(taps, stencils["seven points, degree six"], "o-", label="degree six")
left.plot(taps, stencils["least squares"], "s-", label="least squares")
ours = layers[0].weight.detach().numpy().ravel() * dt / scale
left.plot(taps, ours, "x--", label="learned")
left.set(xlabel="sample", ylabel="weight, times dt")
left.legend()
kernels = tiny_nets[0][0].weight.detach().numpy()[:, 0]
limit = abs(kernels).max()
shown = right.imshow(
    kernels,
    cmap="RdBu_r",
    vmin=-limit,
    vmax=limit,
    aspect="auto",
    extent=(-3.5, 3.5, 7.5, -0.5),
)
right.set(xlabel="sample", ylabel="kernel")
right.grid(False)
_ = fig.colorbar(shown, ax=right, label="weight")

# %% [markdown]
# ## What folding does to a neighbourhood
#
# The deck writes the 1000 samples of a series (padded to 1024) row by row into a
# $32 \times 32$ image. Which samples does a $3 \times 3$ kernel then see? We fold the
# sample numbers themselves.


# %% tags=["kernel"]
def fold(series, side=32):
    """(side * side,) -> (side, side), row by row."""
    return series.reshape(side, side)


def lags_seen(row, column, side=32):
    """Lags of the samples under a 3 x 3 kernel; NaN in the padding."""
    numbers = np.pad(fold(np.arange(side * side) * 1.0), 1, constant_values=np.nan)
    window = numbers[row : row + 3, column : column + 3]
    return window - window[1, 1]


# %% tags=["hide-input"] label="fig-convolution-folding"
fig, axes = plt.subplots(1, 3, width_ratios=[1, 1, 2.2], figsize=(7.2, 2.3))
for ax, column, title in zip(axes, (16, 0), ("middle", "left edge"), strict=False):
    show_numbers(ax, lags_seen(16, column), 60)
    ax.set_title(title)
lags = np.sort(lags_seen(16, 16).ravel()).astype(int)
z = ensemble[0, 100:181, 2]
axes[2].plot(dt * (np.arange(81) - 40), z, color=plotting.COORDINATES["z"])
axes[2].plot(dt * lags, z[lags + 40], "o", color=plotting.COLOURS["real"], ms=4)
_ = axes[2].set(xlabel="lag (Lorenz time units)", ylabel="z")

# %% [markdown]
# Six of the nine weights look 31 to 33 samples away: 3.2 time units, about 2.9 Lyapunov times,
# over which {eq}`eq-growth` makes an error $e^{2.9} \approx 18$ times as large. And in the first and last column a true
# neighbour in time lies on the other side of the image and is out of reach.
#
# **How much is such a neighbourhood worth?** We predict the state at the centre from the states
# around it, with the same small network, from four neighbourhoods. The first two have the same
# number of inputs.

# %%
neighbourhoods = {
    "folded 3 x 3": [-33, -32, -31, -1, 1, 31, 32, 33],
    "eight nearest in time": [-4, -3, -2, -1, 1, 2, 3, 4],
    "two nearest in time": [-1, 1],
    "rows above and below only": [-33, -32, -31, 31, 32, 33],
}
states = torch.tensor(
    (ensemble - ensemble.mean((0, 1))) / ensemble.std((0, 1)), dtype=torch.float32
)
centres = torch.arange(33, 967, 2)


# %% tags=["hide-input"]
def around(series, lags):
    """Inputs (n, 3 * len(lags)) and targets (n, 3)."""
    inputs = torch.cat([series[:, centres + lag] for lag in lags], dim=-1)
    return inputs.reshape(-1, 3 * len(lags)), series[:, centres].reshape(-1, 3)


# %% tags=["hide-input"]
def infill_error(lags, seed, *, n_steps=300, rate=1e-2):
    """Held-out rms error of a small network that predicts the centre."""
    torch.manual_seed(seed)
    inputs, target = around(states[10 * seed : 10 * seed + 10], lags)
    hidden = [nn.Linear(inputs.shape[1], 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()]
    net = nn.Sequential(*hidden, nn.Linear(64, 3))
    adam = torch.optim.Adam(net.parameters(), fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, rate, total_steps=n_steps)
    for _ in range(n_steps):
        batch = torch.randint(len(inputs), (256,))
        loss = (net(inputs[batch]) - target[batch]).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        cycle.step()
    inputs, target = around(states[held_out], lags)
    with torch.no_grad():
        return (net(inputs) - target).square().mean().sqrt().item()


def linear_error(lags, seed):
    """The same for one linear kernel, by least squares."""
    inputs, target = around(states[10 * seed : 10 * seed + 10], lags)
    weights = torch.linalg.lstsq(inputs, target).solution
    inputs, target = around(states[held_out], lags)
    return (inputs @ weights - target).square().mean().sqrt().item()


# %% tags=["hide-input"] label="tab-convolution-infill"
samples = {
    name: [infill_error(lags, s) for s in range(n_seeds)] for name, lags in neighbourhoods.items()
}
infill = {name: ledger.Estimate.from_samples(values) for name, values in samples.items()}
linear = {
    name: ledger.Estimate.from_samples([linear_error(lags, s) for s in range(n_seeds)])
    for name, lags in neighbourhoods.items()
}
rows = [[name, f"{linear[name]:.3f}", f"{infill[name]:.3f}"] for name in neighbourhoods]
plotting.table(["neighbourhood", "one linear kernel", "small network"], rows)

# %% [markdown]
# In {numref}`tab-convolution-infill` guessing the mean would have error one. Compare the first row with
# the third: it has the same two neighbours in time, and six samples from other rows beside them.
#
# ## What we find

# %% tags=["hide-input"]
ratio = ledger.Estimate.from_samples(
    np.array(samples["folded 3 x 3"]) / samples["eight nearest in time"]
)
ledger.record("convolution/fold-error-ratio", ratio, amplified=True, seeds=n_seeds)
Markdown(f"""
* The deck's entry is right, {result[0, 0]:g}, and so is torch's; the operation is cross-correlation. A
  convolution proper gives {convolve(image, vertical_edge)[0, 0]:g}.
* The central difference misses dx/dt by {by_stencil["central difference"]:.3f} of its standard deviation at
  $dt = 0.1$, the seven-point formula by {by_stencil["seven points, degree six"]:.3f}, a kernel
  learned from Lorenz series by {learned:.3f}, eight of them with a tanh by {network:.3f}.
* Folding puts six of nine weights more than three time units away. To fill in a sample from its
  neighbourhood, the folded kernel errs {ratio:.1f} times as much as a kernel of the same size
  that looks along time. Beside the two neighbours in time ({infill["two nearest in time"]:.3f}) the other
  rows change the network's error to {infill["folded 3 x 3"]:.3f}; alone they leave
  {infill["rows above and below only"]:.2f} of the standard deviation unexplained.
* What folding does give is reach: three strided layers see {receptive_field([4] * 3, [2] * 3)} rows, and as
  many of the 32 samples in each. On the unfolded series it takes more layers, as the second exercise counts.
""")

# %% [markdown]
# ## Exercises
#
# 1. Show that convolution commutes with a shift: a series moved by five samples gives the same
#    output, moved by five.

# %% tags=["hide-cell"]
kernel = np.array([[1.0, -2.0, 1.0]])
one = ensemble[0, :, 0][None]
shifted = np.roll(one, 5, axis=1)
moved = np.roll(convolve(one, kernel), 5, axis=1)
f"largest difference away from the ends: {abs(convolve(shifted, kernel) - moved)[:, 10:-10].max():.1e}"

# %% [markdown]
# 2. How many strided layers ($k = 4$, $s = 2$) on the unfolded series reach as far, from the first
#    sample seen to the last, as three of them on the image?

# %% tags=["hide-cell"]
side = receptive_field([4] * 3, [2] * 3)
reach = 32 * (side - 1) + side
depth = next(d for d in range(1, 20) if receptive_field([4] * d, [2] * d) >= reach)
f"on the image {reach} samples; {depth} layers see {receptive_field([4] * depth, [2] * depth)} samples"

# %% [markdown]
# **Onward.** The deck's generator runs such layers backwards: {doc}`/book/03_concepts/dcgan`.
# What training adds between them is in {doc}`/book/03_concepts/batch_normalization`; the images
# themselves are in {doc}`/book/04_generation/dataset`.
