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
# # Dropout
#
# **Question.** What does it do to a network that random nodes fall silent while it trains, and does
# a predictor of the Lorenz system gain by it?
#
# **What the deck claimed.** (slide 17) "Sometimes one part of the network has very large weights and
# ends up dominating the training, while the other part stays weak and plays no real role. To solve
# this problem, dropout randomly stops certain nodes and prevents the gradients from passing through
# them."

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown

from lorenz_utils import ledger, plotting
from lorenz_utils.system import make_ensemble

plotting.use_style()

# %% [markdown]
# ## A random mask, rescaled
#
# In training each node is kept with probability $1 - p$, anew for every sample and step
# {cite}`srivastava2014dropout`. What is kept is divided by $1 - p$, so that its mean stays the
# same; in evaluation the layer does nothing:
#
# $$y = \frac{m \odot x}{1 - p}, \qquad m_j \in \{0, 1\},\quad P(m_j = 1) = 1 - p,
# \qquad \mathbb{E}[y] = x.$$ (eq-dropout)
#
# This is *inverted* dropout: without the division in {eq}`eq-dropout` the layers after it would see smaller inputs in
# training than in use.
#
# :::{margin} Which probability?
# In {cite}`srivastava2014dropout` $p$ is the probability of *keeping* a node, and the weights are
# multiplied by it after training. Here, as in torch, $p$ is the probability of dropping one.
# :::


# %% tags=["kernel"]
import numpy as np


def draw_mask(shape, p, rng):
    """True where a node is kept, with probability 1 - p."""
    return rng.random(shape) >= p


def dropout(x, keep, p):
    """Inverted dropout of the nodes x by the mask keep."""
    return x * keep / (1 - p)


# %% [markdown]
# torch draws its own mask. We read it off a layer of ones, repeat the draw with the same seed on
# numbers, and get the same result; the gradient carries the same mask, so none passes through a
# dropped node.

# %%
import torch
from torch import nn

torch.set_num_threads(1)
p, layer = 0.3, nn.Dropout(0.3)
torch.manual_seed(1)
x = torch.randn(1000, 8, dtype=torch.float64, requires_grad=True)
torch.manual_seed(0)
keep = layer(torch.ones_like(x)).numpy() > 0
torch.manual_seed(0)
theirs = layer(x)
(gradient,) = torch.autograd.grad(theirs.sum(), x)
difference = abs(theirs.detach().numpy() - dropout(x.detach().numpy(), keep, p)).max()
leak = abs(gradient.numpy()[~keep]).max()

# %% tags=["hide-input"]
ledger.record("dropout/gradient-through-dropped-nodes", leak)
Markdown(
    f"Largest difference: {difference:.0e}. Largest gradient through a dropped node: {leak:.0f}."
)

# %% [markdown]
# ## On a linear model, dropout is ridge regression
#
# What does the noise do on average? For a linear predictor $\hat y = X w$ it can be worked out.
# The masked inputs have the mean $X$ and independent variances $X_{ij}^2\, p / (1 - p)$, hence
# {cite}`wager2013dropout`
#
# $$\mathbb{E}\,\Bigl\|y - \tfrac{m \odot X}{1 - p}\, w\Bigr\|^2
# = \|y - X w\|^2 + \frac{p}{1 - p} \sum_j w_j^2 \sum_i X_{ij}^2 .$$ (eq-dropout-ridge)
#
# On standardised columns {eq}`eq-dropout-ridge` is the **ridge** of part 2 with weight $n\,p / (1 - p)$: large
# weights become expensive, and a column can no longer rely on a particular other one.


# %% tags=["kernel"]
def dropout_regression(X, y, p):
    """Weights that minimise the expected squared error under dropout of the inputs."""
    gram = X.T @ X
    penalty = p / (1 - p) * np.diag(np.diag(gram))
    return np.linalg.solve(gram + penalty, X.T @ y)


# %% [markdown]
# A telling case is to predict $x(t + 0.1)$ from twelve past values of $x$, 0.02 apart, with noise
# of one per cent. Neighbouring values are nearly equal, so least squares plays them off against each
# other. As a check of {eq}`eq-dropout-ridge` we draw the masks: least squares on 100 masked copies of the data.

# %%
rng = np.random.default_rng(0)
fine = make_ensemble(20, 400, 0.02, rng=rng)[..., 0]
fine /= fine.std()
noisy = fine + 0.01 * rng.standard_normal(fine.shape)
windows = np.lib.stride_tricks.sliding_window_view(noisy, 12, axis=1)[:, :-5]
X, y = windows.reshape(-1, 12), fine[:, 16:].reshape(-1)

# %%
p = 0.1
plain = np.linalg.lstsq(X, y, rcond=None)[0]
expected = dropout_regression(X, y, p)
gram, moment = np.zeros((12, 12)), np.zeros(12)
for _ in range(100):
    masked = dropout(X, draw_mask(X.shape, p, rng), p)
    gram += masked.T @ masked
    moment += masked.T @ y
drawn = np.linalg.solve(gram, moment)

# %% tags=["hide-input"] label="fig-dropout-linear"
fig, (left, right) = plt.subplots(1, 2)
lags = -0.02 * np.arange(12)[::-1]
left.plot(lags, plain, "o-", color=plotting.CYCLE[1])
left.set(
    title="least squares",
    ylabel="weight",
    xlabel="time of the input (Lorenz time units)",
)
right.plot(lags, expected, "o-", color=plotting.CYCLE[0], label="formula")
right.plot(lags, drawn, "x", ms=9, color=plotting.COLOURS["real"], label="drawn masks")
right.set(title="dropout, p = 0.1", xlabel="time of the input (Lorenz time units)")
_ = right.legend()

# %% [markdown]
# That is what is meant by **co-adaptation**: weights that are right only together.
#
# ## A network with too many weights
#
# Now the network: two hidden layers of 128 for $x_{t+1}$ from $x_t$ at $dt = 0.1$, some seventeen thousand
# weights for 200 training pairs. Once the pairs are exact, once input and target carry noise of 30
# per cent of a standard deviation. The test pairs are always exact, so that the
# test error measures the learned map itself. A fourth network is the control: no dropout, but
# weight decay, the ridge of networks.
#
# :::{margin} Decay and penalty
# `AdamW` shrinks all weights by the same share at each step, apart from the gradient. A ridge term
# in the loss would pass through Adam's rescaling; only for plain gradient descent are the two the same.
# :::

# %%
ensemble = make_ensemble(100, 101, 0.1, rng=1)
unit = (ensemble - ensemble.mean((0, 1))) / ensemble.std((0, 1))


def pairs(series):
    """States and their successors, (n, 3) each, as float32 tensors."""
    tensor = torch.tensor(series, dtype=torch.float32)
    return tensor[:, :-1].reshape(-1, 3), tensor[:, 1:].reshape(-1, 3)


def training_pairs(seed, noise):
    """200 pairs from eight series of the seed's own."""
    rng = np.random.default_rng(seed)
    series = unit[8 * seed : 8 * seed + 8]
    states, successors = pairs(series + noise * rng.standard_normal(series.shape))
    chosen = rng.permutation(len(states))[:200]
    return states[chosen], successors[chosen]


test_states, test_successors = pairs(unit[80:])


# %% tags=["hide-input"]
def fit(states, successors, seed, *, p=0.0, decay=0.0, width=128, n_steps=400):
    torch.manual_seed(seed)
    net = nn.Sequential(
        *[nn.Linear(3, width), nn.ReLU(), nn.Dropout(p)],
        *[nn.Linear(width, width), nn.ReLU(), nn.Dropout(p)],
        nn.Linear(width, 3),
    )
    adam = torch.optim.AdamW(net.parameters(), weight_decay=decay, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 5e-3, total_steps=n_steps)
    for _ in range(n_steps):
        loss = (net(states) - successors).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        cycle.step()
    return net.eval()


# %% [markdown]
# {numref}`tab-dropout-networks` gives for each network first its training and test error; on noisy pairs the training error contains
# the noise of the targets, and the test error does not. Then the **dominance**:
# the share of the output's variation that comes from the strongest tenth of the last hidden nodes
# (a tenth if all weigh the same). The **co-adaptation**: the mean absolute correlation between two
# of these nodes.


# %% tags=["hide-input"]
@torch.no_grad()
def measure(net, states, successors):
    """Training error, test error, dominance, co-adaptation."""
    rms = lambda a, b: (net(a) - b).square().mean().sqrt().item()  # noqa: E731
    hidden = net[:-1](test_states)
    contribution = hidden.var(0) * net[-1].weight.square().sum(0)
    strongest = contribution.sort(descending=True).values[: len(contribution) // 10]
    correlation = torch.corrcoef(hidden[:, hidden.std(0) > 1e-3].T)
    upper = torch.triu(torch.ones_like(correlation), 1) > 0
    return [
        rms(states, successors),
        rms(test_states, test_successors),
        (strongest.sum() / contribution.sum()).item(),
        correlation[upper].abs().mean().item(),
    ]


# %%
n_seeds = {0.0: 5, 0.3: 10}  # noisy pairs scatter more
settings = {
    "no dropout": {},
    "dropout 0.2": {"p": 0.2},
    "dropout 0.5": {"p": 0.5},
    "weight decay": {"decay": 1.0},
}
runs, nets = {}, {}
for noise, n in n_seeds.items():
    data = [training_pairs(seed, noise) for seed in range(n)]
    for name, options in settings.items():
        nets[noise, name] = [fit(*data[s], s, **options) for s in range(n)]
        both = zip(nets[noise, name], data, strict=True)
        runs[noise, name] = np.array([measure(net, *own) for net, own in both])

# %% tags=["hide-input"] label="tab-dropout-networks"
rows = []
for (noise, name), values in runs.items():
    estimate = ledger.Estimate.from_samples(values)
    kind = "noisy" if noise else "exact"
    rows.append([kind, name, *[f"{estimate[k]:.3f}" for k in range(4)]])
headers = [
    "training pairs",
    "network",
    "training error",
    "test error",
    "dominance",
    "co-adaptation",
]
plotting.table(headers, rows)

# %% tags=["hide-input"] label="fig-dropout-gap"
fig, axes = plt.subplots(1, 2, sharey=True, figsize=(7.2, 3.4))
for ax, noise, title in zip(axes, (0.0, 0.3), ("exact pairs", "noisy pairs"), strict=True):
    for k, name in enumerate(settings):
        train, test = runs[noise, name][:, 0], runs[noise, name][:, 1]
        ax.plot([k - 0.15, k + 0.15], [train, test], color="#D0D7DE", lw=1)
        ax.plot(np.full(len(train), k - 0.15), train, "o", color=plotting.CYCLE[0], ms=4)
        ax.plot(np.full(len(test), k + 0.15), test, "s", color=plotting.CYCLE[1], ms=4)
    ax.set_title(title)
    ax.set_xticks(range(4), ["none", "0.2", "0.5", "decay"])
    ax.set_xlabel("dropout")
axes[0].plot([], [], "o", color=plotting.CYCLE[0], label="training")
axes[0].plot([], [], "s", color=plotting.CYCLE[1], label="test")
axes[0].legend()
_ = axes[0].set(ylabel="rms error (std)", yscale="log")

# %% [markdown]
# ## Bonus: many masks, an error bar
#
# If the masks stay on in use, the network answers differently each time, and the spread of the
# answers may serve as an error bar {cite}`gal2016dropout`. Does it? We take the networks trained
# on exact pairs with $p = 0.2$, and ask for successors of states on the attractor and of states
# far off it.
#
# :::{margin} A forgotten switch
# `train()` and `eval()` turn the masks of a torch network on and off. Forgetting `eval()` raises no
# error: the answers are only noisier.
# :::


# %%
@torch.no_grad()
def spread_and_error(net, states, successors, *, n_masks=50):
    """Standard deviation over masks and error of the mean, each (n, 3)."""
    answers = torch.stack([net.train()(states) for _ in range(n_masks)])
    net.eval()
    return answers.std(0).numpy(), abs(answers.mean(0) - successors).numpy()


# %% tags=["hide-input"]
from lorenz_utils.system import flow_map

scale, centre = ensemble.std((0, 1)), ensemble.mean((0, 1))
off = 2 * np.random.default_rng(2).standard_normal((1000, 3))
off_successors = (flow_map(off * scale + centre, 0.1, rtol=1e-6) - centre) / scale
places = {
    "on the attractor": (test_states, test_successors),
    "off the attractor": tuple(torch.tensor(a, dtype=torch.float32) for a in (off, off_successors)),
}
torch.manual_seed(0)
coverage = {}
for place, (states, successors) in places.items():
    samples = [spread_and_error(net, states, successors) for net in nets[0.0, "dropout 0.2"]]
    inside = [np.mean(error < 2 * spread) for spread, error in samples]
    sizes = [(np.sqrt(np.mean(s**2)), np.sqrt(np.mean(e**2))) for s, e in samples]
    coverage[place] = [
        ledger.Estimate.from_samples(inside),
        *ledger.Estimate.from_samples(sizes),
    ]

# %% tags=["hide-input"] label="tab-dropout-coverage"
rows = [[place, *[f"{e:.2f}" for e in estimates]] for place, estimates in coverage.items()]
headers = [
    "states",
    "share of errors within two spreads",
    "spread (rms)",
    "error (rms)",
]
plotting.table(headers, rows)

# %% [markdown]
# An error bar of two standard deviations should hold 95 in 100 errors, at either place: {numref}`tab-dropout-coverage` holds
# the shares.
#
# ## What we find

# %% tags=["hide-input"]
column = {"test": 1, "dominance": 2, "co-adaptation": 3}


def change(noise, name, quantity):
    """Paired difference from the network without dropout, over seeds."""
    k = column[quantity]
    return ledger.Estimate.from_samples(runs[noise, name][:, k] - runs[noise, "no dropout"][:, k])


clean = change(0.0, "dropout 0.2", "test")
noisy_change = change(0.3, "dropout 0.2", "test")
strong = change(0.3, "dropout 0.5", "test")
dominance = change(0.3, "dropout 0.5", "dominance")
dominance_clean = change(0.0, "dropout 0.5", "dominance")
dominance_decay = change(0.3, "weight decay", "dominance")
decay_noisy = change(0.3, "weight decay", "test")
together = change(0.3, "dropout 0.5", "co-adaptation")
ledger.record("dropout/dominance-change", dominance, amplified=True, seeds=n_seeds[0.3])
ledger.record(
    "dropout/dominance-change-exact", dominance_clean, amplified=True, seeds=n_seeds[0.0]
)
ledger.record(
    "dropout/dominance-change-weight-decay", dominance_decay, amplified=True, seeds=n_seeds[0.3]
)
ledger.record("dropout/test-error-change-exact", clean, amplified=True, seeds=n_seeds[0.0])
ledger.record(
    "dropout/test-error-change-noisy", noisy_change, amplified=True, seeds=n_seeds[0.3]
)
on, outside = (coverage[place][0] for place in places)
Markdown(f"""
* Dropped nodes pass no gradient: exactly so, by the mask that the gradient carries.
* Dominating nodes: on noisy pairs dropout 0.5 changes the share of the strongest tenth by
  {dominance:.2f}, on exact pairs by {dominance_clean:.2f}. Weight decay, which makes large weights
  expensive too, changes it by {dominance_decay:.2f}: shrinking weights and sharing work are two things.
  Dropout 0.5 changes the correlation of nodes by {together:.2f}.
* Does it help? On **exact** pairs dropout 0.2 changes the test error by {clean:.3f} standard deviations.
  On **noisy** pairs it changes it by {noisy_change:.3f}, dropout 0.5 by {strong:.3f} and weight decay by
  {decay_noisy:.3f}.
  Lorenz data straight from a solver are exact and deterministic: there is no noise to overfit.
* As an error bar the spread over masks holds {100 * on.value:.0f} % of the errors on the attractor and
  {100 * outside.value:.0f} % off it, where about 95 % are wanted.
""")

# %% [markdown]
# ## Exercises
#
# 1. Check $\mathbb{E}[y] = x$ in {eq}`eq-dropout` and find the variance of $y$ for $x = 1$ by drawing; compare with
#    $p / (1 - p)$.

# %% tags=["hide-cell"]
draws = dropout(np.ones(200_000), draw_mask(200_000, 0.3, rng), 0.3)
f"mean {ledger.Estimate.from_samples(draws):.3f}, variance {draws.var():.3f}, formula {0.3 / 0.7:.3f}"

# %% [markdown]
# 2. Does the linear predictor of {numref}`fig-dropout-linear` gain by dropout on windows it has not seen?

# %% tags=["hide-cell"]
unseen = make_ensemble(20, 400, 0.02, rng=9)[..., 0]
unseen /= unseen.std()
seen = unseen + 0.01 * rng.standard_normal(unseen.shape)
rows = np.lib.stride_tricks.sliding_window_view(seen, 12, axis=1)[:, :-5].reshape(-1, 12)
errors = [np.std(rows @ w - unseen[:, 16:].ravel()) for w in (plain, expected)]
gains = "yes" if errors[1] < errors[0] else "no"
f"{gains}: least squares {errors[0]:.3f}, dropout {errors[1]:.3f} standard deviations"
# To extrapolate takes a slope: large weights of both signs, which the penalty makes
# expensive. The noise here is too weak to repay that.

# %% [markdown]
# **Onward.** A discriminator with dropout is at work in {doc}`/book/04_generation/deck_gan`; the game
# that it plays is in {doc}`/book/03_concepts/adversarial_training`. Ridge regression itself is in
# {doc}`/book/02_parametric/deck_methods`; sequences and memory are in {doc}`/book/03_concepts/lstm`.
