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
#
# **In short.** Normalisation speeds up plain gradient descent and not Adam ({numref}`fig-batch-normalization-loss`), and no
# variance stays fixed to one: behind the learned scale it is {result}`batch-normalization/variance-after-scale;.3f`. In training mode
# it lends a generator a diversity that it does not have ({numref}`fig-batch-normalization-trap`).

# %% tags=["hide-input"]
from itertools import product

from IPython.display import Markdown

from book.figures import batch_normalization as figures
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


# %% tags=["kernel"]
import numpy as np


def batch_norm(x, gamma, beta, eps=1e-5):
    """Normalise the columns of x, (batch, features); also their mean and variance."""
    mean, var = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, mean, var


# %% [markdown]
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
def batch_norm_gradient(x, gamma, g, eps=1e-5):
    """Gradient of the loss with respect to x, given g = dL/dy."""
    x_hat, _, var = batch_norm(x, 1.0, 0.0, eps)
    return gamma / np.sqrt(var + eps) * (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0))


# %% tags=["kernel"]
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
torch.manual_seed(0)
x = torch.tensor(sample_attractor(64, rng=0), requires_grad=True)
layer = nn.BatchNorm1d(3).double()
y, g = layer(x), torch.randn_like(x)
y.backward(g)
theirs = y.detach(), x.grad, layer.running_mean, layer.running_var

# %%
raw = x.detach().numpy()
output, mean, var = batch_norm(raw, 1.0, 0.0)
running = update_running(np.zeros(3), np.ones(3), mean, var, 64)
ours = output, batch_norm_gradient(raw, 1.0, g.numpy()), *running
names = "output", "gradient", "running mean", "running variance"
{n: f"{abs(a - b.numpy()).max():.0e}" for n, a, b in zip(names, ours, theirs, strict=True)}

# %% [markdown]
# The second *raw* moment $\overline{x^2}$ and the variance are the same only where the mean is
# zero; what is set to one is the **second central moment**. And in {eq}`eq-batch-norm` it is set before $\gamma$ and
# $\beta$: what leaves the layer has the mean $\beta$ and the standard deviation $|\gamma|$, which training moves.
#
# ## Faster?
#
# The task is the flow map over $\delta t = 0.1$, from state to next state, by four hidden layers of 32
# ReLU nodes. A method that allows other learning rates must be compared **at the best rate of each**.
# We try four rates for plain gradient descent and four for Adam with five seeds each, choose on
# validation series, and report on test series, at the chosen rates with twenty seeds: ratios scatter.

# %%
ensemble = make_ensemble(120, 101, 0.1, rng=1)
unit = torch.tensor((ensemble - ensemble.mean((0, 1))) / ensemble.std((0, 1))).float()
ends = [part.reshape(-1, 3).split([8000, 2000, 2000]) for part in (unit[:, :-1], unit[:, 1:])]
(states, successors), validation, test = zip(*ends, strict=True)


# %%
def make_net(normalised, n_in=3, width=32, depth=4):
    layers = []
    for size in [n_in] + [width] * (depth - 1):
        layers += [nn.Linear(size, width), *[nn.BatchNorm1d(width)] * normalised, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 3))


# %%
from copy import deepcopy

from torch.nn.functional import mse_loss


def look(net):
    """Squared error on validation and test, and what enters the last hidden ReLU."""
    net = deepcopy(net).eval()  # a pass in training mode moves the running moments
    losses = [mse_loss(net(x), y).item() for x, y in (validation, test)]
    return losses, net.train()[:-2](validation[0][:512]).detach().numpy()


# %%
from functools import cache


@cache
def train(optimiser, normalisation, rate, seed):
    """The net, and every ten steps its losses (2,) and distributions (512, 32)."""
    torch.manual_seed(seed)
    net, looks = make_net(normalisation == "batch"), []
    optimiser = getattr(torch.optim, optimiser)(net.parameters(), rate, fused=True)
    for step in range(201):
        looks += [look(net)] if step % 10 == 0 else []
        batch = torch.randint(len(states), (128,))
        optimiser.zero_grad()
        mse_loss(net(states[batch]), successors[batch]).backward()
        optimiser.step()
    return net, *map(np.array, zip(*looks, strict=True))


# %% [markdown]
# {numref}`tab-batch-normalization-best` compares two things, each at the rate that is best for it on the validation series: the
# number of steps until a tenth of the variance is left (we look every ten steps), and the error
# after the last step. First, in {numref}`tab-batch-normalization-rates`,
# the error at all rates, to see whether the best lies inside the range that we tried.


# %%
def runs(case, rate, n_seeds=5):
    """Nets, losses (seed, look, part) and distributions; part 0 is validation, 1 is test."""
    nets, losses, inputs = zip(*(train(*case, rate, seed) for seed in range(n_seeds)), strict=True)
    return nets, np.array(losses), inputs


def final_error(losses):
    return np.sqrt(losses[:, -1])


# %%
rates = {"SGD": [0.03, 0.1, 0.3, 0.6], "Adam": [0.001, 0.003, 0.01, 0.03]}
cases = [*product(rates, ("none", "batch"))]


def by_rate(measure, case, part):
    """Means of a measure of the losses over five seeds, at each rate."""
    return [measure(runs(case, rate)[1])[:, part].mean() for rate in rates[case[0]]]


errors = {case: by_rate(final_error, case, part=1) for case in cases}

# %% tags=["hide-input"] label="tab-batch-normalization-rates"
rows = []
for case, means in errors.items():
    shown = [f"{mean:.3f}" if np.isfinite(mean) else "diverges" for mean in means]
    rows.append([*case, *map("{1} ({0})".format, rates[case[0]], shown)])
headers = ["optimiser", "normalisation", "lowest rate", "second", "third", "highest"]
plotting.table(headers, rows)


# %%
def steps_to(losses, level=0.1):
    """First step with a loss below the level, or the length of the run."""
    below = losses < level
    return 10 * np.where(below.any(1), below.argmax(1), below.shape[1])


# %%
measures = {steps_to: "speed-up", final_error: "error-ratio"}
best, found = {}, {}
for measure, case in product(measures, cases):
    best[measure, case] = rates[case[0]][np.nanargmin(by_rate(measure, case, part=0))]
    found[measure, case] = measure(runs(case, best[measure, case], 20)[1])[:, 1]
at_best = {case: runs(case, best[final_error, case]) for case in cases}

# %% tags=["hide-input"] label="tab-batch-normalization-best"
rows = []
for case in cases:
    steps, error = (ledger.Estimate.from_samples(found[m, case]) for m in measures)
    steps = f"{steps:.0f} (rate {best[steps_to, case]})"
    rows.append([*case, steps, f"{error:.3f} (rate {best[final_error, case]})"])
headers = ["steps to 10 % of the variance", "final test error (std)"]
plotting.table(["optimiser", "normalisation", *headers], rows)

# %% tags=["hide-input"]
at_edge = [rate in rates[case[0]][::3] for (_, case), rate in best.items()]
Markdown(
    f"The best rate lies at the edge of the range for {sum(at_edge)} of the {len(at_edge)} choices. A "
    "rate outside the range might do better there, so that the ratios below hold for the rates tried."
)

# %% tags=["hide-input"] label="fig-batch-normalization-loss"
curves = {case: np.sqrt(losses[..., 1]) for case, (_, losses, _) in at_best.items()}
_ = figures.plot_loss(curves)

# %% [markdown]
# {numref}`fig-batch-normalization-loss` has two sides. Plain gradient descent gains, as the deck
# says. Adam, which rescales every gradient by itself, does not. One cost shows here: in training
# the output for one state depends on the other 127 states of its batch. How much? We
# give 32 states to the trained networks again and again, with other companions each time.


# %%
def companion_noise(net):
    """Standard deviation of the outputs for 32 fixed states over 96 companions."""
    companions = test[0][torch.randint(len(test[0]), (200, 96))]
    batches = torch.cat([test[0][:32].expand(200, -1, -1), companions], dim=1)
    return torch.stack([net(batch)[:32] for batch in batches]).var(0).mean().sqrt().item()


torch.manual_seed(0)
noise = ledger.Estimate.from_samples([*map(companion_noise, at_best["Adam", "batch"][0])])

# %% tags=["hide-input"]
f"scatter by companions: {noise:.3f} standard deviations"

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
inputs = {kind: at_best["SGD", kind][2] for kind in ("none", "batch")}
bands = {}
for kind, (first, *_) in inputs.items():
    node = first.std(axis=1).mean(axis=0).argsort()[16]
    bands[kind] = np.quantile(first[:, :, node], [0.15, 0.5, 0.85], axis=1)
_ = figures.plot_drift(bands)


# %%
def drift(inputs):
    """Path length of (mean, std) of a node's input in training, in units of its std."""
    mean, std = inputs.mean(axis=1), inputs.std(axis=1)
    move = np.hypot(np.diff(mean, axis=0), np.diff(std, axis=0))
    return np.median((move / std[1:]).sum(axis=0))


path = {kind: ledger.Estimate.from_samples([*map(drift, nodes)]) for kind, nodes in inputs.items()}

# %% tags=["hide-input"]
Markdown(f"Path length: {path['none']:.2f} without, {path['batch']:.2f} with normalisation.")

# %% [markdown]
# Normalisation does hold the distributions, by construction. That this is **why** training is
# faster does not follow: {cite:t}`santurkar2018how` put the drift back by noise after the
# normalisation and kept the speed; they find the loss surface smoother instead.
#
# ## Fixed to zero and one?
#
# In the trained networks we read the moments at three places ({numref}`tab-batch-normalization-moments`): before scale and shift, behind
# them, and in evaluation, where the running moments of training stand in for the batch's.


# %%
@torch.no_grad()
def moments(net):
    """Mean absolute mean and mean variance over nodes of the last such layer, by place."""
    net, batch = deepcopy(net).eval(), test[0][:128]
    layer = net[-3]
    evaluated = (net[:-2](batch) - layer.bias) / layer.weight
    x = net.train()[:-3](batch)
    x_hat = (x - x.mean(0)) / (x.var(0, correction=0) + layer.eps).sqrt()
    places = x_hat, layer(x), evaluated
    return [[a.mean(0).abs().mean(), a.var(0, correction=0).mean()] for a in places]


places = "normalised, in training", "after scale and shift", "normalised, in evaluation"
moment = ledger.Estimate.from_samples([*map(moments, at_best["SGD", "batch"][0])])

# %% tags=["hide-input"] label="tab-batch-normalization-moments"
rows = [[place, *pair] for place, pair in zip(places, moment, strict=True)]
plotting.table(["one batch of 128", "absolute mean", "variance"], rows, ".4f")

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
    within = sum(torch.cdist(a, a).sum() / (len(a) * (len(a) - 1)) for a in (real, generated))
    return 2 * torch.cdist(real, generated).mean() - within


# %%
def train_generator(seed):
    torch.manual_seed(seed)
    generator = make_net(True, n_in=4, width=64, depth=2)
    adam = torch.optim.Adam(generator.parameters(), 3e-3, fused=True)
    for _ in range(400):
        real = states[torch.randint(len(states), (128,))]
        adam.zero_grad()
        energy_distance(real, generator(torch.randn(128, 4))).backward()
        adam.step()
    return generator


generators = [train_generator(seed) for seed in range(5)]


# %% [markdown]
# Then we sample 1024 states in five ways. The last two draw a *batch that is not like training's*:
# latents within a small ball, as when one walks from one latent to a neighbour.


# %%
def sample(generator, latents, batch=None):
    """In evaluation mode, or in training mode with batches of a given size."""
    generator = deepcopy(generator).train(batch is not None)
    parts = latents.split(batch or len(latents))
    return torch.cat([generator(part) for part in parts]).detach()


# %%
torch.manual_seed(0)
latents = torch.randn(1024, 4)
near = latents[0] + 0.1 * torch.randn(1024, 4)
ways = {
    "evaluation": [latents],
    "training, batches of 128": [latents, 128],
    "training, batches of 8": [latents, 8],
    "near one latent, evaluation": [near],
    "near one latent, training": [near, 128],
}
made = {way: [sample(g, *options) for g in generators] for way, options in ways.items()}


# %%
def score(samples):
    """Energy distance to the test states, and spread."""
    return energy_distance(test[0], samples).item(), samples.std(0).mean().item()


scores = {way: ledger.Estimate.from_samples([*map(score, made[way])]) for way in ways}
floor = energy_distance(test[0], states[torch.randperm(len(states))[:1024]]).item()

# %% tags=["hide-input"] label="tab-batch-normalization-generator"
rows = [[way, *pair] for way, pair in scores.items()]
rows.append(["1024 real states", floor, test[0].std(0).mean()])
headers = ["sampled", "energy distance to the attractor", "spread (std)"]
plotting.table(headers, rows, ["", ".3f", ".2f"])

# %% [markdown]
# {numref}`tab-batch-normalization-generator` holds the distances {eq}`eq-energy-distance`. In evaluation the small ball gives itself away. In training mode even the ball, and even batches of
# eight, look like the attractor by distance. What differs there is what **one** latent becomes: we put the same latent into 200 batches and see how far its state moves.


# %%
def scatter_of_one(generator, batch):
    """Standard deviation of one latent's state over its companions."""
    batches = torch.randn(200, batch, 4)
    batches[:, 0] = latents[0]
    return sample(generator, batches.flatten(0, 1), batch)[::batch].std(0).mean().item()


torch.manual_seed(1)
scatters = [[scatter_of_one(g, batch) for g in generators] for batch in (8, 128)]

# %% tags=["hide-input"]
scatter = ledger.Estimate.from_samples(np.transpose(scatters))
Markdown(f"In batches of 8: {scatter[0]:.2f}; in batches of 128: {scatter[1]:.2f}.")

# %% tags=["hide-input"] label="fig-batch-normalization-trap"
shown = {way: made[way][0] for way in ways if way != "training, batches of 128"}
_ = figures.plot_trap(test[0], shown)

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
in_training, shifted, evaluated = moment
measured = {"mean-in-training": in_training[0], "variance-in-training": in_training[1]}
measured |= {"variance-after-scale": shifted[1], "drift-without": path["none"]}
ratio = {}
for (measure, quantity), name in product(measures.items(), rates):
    ratios = found[measure, (name, "none")] / found[measure, (name, "batch")]
    ratio[quantity, name] = ledger.Estimate.from_samples(ratios)
    # A ratio and its inverse count alike in the logarithm.
    logarithm = ledger.Estimate.from_samples(np.log(ratios))
    measured[f"log-{quantity}-{name.lower()}"] = logarithm
for name, e in measured.items():
    ledger.record(f"batch-normalization/{name}", e, amplified=True, seeds=e.n)
range_of = {case: max(means) / min(means) for case, means in errors.items()}
Markdown(f"""
* **Speed.** To a tenth of the variance, training without normalisation takes {ratio["speed-up", "SGD"]:.1f} times the
  steps under plain gradient descent, {ratio["speed-up", "Adam"]:.1f} times under Adam (each at its best rate).
* **Performance.** After 200 steps the error without it is {ratio["error-ratio", "SGD"]:.2f} times that with it under plain
  gradient descent, and {ratio["error-ratio", "Adam"]:.2f} times under Adam, where
  the companions in a batch alone scatter its output by {noise:.3f} standard deviations.
* **Stability,** read as tolerance of the rate. From the best to the worst rate tried, the error grows by a factor of
  {range_of["SGD", "none"]:.1f} without and {range_of["SGD", "batch"]:.1f} with normalisation under plain gradient descent, {range_of["Adam", "none"]:.1f}
  and {range_of["Adam", "batch"]:.1f} under Adam.
* **Moments.** In training the normalised batch has variance {in_training[1]:.4f} (the small
  $\\varepsilon$ keeps it below one). Behind the learned scale and shift it is {shifted[1]:.3f}, free to
  move; with running moments, in evaluation, {evaluated[1]:.2f}. "Fixed to zero and one" is exact in
  one place, in one mode, and of the *central* second moment.
* **Trap.** In training mode one latent has no state of its own: in batches of eight its
  state scatters by {scatter[0]:.2f} standard deviations, of 128 by {scatter[1]:.2f}. Latents near a single one
  spread over {scores["near one latent, evaluation"][1]:.2f} standard deviations in evaluation, but over
  {scores["near one latent, training"][1]:.2f} in training mode, where the batch makes up a diversity that
  the generator does not have.
""")

# %% [markdown]
# The book samples its generators in evaluation mode only, and measures diversity there.
#
# ## Exercises
#
# :::{exercise}
# :label: ex-batch-normalization-scale
#
# Scale the weights and the bias of the layer before a batch normalisation by 10. What happens to the
# output, and to the gradient of those weights?
# :::

# %% tags=["solution"]
torch.manual_seed(0)
linear, norm = nn.Linear(3, 8).double(), nn.BatchNorm1d(8, eps=1e-12).double()


def response():
    output = norm(linear(x.detach()))
    return output, *torch.autograd.grad((output**3).sum(), linear.weight)


one, slopes = response()
for part in linear.parameters():
    part.data *= 10
ten, flatter = response()
f"change of the output {(one - ten).abs().max():.0e}, gradients' ratio {(slopes / flatter).mean():.2f}"

# %% [markdown]
# :::{exercise}
# :label: ex-batch-normalization-batch-of-one
#
# What does torch's layer return in training mode for a batch of one, and why?
# :::

# %% tags=["solution"]
try:
    message = str(nn.BatchNorm1d(3)(torch.zeros(1, 3)))
except ValueError as error:
    message = f"ValueError: {error}"
f"{message}. One sample has no variance: ours gives {batch_norm(raw[:1], 1.0, 0.0)[0]}"

# %% [markdown]
# **Onward.** {doc}`/book/03_concepts/dropout` is the other layer that behaves differently in training. The deck's
# generator with batch normalisation is in {doc}`/book/03_concepts/dcgan`, the layer that bounds a critic
# instead in {doc}`/book/03_concepts/spectral_normalization`. Diversity is measured in
# {doc}`/book/04_generation/evaluation`.
