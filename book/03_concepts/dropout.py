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
#
# **In short.** Dropout helps against noise, and Lorenz series straight from a solver have none: on exact pairs it changes the
# test error by {result}`dropout/test-error-change-exact;.3f` standard deviations, on noisy ones by
# {result}`dropout/test-error-change-noisy;.3f`.

# %% tags=["hide-input"]
from IPython.display import Markdown

from book.figures import dropout as figures
from lorenz_utils import ledger, plotting
from lorenz_utils.system import flow_map, make_ensemble

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

# %%
torch.manual_seed(1)
x = torch.randn(1000, 8, dtype=torch.float64, requires_grad=True)
p, layer = 0.3, nn.Dropout(0.3)
torch.manual_seed(0)
keep = layer(torch.ones_like(x)) > 0
torch.manual_seed(0)
theirs = layer(x)

# %%
difference = (theirs - dropout(x, keep, p)).abs().max().item()
(gradient,) = torch.autograd.grad(theirs.sum(), x)
leak = gradient[~keep].abs().max().item()

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
def windows(ensemble, rng):
    """Rows of twelve noisy values of x, and the exact value that follows each."""
    fine = ensemble[..., 0] / ensemble[..., 0].std()
    noisy = fine + 0.01 * rng.standard_normal(fine.shape)
    rows = np.lib.stride_tricks.sliding_window_view(noisy, 12, axis=1)[:, :-5]
    return rows.reshape(-1, 12), fine[:, 16:].ravel()


# %%
rng, p = np.random.default_rng(0), 0.1
X, y = windows(make_ensemble(20, 400, 0.02, rng=rng), rng)
plain = np.linalg.lstsq(X, y)[0]
expected = dropout_regression(X, y, p)
copies = np.concatenate([dropout(X, draw_mask(X.shape, p, rng), p) for _ in range(100)])
drawn = np.linalg.lstsq(copies, np.tile(y, 100))[0]

# %% tags=["hide-input"] label="fig-dropout-linear"
_ = figures.plot_weights(-0.02 * np.arange(12)[::-1], plain, expected, drawn)

# %% [markdown]
# That is what is meant by **co-adaptation**: weights that are right only together.
#
# ## A network with too many weights
#
# Now the network: two hidden layers of 128 for $x_{t+1}$ from $x_t$ at $\delta t = 0.1$, some seventeen thousand
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
centre, scale = ensemble.mean((0, 1)), ensemble.std((0, 1))
unit = (ensemble - centre) / scale


def pairs(states, successors):
    """Both side by side, (2, n, 3)."""
    return torch.tensor(np.stack([states, successors])).float().reshape(2, -1, 3)


# %%
def training_pairs(seed, noise):
    """200 pairs from eight series of the seed's own."""
    rng = np.random.default_rng(seed)
    series = unit[8 * seed : 8 * seed + 8] + noise * rng.standard_normal((8, 101, 3))
    return pairs(series[:, :-1], series[:, 1:])[:, rng.permutation(800)[:200]]


test = pairs(unit[80:, :-1], unit[80:, 1:])


# %%
def make_network(p, width=128):
    hidden = [nn.ReLU(), nn.Dropout(p)]
    layers = [nn.Linear(3, width), *hidden, nn.Linear(width, width), *hidden]
    return nn.Sequential(*layers, nn.Linear(width, 3))


# %%
def fit(states, successors, seed, *, p=0.0, decay=0.0, n_steps=400):
    torch.manual_seed(seed)
    net = make_network(p)
    adam = torch.optim.AdamW(net.parameters(), weight_decay=decay, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 5e-3, total_steps=n_steps)
    for _ in range(n_steps):
        adam.zero_grad()
        (net(states) - successors).square().mean().backward()
        adam.step()
        cycle.step()
    return net.eval()


# %% [markdown]
# {numref}`tab-dropout-networks` gives for each network first its training and test error; on noisy pairs the training error contains
# the noise of the targets, and the test error does not. Then the **dominance**:
# the share of the output's variation that comes from the strongest tenth of the last hidden nodes
# (a tenth if all weigh the same). The **co-adaptation**: the mean absolute correlation between two
# of these nodes.


# %%
@torch.no_grad()
def measure(net, data):
    """Training error, test error, dominance, co-adaptation."""
    errors = [(net(x) - y).square().mean().sqrt() for x, y in (data, test)]
    hidden = net[:-1](test[0])
    contribution = hidden.var(0) * net[-1].weight.square().sum(0)
    dominance = contribution.topk(12).values.sum() / contribution.sum()
    correlation = torch.corrcoef(hidden[:, hidden.std(0) > 1e-3].T)
    i, j = torch.triu_indices(*correlation.shape, 1)
    return [*errors, dominance, correlation[i, j].abs().mean()]


# %%
settings = {"no dropout": {}, "dropout 0.2": {"p": 0.2}, "dropout 0.5": {"p": 0.5}}
settings["weight decay"] = {"decay": 1.0}
nets, runs = {}, {}
for noise, n in ((0.0, 5), (0.3, 10)):  # noisy pairs scatter more
    data = [training_pairs(seed, noise) for seed in range(n)]
    for name, options in settings.items():
        nets[noise, name] = [fit(*own, seed, **options) for seed, own in enumerate(data)]
        runs[noise, name] = np.array([*map(measure, nets[noise, name], data)], dtype=float)

# %% tags=["hide-input", "hide-output"] label="tab-dropout-networks"
rows = [
    ["noisy" if noise else "exact", name, *ledger.Estimate.from_samples(values)]
    for (noise, name), values in runs.items()
]
errors = ["training error", "test error"]
headers = ["training pairs", "network", *errors, "dominance", "co-adaptation"]
plotting.table(headers, rows, ".3f")

# %% tags=["hide-input"] label="fig-dropout-gap"
_ = figures.plot_gap(runs)

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
def error_bar(net, states, successors):
    """Share of the errors within two spreads over masks; spread and error (rms)."""
    answers = torch.stack([net.train()(states) for _ in range(50)])
    spread, error = answers.std(0), (answers.mean(0) - successors).abs()
    sizes = [v.square().mean().sqrt() for v in (spread, error)]
    return [(error < 2 * spread).float().mean(), *sizes]


# %%
off = 2 * np.random.default_rng(2).standard_normal((1000, 3))
far = pairs(off, (flow_map(off * scale + centre, 0.1, rtol=1e-6) - centre) / scale)

# %%
torch.manual_seed(0)
coverage = {}
for place, at in {"on the attractor": test, "off the attractor": far}.items():
    shares = [error_bar(net, *at) for net in nets[0.0, "dropout 0.2"]]
    coverage[place] = ledger.Estimate.from_samples(shares)

# %% tags=["hide-input"] label="tab-dropout-coverage"
headers = ["states", "share of errors within two spreads", "spread (rms)", "error (rms)"]
plotting.table(headers, [[place, *shares] for place, shares in coverage.items()], ".2f")

# %% [markdown]
# An error bar of two standard deviations should hold 95 in 100 errors, at either place: {numref}`tab-dropout-coverage` holds
# the shares.
#
# ## What we find


# %% tags=["hide-input"]
def change(noise, name):
    """Paired differences of the four measures from those without dropout, over seeds."""
    return map(ledger.Estimate.from_samples, (runs[noise, name] - runs[noise, "no dropout"]).T)


_, clean, _, _ = change(0.0, "dropout 0.2")
_, _, dominance_clean, _ = change(0.0, "dropout 0.5")
_, noisy, _, _ = change(0.3, "dropout 0.2")
_, strong, dominance, together = change(0.3, "dropout 0.5")
_, decay, dominance_decay, _ = change(0.3, "weight decay")
ledger.record("dropout/dominance-change", dominance, amplified=True, seeds=10)
ledger.record("dropout/dominance-change-exact", dominance_clean, amplified=True, seeds=5)
ledger.record("dropout/dominance-change-weight-decay", dominance_decay, amplified=True, seeds=10)
ledger.record("dropout/test-error-change-exact", clean, amplified=True, seeds=5)
ledger.record("dropout/test-error-change-noisy", noisy, amplified=True, seeds=10)
on, outside = (shares[0].value for shares in coverage.values())
Markdown(f"""
* **Dropped nodes pass no gradient:** exactly so, by the mask that the gradient carries.
* **Dominating nodes:** on noisy pairs dropout 0.5 changes the share of the strongest tenth by
  {dominance:.2f}, on exact pairs by {dominance_clean:.2f}. Weight decay, which makes large weights
  expensive too, changes it by {dominance_decay:.2f}: shrinking weights and sharing work are two things.
  Dropout 0.5 changes the correlation of nodes by {together:.2f}.
* **Does it help?** On *exact* pairs dropout 0.2 changes the test error by {clean:.3f} standard deviations.
  On *noisy* pairs it changes it by {noisy:.3f}, dropout 0.5 by {strong:.3f} and weight decay by
  {decay:.3f}.
  Lorenz data straight from a solver are exact and deterministic: there is no noise to overfit.
* **As an error bar** the spread over masks holds {100 * on:.0f} % of the errors on the attractor and
  {100 * outside:.0f} % off it, where about 95 % are wanted.
""")

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-dropout-variance
#
# Check $\mathbb{E}[y] = x$ in {eq}`eq-dropout` and find the variance of $y$ for $x = 1$ by drawing; compare with
# $p / (1 - p)$.
# :::

# %% tags=["solution"]
draws = dropout(np.ones(200_000), draw_mask(200_000, 0.3, rng), 0.3)
f"mean {ledger.Estimate.from_samples(draws):.3f}, variance {draws.var():.3f}, formula {0.3 / 0.7:.3f}"

# %% [markdown]
# :::{exercise}
# :label: ex-dropout-gain
#
# Does the linear predictor of {numref}`fig-dropout-linear` gain by dropout on windows it has not seen?
# :::

# %% tags=["solution"]
unseen, after = windows(make_ensemble(20, 400, 0.02, rng=9), rng)
errors = [np.std(unseen @ w - after) for w in (plain, expected)]
gains = "yes" if errors[1] < errors[0] else "no"
f"{gains}: least squares {errors[0]:.3f}, dropout {errors[1]:.3f} standard deviations"
# To extrapolate takes a slope: large weights of both signs, which the penalty makes
# expensive. The noise here is too weak to repay that.

# %% [markdown]
# **Onward.** Sequences and memory are in {doc}`/book/03_concepts/lstm`. A discriminator with dropout is at work in
# {doc}`/book/04_generation/deck_gan`; the game that it plays is in {doc}`/book/03_concepts/adversarial_training`. Ridge
# regression itself is in {doc}`/book/02_parametric/deck_methods`.
