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
#
# **In short.** Of the nine weights of a small kernel on the folded image, six look at samples more than three time units
# away ({numref}`fig-convolution-folding`). To fill in a sample such a kernel errs {result}`convolution/fold-error-ratio;.2f` times as much
# as one of the same size that looks along time.

# %% tags=["hide-input"]
from IPython.display import Markdown

from book.figures import convolution as figures
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
rows = [[7, 2, 3, 3, 8], [4, 5, 3, 8, 4], [3, 3, 2, 8, 4], [2, 8, 7, 2, 7], [5, 4, 4, 5, 4]]
image, vertical_edge = np.array(rows), np.array([[1, 0, -1]] * 3)
result = cross_correlate(image, vertical_edge)
result

# %% [markdown]
# By {eq}`eq-cross-correlation` the first entry is $7 + 4 + 3 - 3 - 3 - 2$: the left column of the window minus the right one.
# The kernel answers where grey changes from left to right, and not at all where it does not.

# %% tags=["hide-input"] label="fig-convolution-steps"
_ = figures.plot_steps(image, result, [(0, 0), (0, 1), (0, 2), (2, 2)])

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
from torch import nn

torch.set_num_threads(1)
pair = [torch.tensor(array)[None, None] for array in (image, vertical_edge)]
torch_result = nn.functional.conv2d(*pair)[0, 0].numpy()

# %%
from scipy.signal import convolve2d

turned = convolve(image, vertical_edge)
scipy_result = convolve2d(image, vertical_edge, mode="valid")
np.array_equal(torch_result, result), np.array_equal(scipy_result, turned)

# %% tags=["hide-input"]
ledger.record("convolution/first-entry", result[0, 0])
ledger.record("convolution/first-entry-flipped", turned[0, 0])
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

# %%
pixels = torch.zeros(1, 1, 32, requires_grad=True)
output, n, rows = pixels, 32, []
for depth in (1, 2, 3):
    output = nn.Conv1d(1, 1, 4, stride=2, padding=1)(output)
    n = output_length(n, kernel=4, stride=2, padding=1)
    (gradient,) = torch.autograd.grad(output[0, 0, n // 2], pixels, retain_graph=True)
    field, seen = receptive_field([4] * depth, [2] * depth), (gradient != 0).sum()
    rows.append([depth, f"{n} ({output.shape[-1]})", f"{field} ({seen})"])

# %% tags=["hide-input"] label="tab-convolution-sizes"
headers = ["outputs per axis (torch's)", "receptive field per axis (from the gradient)"]
plotting.table(["layers", *headers], rows)

# %% [markdown]
# ## The non-linear part
#
# A stack of linear layers is one linear layer; between them goes an **activation**, applied
# element by element. In training its derivative multiplies the gradient: where it is near zero,
# nothing is learned.

# %% tags=["kernel"]
from scipy.special import expit

activations = {
    "ReLU": (lambda a: np.maximum(a, 0), lambda a: np.where(a > 0, 1.0, 0)),
    "leaky ReLU": (lambda a: np.maximum(a, 0.2 * a), lambda a: np.where(a > 0, 1, 0.2)),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "sigmoid": (expit, lambda a: expit(a) * (1 - expit(a))),
}

# %% tags=["hide-input"] label="fig-convolution-activations"
grid = np.linspace(-4, 4, 400)
curves = {name: [part(grid) for part in pair] for name, pair in activations.items()}
_ = figures.plot_activations(grid, curves)

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
# On $x(t)$ the kernel $(-1, 0, 1) / 2 \delta t$, used as in {eq}`eq-cross-correlation`, is the central difference. At the deck's $\delta t = 0.1$ it
# is a poor derivative; a longer kernel can be better. Textbooks give the one exact for polynomials of
# degree six. A layer can instead **learn** its kernel from Lorenz series, as can a tiny network with eight
# kernels and a tanh. Each of five seeds has its own ten training series; ten more are held out.

# %%
dt, n_seeds = 0.1, 5
ensemble = make_ensemble(60, 1000, dt, rng=0)
position, velocity = ensemble[..., 0], vector_field(ensemble)[..., 0]
scale = position.std() / velocity.std()
x = torch.tensor(position / position.std()).float()[:, None]
slope = torch.tensor(velocity / velocity.std()).float()[:, None, 3:-3]


# %%
from torch.nn.functional import mse_loss


def train(net, inputs, target, rate, batch_size=None):
    """Adam under a one-cycle rate, each step on all data or on a random batch."""
    adam = torch.optim.Adam(net.parameters(), fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, rate, total_steps=300)
    for _ in range(300):
        batch = torch.randint(len(inputs), (batch_size,)) if batch_size else slice(None)
        adam.zero_grad()
        mse_loss(net(inputs[batch]), target[batch]).backward()
        adam.step()
        cycle.step()
    return net


# %%
layers, tiny_nets = [], []
for seed in range(n_seeds):
    own = slice(10 * seed, 10 * seed + 10)
    torch.manual_seed(seed)
    layers.append(train(nn.Conv1d(1, 1, 7, bias=False), x[own], slope[own], 0.3))
    tiny = nn.Sequential(nn.Conv1d(1, 8, 7), nn.Tanh(), nn.Conv1d(8, 1, 1))
    tiny_nets.append(train(tiny, x[own], slope[own], 0.02))

# %% [markdown]
# The learned linear kernel has a judge: the exact minimum, by least squares on all training series.

# %%
windows, target = x[:50].unfold(-1, 7, 1).reshape(-1, 7), slope[:50].flatten()
least_squares = np.linalg.lstsq(windows.numpy(), target.numpy(), rcond=None)[0]
stencils = {
    "central difference": np.array([0, 0, -1, 0, 1, 0, 0]) / 2,
    "seven points, degree six": np.array([-1, 9, -45, 0, 45, -9, 1]) / 60,
    "least squares": least_squares * dt / scale,
}


# %%
def fixed(kernel):
    """A layer with a given kernel, in physical units."""
    weight = torch.tensor(kernel * scale / dt).float()[None, None]
    return lambda series: nn.functional.conv1d(series, weight)


def error(net):
    return mse_loss(net(x[50:]), slope[50:]).sqrt().item()


# %% tags=["hide-input"] label="tab-convolution-derivative"
errors = {name: error(fixed(kernel)) for name, kernel in stencils.items()}
repeats = {"learned kernel, five seeds": layers, "tiny network, five seeds": tiny_nets}
for name, nets in repeats.items():
    errors[name] = ledger.Estimate.from_samples([error(net) for net in nets])
plotting.table(["kernel on x", "error (std of dx/dt)"], errors.items(), ".4f")

# %% tags=["hide-input"] label="fig-convolution-learned"
names = {"degree six": "seven points, degree six", "least squares": "least squares"}
shown = {short: stencils[name] for short, name in names.items()}
shown["learned"] = layers[0].weight.detach().numpy().ravel() * dt / scale
_ = figures.plot_learned(shown, tiny_nets[0][0].weight.detach().numpy()[:, 0])

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
    numbers = np.pad(fold(np.arange(side**2.0), side), 1, constant_values=np.nan)
    window = numbers[row : row + 3, column : column + 3]
    return window - window[1, 1]


# %% tags=["hide-input"] label="fig-convolution-folding"
windows = {"middle": lags_seen(16, 16), "left edge": lags_seen(16, 0)}
_ = figures.plot_folding(windows, ensemble[0, 100:181, 2], dt)

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

# %%
unit = (ensemble - ensemble.mean((0, 1))) / ensemble.std((0, 1))
states, centres = torch.tensor(unit).float(), torch.arange(33, 967, 2)


def around(series, lags):
    """Inputs (n, 3 * len(lags)) and targets (n, 3)."""
    inputs = torch.cat([series[:, centres + lag] for lag in lags], dim=-1)
    return inputs.flatten(0, 1), series[:, centres].flatten(0, 1)


# %%
def infill_errors(lags, seed):
    """Held-out rms error at the centre, of least squares and of a small network."""
    inputs, target = around(states[10 * seed : 10 * seed + 10], lags)
    weights = torch.linalg.lstsq(inputs, target).solution
    torch.manual_seed(seed)
    hidden = [nn.Linear(3 * len(lags), 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()]
    net = train(nn.Sequential(*hidden, nn.Linear(64, 3)), inputs, target, 0.01, batch_size=256)
    inputs, target = around(states[50:], lags)
    guesses = inputs @ weights, net(inputs)
    return [mse_loss(guess, target).sqrt().item() for guess in guesses]


# %% tags=["hide-input"] label="tab-convolution-infill"
samples = {
    name: np.array([infill_errors(lags, seed) for seed in range(n_seeds)])
    for name, lags in neighbourhoods.items()
}
infill = {name: ledger.Estimate.from_samples(values) for name, values in samples.items()}
rows = [[name, *infill[name]] for name in neighbourhoods]
plotting.table(["neighbourhood", "one linear kernel", "small network"], rows, ".3f")

# %% [markdown]
# In {numref}`tab-convolution-infill` guessing the mean would have error one. Compare the first row with
# the third: it has the same two neighbours in time, and six samples from other rows beside them.
#
# ## What we find

# %% tags=["hide-input"]
ratio = samples["folded 3 x 3"][:, 1] / samples["eight nearest in time"][:, 1]
ratio = ledger.Estimate.from_samples(ratio)
ledger.record("convolution/fold-error-ratio", ratio, amplified=True, seeds=n_seeds)
Markdown(f"""
* **The deck's entry is right,** {result[0, 0]:g}, and so is torch's; the operation is cross-correlation. A
  convolution proper gives {turned[0, 0]:g}.
* **Kernels can be learned.** The central difference misses dx/dt by {errors["central difference"]:.3f} of its standard deviation at
  $\\delta t = 0.1$, the seven-point formula by {errors["seven points, degree six"]:.3f}, a kernel
  learned from Lorenz series by {errors["learned kernel, five seeds"]:.3f}, eight of them with a tanh by {errors["tiny network, five seeds"]:.3f}.
* **Folding hides time.** It puts six of nine weights more than three time units away. To fill in a sample from its
  neighbourhood, the folded kernel errs {ratio:.1f} times as much as a kernel of the same size
  that looks along time. Beside the two neighbours in time ({infill["two nearest in time"][1]:.3f}) the other
  rows change the network's error to {infill["folded 3 x 3"][1]:.3f}; alone they leave
  {infill["rows above and below only"][1]:.2f} of the standard deviation unexplained.
* **What folding does give is reach:** three strided layers see {receptive_field([4] * 3, [2] * 3)} rows, and as
  many of the 32 samples in each. On the unfolded series it takes more layers, as the second exercise counts.
""")

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-convolution-shift
#
# Show that convolution commutes with a shift: a series moved by five samples gives the same
# output, moved by five.
# :::

# %% tags=["solution"]
kernel = np.array([[1.0, -2.0, 1.0]])
one = ensemble[:1, :, 0]
moved = np.roll(convolve(one, kernel), 5, axis=1)
difference = abs(convolve(np.roll(one, 5, axis=1), kernel) - moved)
f"largest difference away from the ends: {difference[:, 10:-10].max():.1e}"

# %% [markdown]
# :::{exercise}
# :label: ex-convolution-depth
#
# How many strided layers ($k = 4$, $s = 2$) on the unfolded series reach as far, from the first
# sample seen to the last, as three of them on the image?
# :::

# %% tags=["solution"]
fields = [receptive_field([4] * depth, [2] * depth) for depth in range(1, 20)]
reach = 32 * (fields[2] - 1) + fields[2]
depth = 1 + np.searchsorted(fields, reach)
f"on the image {reach} samples; {depth} layers see {fields[depth - 1]} samples"

# %% [markdown]
# **Onward.** {doc}`/book/03_concepts/batch_normalization` is what training adds between such layers.
# The deck's generator runs them backwards: {doc}`/book/03_concepts/dcgan`. The images themselves are in
# {doc}`/book/04_generation/dataset`.
