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
# # Batch normalisation
#
# **Question.** What does batch normalisation fix, does it make training faster, and what does it do
# to a generator once training is over?
#
# **What the deck claimed.** (slides 15-16) Batch normalisation "makes it possible to improve the
# speed, the performance and the stability of the training". "After each layer the distribution of
# the data can change, and this change makes it harder for the network to extract useful features."
# It "fixes the first and second moments of the data (mean and variance) to zero and one
# respectively".

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown

from lorenz_utils import ledger, plotting
from lorenz_utils.system import make_ensemble, sample_attractor

plotting.use_style()

# %% [markdown]
# ## The layer
#
# For each feature, take the mean $\mu$ and the variance $v$ **over the batch**
# {cite}`ioffe2015batch`:
#
# $$\hat x_i = \frac{x_i - \mu}{\sqrt{v + \varepsilon}}, \qquad y_i = \gamma\, \hat x_i + \beta .$$ (eq-batch-norm)
#
# The scale $\gamma$ and the shift $\beta$ are learned (this $\beta$ is not Lorenz's). Since $\mu$
# and $v$ contain every sample, the gradient passes through them too, and loses two directions:
#
# $$\frac{\partial L}{\partial x} = \frac{\gamma}{\sqrt{v + \varepsilon}} \Bigl( g - \overline{g} -
# \hat x\, \overline{g \hat x} \Bigr), \qquad g = \frac{\partial L}{\partial y},$$ (eq-batch-norm-gradient)
#
# with bars for means over the batch. Nothing can be gained by moving all samples together, nor by
# scaling them together: the layer would undo both.
#
# :::{margin} A bias without effect
# What the layer before adds to all samples alike goes out again with the mean, and $\beta$ does its
# work. This is why one often sees `bias=False` before a batch normalisation.
# :::


# %% tags=["kernel"]
import numpy as np


def batch_norm(x, gamma, beta, eps=1e-5):
    """Normalise the columns of x, (batch, features); also their mean and variance."""
    mean, var = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, mean, var


def batch_norm_gradient(x, gamma, g, eps=1e-5):
    """Gradient of the loss with respect to x, given g = dL/dy."""
    scale = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / scale
    return gamma / scale * (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0))


def update_running(running_mean, running_var, mean, var, n, momentum=0.1):
    """Moving averages for use after training, of the unbiased variance."""
    running_mean = (1 - momentum) * running_mean + momentum * mean
    return running_mean, (1 - momentum) * running_var + momentum * var * n / (n - 1)


# %% [markdown]
# We compare {eq}`eq-batch-norm` and {eq}`eq-batch-norm-gradient` with torch's layer, on a batch of 64
# Lorenz states in raw units:
#
# :::{margin} Two variances
# The batch is normalised with its variance over $n$; the running variance averages the one over
# $n - 1$.
# Both are so in {cite}`ioffe2015batch`, and in torch.
# :::

# %%
import torch
from torch import nn

torch.set_num_threads(1)
x = torch.tensor(sample_attractor(64, rng=0), requires_grad=True)
layer = nn.BatchNorm1d(3).double()
y = layer(x)
g = torch.randn(64, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
(gradient,) = torch.autograd.grad((y * g).sum(), x)

# %%
raw = x.detach().numpy()
ours, mean, var = batch_norm(raw, 1.0, 0.0)
running_mean, running_var = update_running(np.zeros(3), np.ones(3), mean, var, 64)
differences = {
    "output": ours - y.detach().numpy(),
    "gradient": batch_norm_gradient(raw, 1.0, g.numpy()) - gradient.numpy(),
    "running mean": running_mean - layer.running_mean.numpy(),
    "running variance": running_var - layer.running_var.numpy(),
}
{name: f"{abs(difference).max():.0e}" for name, difference in differences.items()}

# %% [markdown]
# The second *raw* moment $\overline{x^2}$ and the variance are the same only where the mean is
# zero; what is set to one is the **second central moment**. And in {eq}`eq-batch-norm` it is set before $\gamma$ and
# $\beta$: what leaves the layer has the mean $\beta$ and the standard deviation $|\gamma|$, which training moves.
#
# ## Faster?
#
# The task is the flow map over $dt = 0.1$, from state to next state, by four hidden layers of 32
# ReLU nodes. A method that allows other learning rates must be compared **at the best rate of each**.
# We try four rates for plain gradient descent and four for Adam with five seeds each, choose on
# validation series, and report on test series, at the chosen rates with twenty seeds: ratios scatter.

# %%
ensemble = make_ensemble(120, 101, 0.1, rng=1)
unit = (ensemble - ensemble.mean((0, 1))) / ensemble.std((0, 1))
unit = torch.tensor(unit, dtype=torch.float32)
parts = {"training": unit[:80], "validation": unit[80:100], "test": unit[100:]}
pairs = {
    name: tuple(states.reshape(-1, 3) for states in (part[:, :-1], part[:, 1:]))
    for name, part in parts.items()
}


# %%
def make_net(normalised, width=32, depth=4):
    layers, n_in = [], 3
    for _ in range(depth):
        layers.append(nn.Linear(n_in, width))
        layers += [nn.BatchNorm1d(width)] if normalised else []
        layers.append(nn.ReLU())
        n_in = width
    return nn.Sequential(*layers, nn.Linear(width, 3))


# %% tags=["hide-input"]
@torch.no_grad()
def look(net):
    """Squared error on validation and test, and what enters the last hidden ReLU."""
    net.eval()
    losses = [
        (net(states) - successors).square().mean().item()
        for states, successors in (pairs["validation"], pairs["test"])
    ]
    net.train()
    kept = [moment.clone() for moment in net.buffers()]
    inputs = net[:-2](probe).numpy()
    # A pass in training mode has moved the running moments.
    for moment, old in zip(net.buffers(), kept, strict=True):
        moment.copy_(old)
    return losses, inputs


def train(normalised, optimiser, rate, seed, *, n_steps=200, batch=128):
    """Losses (n_looks, 2) and distributions (n_looks, 512, 32), every ten steps."""
    torch.manual_seed(seed)
    net = make_net(normalised)
    optimiser = optimiser(net.parameters(), rate, fused=True)
    states, successors = pairs["training"]
    history = []
    for step in range(n_steps + 1):
        if step % 10 == 0:
            history.append(look(net))
        chosen = torch.randint(len(states), (batch,))
        loss = (net(states[chosen]) - successors[chosen]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    losses, inputs = zip(*history, strict=True)
    return net, np.array(losses), np.array(inputs)


# %%
probe = pairs["validation"][0][:512]
n_seeds = 5
rates = {"SGD": [0.03, 0.1, 0.3, 0.6], "Adam": [0.001, 0.003, 0.01, 0.03]}
optimisers = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
trials = {
    (name, normalised, rate): [
        train(normalised, optimisers[name], rate, seed) for seed in range(n_seeds)
    ]
    for name in rates
    for normalised in (False, True)
    for rate in rates[name]
}

# %% [markdown]
# {numref}`tab-batch-normalization-best` compares two things, each at the rate that is best for it on the validation series: the
# number of steps until a tenth of the variance is left (we look every ten steps), and the error
# after the last step. First, in {numref}`tab-batch-normalization-rates`,
# the error at all rates, to see whether the best lies inside the range that we tried.


# %% tags=["hide-input"]
def final_error(runs, part):
    """Root mean squared error at the end, one a seed."""
    return np.sqrt([losses[-1, part] for _, losses, _ in runs])


def steps_to(runs, part, level=0.1):
    """First step with a loss below the level, or the length of the run."""
    below = np.array([losses[:, part] < level for _, losses, _ in runs])
    return 10 * np.where(below.any(1), below.argmax(1), below.shape[1])


# %% tags=["hide-input"] label="tab-batch-normalization-rates"
label = {False: "none", True: "batch"}
rows = []
for name in rates:
    for normalised in (False, True):
        errors = [final_error(trials[name, normalised, rate], part=1) for rate in rates[name]]
        finite = [f"{e.mean():.3f}" if np.isfinite(e).all() else "diverges" for e in errors]
        cells = [f"{rate}: {cell}" for rate, cell in zip(rates[name], finite, strict=True)]
        rows.append([name, label[normalised], *cells])
headers = ["optimiser", "normalisation", "rate: test error (std)", "", "", ""]
plotting.table(headers, rows)


# %% tags=["hide-input"]
def best_rate(name, normalised, measure):
    """The rate with the lowest mean of the measure on the validation series."""
    scores = [np.mean(measure(trials[name, normalised, rate], part=0)) for rate in rates[name]]
    return rates[name][np.nanargmin(scores)]


cases = [(name, normalised) for name in rates for normalised in (False, True)]
error_rate = {case: best_rate(*case, final_error) for case in cases}
speed_rate = {case: best_rate(*case, steps_to) for case in cases}
best = {case: trials[(*case, error_rate[case])] for case in cases}
many = {
    (name, normalised, rate): trials[name, normalised, rate]
    + [train(normalised, optimisers[name], rate, seed) for seed in range(n_seeds, 20)]
    for name, normalised in cases
    for rate in {error_rate[name, normalised], speed_rate[name, normalised]}
}
final = {case: final_error(many[(*case, error_rate[case])], part=1) for case in cases}
steps = {case: steps_to(many[(*case, speed_rate[case])], part=1) for case in cases}

# %% tags=["hide-input"] label="tab-batch-normalization-best"
rows = []
for name, normalised in cases:
    fastest, least = (ledger.Estimate.from_samples(v[name, normalised]) for v in (steps, final))
    rows.append(
        [
            *(name, label[normalised]),
            f"{fastest:.0f} (rate {speed_rate[name, normalised]})",
            f"{least:.3f} (rate {error_rate[name, normalised]})",
        ]
    )
headers = [
    "optimiser",
    "normalisation",
    "steps to 10 % of the variance",
    "final test error (std)",
]
plotting.table(headers, rows)

# %% tags=["hide-input"]
at_edge = [
    rate[name, normalised] in (rates[name][0], rates[name][-1])
    for rate in (speed_rate, error_rate)
    for name, normalised in cases
]
Markdown(
    f"The best rate lies at the edge of the range for {sum(at_edge)} of the {len(at_edge)} choices. A "
    "rate outside the range might do better there, so that the ratios below hold for the rates tried."
)

# %% tags=["hide-input"] label="fig-batch-normalization-loss"
fig, axes = plt.subplots(1, 2, sharey=True)
for ax, name in zip(axes, rates, strict=True):
    for normalised, colour in ((False, plotting.CYCLE[1]), (True, plotting.CYCLE[0])):
        curves = np.sqrt([losses[:, 1] for _, losses, _ in best[name, normalised]])
        ax.plot(10 * np.arange(curves.shape[1]), curves.T, color=colour, lw=0.9)
        ax.plot(
            [],
            [],
            color=colour,
            label=f"{label[normalised]} normalisation".replace("none", "no"),
        )
    ax.set(title=name, xlabel="step", yscale="log")
axes[0].set_ylabel("test error (std)")
_ = axes[1].legend()

# %% [markdown]
# {numref}`fig-batch-normalization-loss` has two sides. Plain gradient descent gains, as the deck
# says. Adam, which rescales every gradient by itself, does not. One cost shows here: in training
# the output for one state depends on the other 127 states of its batch. How much? We
# give 32 states to the trained networks again and again, with other companions each time.


# %% tags=["hide-input"]
from copy import deepcopy


@torch.no_grad()
def companion_noise(net, n_batches=200):
    """Standard deviation of the outputs for 32 fixed states over 96 companions."""
    net, states = deepcopy(net), pairs["test"][0]
    outputs = []
    for _ in range(n_batches):
        companions = states[torch.randint(len(states), (96,))]
        outputs.append(net(torch.cat([states[:32], companions]))[:32])
    return torch.stack(outputs).var(0).mean().sqrt().item()


torch.manual_seed(0)
companions = ledger.Estimate.from_samples(
    [companion_noise(net) for net, _, _ in best["Adam", True]]
)
f"scatter by companions: {companions:.3f} standard deviations"

# %% [markdown]
# This is noise that a **regression** feels: it stands in the training loss at the scale of the
# error that is left.
#
# ## Do the distributions hold still?
#
# The reason the deck gives, with the original paper, is that the input of a layer changes its
# distribution while the layers before it learn. We follow the input of the last ReLU on 512
# fixed states through training by plain gradient descent.
#
# :::{margin} Its name
# {cite:t}`ioffe2015batch` call the drift *internal covariate shift*. In statistics a covariate shift is
# a difference between the inputs that a model is fitted to and those that it meets in use.
# :::

# %% tags=["hide-input"] label="fig-batch-normalization-drift"
fig, axes = plt.subplots(1, 2, sharey=True)
for ax, normalised in zip(axes, (False, True), strict=True):
    inputs = best["SGD", normalised][0][2]
    node = inputs.std(axis=1).mean(axis=0).argsort()[16]
    low, middle, high = np.quantile(inputs[:, :, node], [0.15, 0.5, 0.85], axis=1)
    when = 10 * np.arange(len(middle))
    ax.fill_between(when, low, high, color=plotting.CYCLE[0], alpha=0.25)
    ax.plot(when, middle, color=plotting.CYCLE[0])
    ax.set(title=f"{label[normalised]} normalisation".replace("none", "no"), xlabel="step")
_ = axes[0].set_ylabel("input of the node")


# %% tags=["hide-input"]
def drift(inputs):
    """Path length of (mean, std) of a node's input in training, in units of its std."""
    mean, std = inputs.mean(axis=1), inputs.std(axis=1)
    move = np.hypot(np.diff(mean, axis=0), np.diff(std, axis=0))
    return np.median((move / std[1:]).sum(axis=0))


path = {
    normalised: ledger.Estimate.from_samples([drift(i) for _, _, i in best["SGD", normalised]])
    for normalised in (False, True)
}
Markdown(f"Path length: {path[False]:.2f} without, {path[True]:.2f} with normalisation.")

# %% [markdown]
# Normalisation does hold the distributions, by construction. That this is **why** training is
# faster does not follow: {cite:t}`santurkar2018how` put the drift back by noise after the
# normalisation and kept the speed; they find the loss surface smoother instead.
#
# ## Fixed to zero and one?
#
# In the trained networks we read the moments at three places ({numref}`tab-batch-normalization-moments`): before scale and shift, behind
# them, and in evaluation, where the running moments of training stand in for the batch's.


# %% tags=["hide-input"]
@torch.no_grad()
def moments(net, training, normalise, states):
    """Mean absolute mean and mean variance over nodes of the last such layer."""
    net = deepcopy(net).train(training)  # a batch in training moves the running moments
    after = normalise(net[-3], net[:-3](states))
    return [after.mean(0).abs().mean().item(), after.var(0, correction=0).mean().item()]


def bare(layer, x):
    return (x - x.mean(0)) / (x.var(0, correction=0) + layer.eps).sqrt()


def unscaled(layer, x):
    return (layer(x) - layer.bias) / layer.weight


trained = [net for net, _, _ in best["SGD", True]]
batch = pairs["test"][0][:128]
places = {
    "normalised, in training": (True, bare),
    "after scale and shift": (True, lambda layer, x: layer(x)),
    "normalised, in evaluation": (False, unscaled),
}
found = {
    place: ledger.Estimate.from_samples([moments(net, *how, batch) for net in trained])
    for place, how in places.items()
}

# %% tags=["hide-input"] label="tab-batch-normalization-moments"
rows = [[place, f"{e[0]:.4f}", f"{e[1]:.4f}"] for place, e in found.items()]
plotting.table(["one batch of 128", "absolute mean", "variance"], rows)

# %% [markdown]
# ## The trap for generators
#
# A generator with batch normalisation is two machines: by {eq}`eq-batch-norm` it is in training a function of the **whole batch**
# of latents, in evaluation a function of one. We train a small one to make Lorenz states, by the
# energy distance to real batches,
#
# $$2\,\mathbb{E}|X - G| - \mathbb{E}|X - X'| - \mathbb{E}|G - G'| \ge 0,$$ (eq-energy-distance)
#
# which is zero only for equal distributions and needs no discriminator.


# %%
def energy_distance(real, generated):
    """Between two batches of states, (n, 3) and (m, 3)."""
    n, m = len(real), len(generated)
    within = torch.cdist(real, real).sum() / (n * (n - 1))
    within += torch.cdist(generated, generated).sum() / (m * (m - 1))
    return 2 * torch.cdist(real, generated).mean() - within


# %% tags=["hide-input"]
def train_generator(seed, *, n_steps=400, batch=128):
    torch.manual_seed(seed)
    layers = [nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU()]
    layers += [nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()]
    generator = nn.Sequential(*layers, nn.Linear(64, 3))
    adam = torch.optim.Adam(generator.parameters(), 3e-3, fused=True)
    for _ in range(n_steps):
        real = states[torch.randint(len(states), (batch,))]
        loss = energy_distance(real, generator(torch.randn(batch, 4)))
        adam.zero_grad()
        loss.backward()
        adam.step()
    return generator


states = pairs["training"][0]
generators = [train_generator(seed) for seed in range(n_seeds)]


# %% [markdown]
# Then we sample 1024 states in five ways. The last two draw a *batch that is not like training's*:
# latents within a small ball, as when one walks from one latent to a neighbour.


# %% tags=["hide-input"]
@torch.no_grad()
def sample(generator, latents, batch=None):
    """In evaluation mode, or in training mode with batches of a given size."""
    generator = generator.train(batch is not None)
    # A zero momentum keeps the running moments as training left them.
    for layer in generator:
        layer.momentum = 0.0
    return torch.cat([generator(part) for part in latents.split(batch or len(latents))])


torch.manual_seed(0)
latents = torch.randn(1024, 4)
near = latents[0] + 0.1 * torch.randn(1024, 4)
ways = {
    "evaluation": (latents, None),
    "training, batches of 128": (latents, 128),
    "training, batches of 8": (latents, 8),
    "near one latent, evaluation": (near, None),
    "near one latent, training": (near, 128),
}
made = {way: [sample(g, *options) for g in generators] for way, options in ways.items()}

# %%
real = pairs["test"][0]
distance = {
    way: ledger.Estimate.from_samples([energy_distance(real, s) for s in samples])
    for way, samples in made.items()
}
spread = {
    way: ledger.Estimate.from_samples([s.std(0).mean().item() for s in samples])
    for way, samples in made.items()
}
floor = energy_distance(real, states[torch.randperm(len(states))[:1024]]).item()

# %% tags=["hide-input"] label="tab-batch-normalization-generator"
rows = [[way, f"{distance[way]:.3f}", f"{spread[way]:.2f}"] for way in ways]
rows.append(["1024 real states", f"{floor:.3f}", f"{real.std(0).mean():.2f}"])
plotting.table(["sampled", "energy distance to the attractor", "spread (std)"], rows)

# %% [markdown]
# {numref}`tab-batch-normalization-generator` holds the distances {eq}`eq-energy-distance`. In evaluation the small ball gives itself away. In training mode even the ball, and even batches of
# eight, look like the attractor by distance. What differs there is what **one** latent becomes: we put the same latent into 200 batches and see how far its state moves.


# %% tags=["hide-input"]
def scatter_of_one(generator, batch):
    """Standard deviation of one latent's state over its companions."""
    batches = torch.randn(200, batch, 4)
    batches[:, 0] = latents[0]
    states = torch.stack([sample(generator, companions, batch)[0] for companions in batches])
    return states.std(0).mean().item()


torch.manual_seed(1)
scatter = {
    batch: ledger.Estimate.from_samples([scatter_of_one(g, batch) for g in generators])
    for batch in (8, 128)
}
Markdown(f"In batches of 8: {scatter[8]:.2f}; in batches of 128: {scatter[128]:.2f}.")

# %% tags=["hide-input"] label="fig-batch-normalization-trap"
fig, axes = plt.subplots(1, 4, sharex=True, sharey=True, figsize=(7.2, 2.5))
shown = [way for way in ways if way != "training, batches of 128"]
for ax, way in zip(axes, shown, strict=True):
    ax.plot(*real[:, [0, 2]].T, ".", ms=1, color="#AFB8C1")
    ax.plot(*made[way][0][:, [0, 2]].T, ".", ms=2, color=plotting.COLOURS["generated"])
    ax.set_title(way.replace(", ", ",\n"), fontsize=8)
    ax.set_xlabel("x (std)")
_ = axes[0].set(ylabel="z (std)", xlim=(-3, 3), ylim=(-3, 3))

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
ratios = {
    "speed-up": {name: steps[name, False] / steps[name, True] for name in rates},
    "error-ratio": {name: final[name, False] / final[name, True] for name in rates},
}
faster, lower = (
    {name: ledger.Estimate.from_samples(values) for name, values in of_each.items()}
    for of_each in ratios.values()
)
for quantity, of_each in ratios.items():
    for name, values in of_each.items():
        # A ratio and its inverse count alike in the logarithm.
        logarithm = ledger.Estimate.from_samples(np.log(values))
        slug = f"batch_normalization/log-{quantity}-{name.lower()}"
        ledger.record(slug, logarithm, amplified=True, seeds=20)
range_of = {}
for case in cases:
    errors = [final_error(trials[(*case, rate)], part=1).mean() for rate in rates[case[0]]]
    range_of[case] = max(errors) / min(errors)
in_training, shifted, evaluated = found.values()
ledger.record(
    "batch_normalization/variance-in-training", in_training[1], amplified=True, seeds=n_seeds
)
ledger.record("batch_normalization/drift-without", path[False], amplified=True, seeds=n_seeds)
ledger.record("batch_normalization/mean-in-training", in_training[0], amplified=True, seeds=n_seeds)
ledger.record("batch_normalization/variance-after-scale", shifted[1], amplified=True, seeds=n_seeds)
Markdown(f"""
* **Speed.** To a tenth of the variance, training without normalisation takes {faster["SGD"]:.1f} times the
  steps under plain gradient descent, {faster["Adam"]:.1f} times under Adam (each at its best rate).
* **Performance.** After 200 steps the error without it is {lower["SGD"]:.2f} times that with it under plain
  gradient descent, and {lower["Adam"]:.2f} times under Adam, where
  the companions in a batch alone scatter its output by {companions:.3f} standard deviations.
* **Stability,** read as tolerance of the rate. From the best to the worst rate tried, the error grows by a factor of
  {range_of["SGD", False]:.1f} without and {range_of["SGD", True]:.1f} with normalisation under plain gradient descent, {range_of["Adam", False]:.1f}
  and {range_of["Adam", True]:.1f} under Adam.
* **Moments.** In training the normalised batch has variance {in_training[1]:.4f} (the small
  $\\varepsilon$ keeps it below one). Behind the learned scale and shift it is {shifted[1]:.3f}, free to
  move; with running moments, in evaluation, {evaluated[1]:.2f}. "Fixed to zero and one" is exact in
  one place, in one mode, and of the *central* second moment.
* **Trap.** In training mode one latent has no state of its own: in batches of eight its
  state scatters by {scatter[8]:.2f} standard deviations, of 128 by {scatter[128]:.2f}. Latents near a single one
  spread over {spread["near one latent, evaluation"]:.2f} standard deviations in evaluation, but over
  {spread["near one latent, training"]:.2f} in training mode, where the batch makes up a diversity that
  the generator does not have.
""")

# %% [markdown]
# The book samples its generators in evaluation mode only, and measures diversity there.
#
# ## Exercises
#
# 1. Scale the weights and the bias of the layer before a batch normalisation by 10. What happens to the
#    output, and to the gradient of those weights?

# %% tags=["hide-cell"]
torch.manual_seed(0)
linear, norm = nn.Linear(3, 8).double(), nn.BatchNorm1d(8, eps=1e-12).double()
outputs, gradients = [], []
for factor in (1, 10):
    weight = (factor * linear.weight).detach().requires_grad_()
    output = norm(nn.functional.linear(x.detach(), weight, factor * linear.bias))
    outputs.append(output)
    gradients.append(torch.autograd.grad((output**3).sum(), weight)[0])
same = (outputs[0] - outputs[1]).abs().max().item()
f"change of the output {same:.0e}, gradients' ratio {(gradients[0] / gradients[1]).mean().item():.2f}"

# %% [markdown]
# 2. What does torch's layer return in training mode for a batch of one, and why?

# %% tags=["hide-cell"]
try:
    message = str(nn.BatchNorm1d(3)(torch.zeros(1, 3)))
except ValueError as error:
    message = f"ValueError: {error}"
f"{message}. One sample has no variance: ours gives {batch_norm(raw[:1], 1.0, 0.0)[0]}"

# %% [markdown]
# **Onward.** The deck's generator with this layer: {doc}`/book/03_concepts/dcgan`. The layer that
# bounds a critic instead: {doc}`/book/03_concepts/spectral_normalization`. Diversity is measured in
# {doc}`/book/04_generation/evaluation`.
