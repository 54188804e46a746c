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
# # Spectral normalisation
#
# **Question.** How does one bound the slope of a discriminator by construction, how fast does power
# iteration find the number to divide by, and what does the bound leave open?
#
# **What the deck claimed.** (slide 24, after {cite}`miyato2018spectral` and {cite}`cosgrove2018spectral`) "Demanding Lipschitz continuity can limit the
# gradients in our discriminator. To apply spectral normalisation to our network means simply to
# compute, for each weight $W$, its update as $W / \sigma(W)$", with
#
# $$
# \sigma(W) = u_{t+1}^T W v_{t+1}, \qquad u_{t+1} = W v_t, \qquad v_{t+1} = W^T u_{t+1},
# $$ (eq-power-iteration)
#
# "where $\sigma(W)$ is the square root of the largest value of the map". "In practice one
# initialises $v$ and $u$ at random."
#
# **In short.** Divide each layer by its norm, and the critic's largest slope is
# {result}`spectral-normalization/largest-slope-normalised;.2f` instead of {result}`spectral-normalization/largest-slope-plain;.1f`
# ({numref}`fig-spectral-slopes`). For convolutions the usual recipe divides by another matrix's norm: the true one is
# {result}`spectral-normalization/convolution-ratio;.2f` times as large.

# %% tags=["hide-input"]
from IPython.display import Markdown

from book.figures import spectral_normalization as figures
from lorenz_utils import ledger, plotting
from lorenz_utils.surrogates import phase_randomised
from lorenz_utils.system import make_ensemble

plotting.use_style()

# %% [markdown]
# ## The largest stretch
#
# A function is $K$-Lipschitz if $\|D(x) - D(y)\| \le K \|x - y\|$ for all $x$ and $y$. For a linear
# map $W$ the smallest such $K$ is the largest stretch of any vector,
#
# $$
# \sigma(W) = \max_{v \neq 0} \frac{\|W v\|}{\|v\|} = \sqrt{\lambda_{\max}(W^T W)} ,
# $$ (eq-spectral-norm)
#
# its largest singular value, or **spectral norm**. Beside {eq}`eq-spectral-norm` the deck's "largest value of the map" needs the word that is
# missing: it is the largest *eigenvalue* of $W^T W$, not of $W$. A rectangular $W$ has no
# eigenvalues, and a square one may hide its stretch from them:
#
# :::{margin} Norm and radius
# The largest absolute eigenvalue is called spectral *radius*. It says how powers of a matrix grow in
# the long run, and is never above the spectral *norm*; for symmetric matrices the two are equal.
# :::

# %%
import numpy as np

shear = np.array([[1.0, 10.0], [0.0, 1.0]])
shear_root = np.sqrt(np.abs(np.linalg.eigvals(shear)).max())
shear_sigma = np.sqrt(np.linalg.eigvalsh(shear.T @ shear).max())

# %% tags=["hide-input"]
Markdown(
    f"For this shear the root of the largest eigenvalue is {shear_root:.2f}, the largest stretch "
    f"{shear_sigma:.2f} (numpy's SVD: {np.linalg.norm(shear, 2):.2f})."
)

# %% [markdown]
# ## Power iteration
#
# Apply $W$ and $W^T$ in turn, as in {eq}`eq-power-iteration`, and **normalise after each**: every round multiplies the component
# of $v$ along the $i$-th singular vector by $\sigma_i^2$, so the largest takes over.

# %% tags=["kernel"]
import numpy as np


def power_iteration(W, v, n_steps=1):
    """Estimate of the largest singular value of W, and the two vectors (u, v)."""
    for _ in range(n_steps):
        u = W @ v
        u = u / np.linalg.norm(u)
        v = W.T @ u
        v = v / np.linalg.norm(v)
    return u @ W @ v, u, v


# %% [markdown]
# How fast? The unwanted part of $v$ shrinks by $(\sigma_2 / \sigma_1)^2$ a step. A singular
# value is stationary at its own vectors, so an error $\epsilon$ of direction costs it only $\epsilon^2$:
# the estimate of $\sigma$ converges with the *fourth* power of the ratio. Matrices with known
# singular values show both ({numref}`fig-spectral-convergence` and {numref}`tab-spectral-convergence`).
#
# :::{margin} Two equal values
# If the two largest singular values are equal, the vectors that the iteration ends on depend on its
# start. The value converges all the same: any vector of their plane is stretched by $\sigma$.
# :::


# %%
def with_singular_values(values, rng):
    """Random matrix (40, 30) with the given singular values."""
    u, _, v = np.linalg.svd(rng.normal(size=(40, 30)), full_matrices=False)
    return u * values @ v, v[0]


# %%
def errors(ratio, n_steps, seed):
    """Errors of direction and of sigma after each step."""
    rng, rows = np.random.default_rng(seed), []
    W, exact = with_singular_values(np.r_[1, ratio, ratio * np.linspace(0.7, 0, 28)], rng)
    v = rng.normal(size=30)
    for _ in range(n_steps):
        sigma, _, v = power_iteration(W, v)
        rows.append([np.linalg.norm(v - (v @ exact) * exact), abs(1 - sigma)])
    return np.array(rows)


# %%
ratios, n_steps = (0.5, 0.8, 0.95), 30
decays = {r: np.array([errors(r, n_steps, seed) for seed in range(10)]) for r in ratios}

# %% tags=["hide-input"] label="fig-spectral-convergence"
_ = figures.plot_convergence(decays)

# %% tags=["hide-input"] label="tab-spectral-convergence"
# Mean factor per step between two steps at which the error is small and far above rounding.
rows = []
for r, first, last in [(0.5, 5, 8), (0.8, 9, 24)]:
    factors = (decays[r][:, last] / decays[r][:, first]) ** (1 / (last - first))
    direction, value = ledger.Estimate.from_samples(factors)
    rows.append([r, direction, r**2, value, r**4])
headers = ["ratio", "factor per step, direction", "theory", "factor per step, value", "theory"]
plotting.table(headers, rows, ["", *[".4f"] * 4])

# %% [markdown]
# ### The slide's update, literally
#
# The slide's three equations {eq}`eq-power-iteration` omit the two normalisations. The directions come out right, but
# $u$ and $v$ carry all the stretches made so far, and $u^T W v$ is no longer $\sigma$. What it
# becomes depends on whether $\sigma$ is above or below 1:


# %%
def literal_update(W, v, n_steps):
    """The slide's equations in single precision, as a network would run them."""
    W, v, values = W.astype(np.float32), v.astype(np.float32), []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(n_steps):
            u = W @ v
            v = W.T @ u
            values.append(float(u @ W @ v))
    return np.array(values)


# %%
rng = np.random.default_rng(0)
W, _ = with_singular_values(np.linspace(1, 0, 30), rng)
start = rng.normal(size=30)
literal = {sigma: literal_update(sigma * W, start, 120) for sigma in (3.0, 1.0, 0.3)}
correct = {sigma: power_iteration(sigma * W, start, 120)[0] for sigma in literal}
ended = {s: 1 + int(np.argmax(~np.isfinite(v) | (v == 0))) for s, v in literal.items()}

# %% tags=["hide-input"] label="fig-spectral-literal"
_ = figures.plot_literal(literal)

# %% tags=["hide-input"]
Markdown(
    f"At $\\sigma = 3$ single precision overflows at step {ended[3.0]:d}; at 0.3 the value is zero at step "
    f"{ended[0.3]:d}, and $W / \\sigma(W)$ divides by it; at exactly 1 it settles on {literal[1.0][-1]:.2f}. With the "
    f"normalisations, the same starts give {correct[3.0]:.4f}, {correct[0.3]:.4f} and {correct[1.0]:.4f}. The "
    f"sources that the deck cites do normalise; on the slide the step is only left out."
)

# %% [markdown]
# ## torch's layer
#
# `torch.nn.utils.parametrizations.spectral_norm` recomputes the weight whenever it is read. In
# training mode it first takes one power step from the vectors that it keeps as buffers.

# %%
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

torch.set_num_threads(1)

# %%
torch.manual_seed(0)
layer = spectral_norm(nn.Linear(30, 40).double())
kept = layer.parametrizations.weight
raw, v = (tensor.detach().numpy().copy() for tensor in (kept.original, kept[0]._v))
sigma, _, v = power_iteration(raw, v)
error = np.abs(layer.weight.detach().numpy() - raw / sigma).max()
error_v = np.abs(kept[0]._v.numpy() - v).max()

# %% tags=["hide-input"]
Markdown(
    f"Ours and torch's weight differ by {error:.0e}, the vectors by {error_v:.0e}. The exact norm of the "
    f"normalised weight is {np.linalg.norm(raw / sigma, 2):.4f} (it starts with 15 steps)."
)

# %% [markdown]
# ## What the bound does not say
#
# A composition of maps is bounded by the product of their norms, and ReLU, leaky ReLU and tanh
# stretch by at most 1. So a network of normalised dense layers is 1-Lipschitz. Two things are easy to
# overlook.
#
# ### A convolution is not its reshaped kernel
#
# For a convolution, {cite:t}`miyato2018spectral` (and torch) reshape the kernel, of shape (channels out, channels in, $k$, $k$), to a matrix with one row an output channel, and
# normalise that. But the map acts on whole images, where each pixel is read by up to $k^2$ windows.
# With circular edges its matrix is block-diagonal in Fourier space, one small block for each frequency
# {cite}`sedghi2019singular`, so that the true norm costs one FFT:


# %% tags=["kernel"]
def convolution_norm(kernel, side):
    """Operator norm of a circular, stride 1 convolution on side x side images."""
    transfer = np.fft.fft2(kernel, (side, side))
    return np.linalg.norm(transfer, 2, axis=(0, 1)).max()


def reshaped_norm(kernel):
    return np.linalg.norm(kernel.reshape(len(kernel), -1), 2)


# %% [markdown]
# All patches together hold each pixel $k^2$ times, so the true norm is at most $k$ times the
# reshaped one ({numref}`tab-spectral-convolution`). A blur, all entries equal, reaches that bound.


# %%
def norm_ratio(kernel):
    return convolution_norm(kernel, 32) / reshaped_norm(kernel)


def mean_ratio(shape, offset=0.0):
    kernels = (np.random.default_rng(seed).normal(size=shape) + offset for seed in range(10))
    return ledger.Estimate.from_samples([norm_ratio(kernel) for kernel in kernels])


# %%
gaussian, gaussian_rgb = mean_ratio((32, 16, 3, 3)), mean_ratio((32, 3, 4, 4))
common_mean = mean_ratio((32, 16, 3, 3), offset=1.0)
blur = norm_ratio(np.ones((1, 1, 3, 3)))

# %% tags=["hide-input"] label="tab-spectral-convolution"
rows = [
    ["random, 16 → 32 channels, 3 × 3", gaussian, 3],
    ["random, 3 → 32 channels, 4 × 4", gaussian_rgb, 4],
    ["with a common mean, 16 → 32, 3 × 3", common_mean, 3],
    ["blur, 1 → 1, 3 × 3", f"{blur:.2f}", 3],
]
plotting.table(
    ["kernel (10 seeds)", "true norm / reshaped norm", "bound $k$"], rows, ["", ".3f", ""]
)

# %% [markdown]
# A convolutional discriminator normalised this way is therefore Lipschitz, but with a bound that
# the layers multiply up: nothing guarantees that it is 1-Lipschitz.
#
# ### A bound from above is not a slope
#
# The product bounds the slope from above. It promises no slope from below: if the directions
# that successive layers stretch most do not line up, the network is far flatter than its bound.
#
# :::{margin} Slope and gradient
# By Rademacher's theorem a Lipschitz function has a gradient almost everywhere, and the smallest $K$
# is the supremum of its norm. A sample of gradients can only bound $K$ from below.
# :::
#
# ## A critic of Lorenz series
#
# A small critic shall tell windows of 32 samples of $x$ from phase-randomised surrogates, which
# have the same spectrum but no dynamics ({doc}`/book/04_generation/evaluation` uses them as
# controls). It is trained with and without normalisation, six times each.

# %%
series = make_ensemble(200, 512, 0.1, rng=0)
both = np.stack([series, phase_randomised(series, rng=1)])[..., 0] / series[..., 0].std()
windows = torch.tensor(both).float().reshape(2, -1, 32)
held_out = windows[:, -500:].flatten(0, 1)
real, fake = windows[:, :-512]


# %%
def make_critic(normalised):
    wrap = spectral_norm if normalised else nn.Identity()
    first, second, last = (wrap(nn.Linear(*size)) for size in [(32, 128), (128, 128), (128, 1)])
    bend = nn.LeakyReLU(0.2)
    return nn.Sequential(first, bend, second, bend, last, nn.Flatten(0))


# %%
def slopes(critic, x):
    """Norm of the gradient at each window."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x)[0].norm(dim=1)


# %%
def cross_entropy(critic):
    picks = torch.randint(len(real), (2, 128))
    scores = torch.cat([-critic(real[picks[0]]), critic(fake[picks[1]])])
    return nn.functional.softplus(scores).mean()


# %%
def train_critic(seed, *, normalised, n_steps=600):
    torch.manual_seed(seed)
    critic, history = make_critic(normalised), []
    adam = torch.optim.Adam(critic.parameters(), 2e-3, fused=True)
    for step in range(n_steps):
        adam.zero_grad()
        cross_entropy(critic.train()).backward()
        adam.step()
        if step % 50 == 49:
            history.append(slopes(critic.eval(), held_out).mean().item())
    return critic.eval(), history


# %%
def measure(critic):
    """Mean and largest slope, product and maximum of the layers' norms, accuracy."""
    at = slopes(critic, held_out)
    norms = [torch.linalg.matrix_norm(m.weight.double(), 2).item() for m in critic[:-1:2]]
    right = (critic(held_out) > 0) == (torch.arange(1000) < 500)
    return [at.mean(), at.max(), np.prod(norms), max(norms), right.float().mean()]


# %%
histories, measures = {}, {}
for flag in (False, True):
    runs = [train_critic(seed, normalised=flag) for seed in range(6)]
    histories[flag] = [history for _, history in runs]
    measures[flag] = ledger.Estimate.from_samples([measure(critic) for critic, _ in runs])

# %% tags=["hide-input"] label="tab-spectral-critic"
plain, normalised = measures.values()
names = ["mean slope", "largest slope seen", "product of the layers' norms"]
names += ["largest layer's norm", "held-out accuracy"]
rows = zip(names, plain, normalised, strict=True)
plotting.table(["measure (6 seeds)", "plain", "normalised"], rows, ".3f")

# %% tags=["hide-input"] label="fig-spectral-slopes"
_ = figures.plot_slopes(histories)

# %% [markdown]
# In {numref}`fig-spectral-slopes` the plain critic pays for confidence with steepness: cross-entropy
# rewards larger logits without end. The normalised one cannot. Its layers' norms are not exactly 1,
# because one power step per update trails the moving weights, but the largest slope that is met lies
# well below the bound all the same. {numref}`tab-spectral-critic` shows the price, too: after the same number of steps
# the bounded critic separates the classes less well.
#
# ## What we find

# %% tags=["hide-input"]
worst = decays[0.5][:, -1, 1].max()
six, ten = ({"amplified": True, "seeds": n} for n in (6, 10))
known = {"ratio": 0.5, "steps": n_steps, "seeds": 10}
ledger.record("spectral-normalization/power-iteration-error", worst, **known)
ledger.record("spectral-normalization/largest-slope-plain", plain[1], **six)
ledger.record("spectral-normalization/largest-slope-normalised", normalised[1], **six)
ledger.record("spectral-normalization/convolution-ratio", gaussian, **ten)
ledger.record("spectral-normalization/literal-update-ratio", literal[1.0][-1], true_sigma=1.0)
Markdown(
    f"* **Power iteration finds** $\\sigma$: after {n_steps:d} steps at ratio 0.5 the largest error of 10 starts is {worst:.0e}. The "
    f"direction converges with the squared ratio of singular values, the value with its fourth power.\n"
    f"* **The slide's equations need their two normalisations,** and its $\\sigma$ the words *eigenvalue of* $W^T W$.\n"
    f"* **The deck is right that the constraint limits the gradients:** the largest slope of the critic on "
    f"held-out windows is {normalised[1]:.2f}, against {plain[1]:.1f} without (6 seeds).\n"
    f"* **For convolutions the usual normalisation bounds another matrix:** the true norm is "
    f"{gaussian:.2f} times the normalised one for random 3 × 3 kernels, "
    f"and up to {blur:.0f} times.\n"
    f"* **The price** on this task, after the same training, is accuracy: {100 * normalised[4].value:.1f} % against {100 * plain[4].value:.1f} %."
)

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-spectral-normalization-convolution
#
# **Power iteration without a matrix.** The method only needs $x \mapsto W x$ and
# $y \mapsto W^T y$. Find the norm of a convolution of kernel 4, stride 2, padding 1 (the layer of
# the deck's discriminator) with `conv2d` and its adjoint `conv_transpose2d`, and compare with the
# reshaped norm. Each input pixel is read by $(4/2)^2$ windows: what is the bound now?
# :::

# %% tags=["solution"]
torch.manual_seed(0)
kernel, x = torch.randn(32, 16, 4, 4).double(), torch.randn(1, 16, 32, 32).double()
for _ in range(300):
    y = nn.functional.conv2d(x, kernel, stride=2, padding=1)
    x = nn.functional.conv_transpose2d(y / y.norm(), kernel, stride=2, padding=1)
    true_norm, x = x.norm().item(), x / x.norm()
strided_ratio = true_norm / reshaped_norm(kernel.numpy())
assert strided_ratio <= 2
print(round(strided_ratio, 2))
# An input pixel appears in at most 4 patches, so the norm is at most 2 times the reshaped one.

# %% [markdown]
# :::{exercise}
# :label: ex-spectral-normalization-undone
#
# **What undoes the bound.** Put a batch normalisation between two normalised linear layers, feed
# it batches of small inputs (width 0.01) in training mode, then measure the slope in evaluation mode. Which
# factor has appeared?
# :::

# %% tags=["solution"]
torch.manual_seed(0)
first, last = (spectral_norm(nn.Linear(*size)) for size in [(32, 64), (64, 1)])
middle = nn.BatchNorm1d(64)
mixed = nn.Sequential(first, middle, last, nn.Flatten(0))
for _ in range(200):
    mixed(0.01 * torch.randn(256, 32))
steep = slopes(mixed.eval(), torch.zeros(1, 32)).item()
factor = (middle.weight / (middle.running_var + middle.eps).sqrt()).max().item()
Markdown(
    f"The slope is {steep:.1f}. Batch normalisation multiplies channel $c$ by $\\gamma_c / \\sqrt{{\\mathrm{{var}}_c}}$, "
    f"here up to {factor:.0f}: it restores the size that the normalised layer had given up. Discriminators "
    f"with spectral normalisation leave batch normalisation out."
)

# %% [markdown]
# **Onward.** {doc}`/book/04_generation/dataset` makes the images that the discriminators of the deck look at;
# {doc}`/book/04_generation/deck_gan` has the discriminator. Another way to
# limit the slope, on the data rather than everywhere, is the gradient penalty {eq}`eq-gradient-penalty` of
# {doc}`/book/03_concepts/adversarial_training`.
