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
# # Adversarial training
#
# **Question.** What does the minimax game compute, why does a generator collapse onto a few modes,
# and what holds it open?
#
# **What the deck claimed.** (slides 20 and 21) "GANs consist of a composition of two models:
# generator (G) and discriminator (D)", which play
# $\min_G \max_D \mathbb{E}_{x \sim p_r}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))]$.
# "The GAN is vulnerable to what is called *mode collapse* (a narrow range of created data) and to
# instability during training." After {cite}`manisha2018generative` the deck then asks three
# questions, about capacity, optimality and optimisation, and leaves them open. Here each gets a
# small experiment.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown
from scipy.optimize import minimize
from scipy.stats import norm

from lorenz_utils import ledger, plotting
from lorenz_utils.system import make_ensemble

plotting.use_style()

# %% [markdown]
# ## The game
#
# The generator $G$ turns noise into samples; the discriminator $D$ gives each sample the
# probability that it is real. Three distributions are at play
# ({numref}`tab-adversarial-distributions`):
#
# :::{table} The three distributions of the game.
# :name: tab-adversarial-distributions
#
# | symbol | meaning | remark |
# |---|---|---|
# | $p_r$ | distribution of the real data | known by samples only |
# | $p_g$ | distribution of what $G$ makes | the law of $G(z)$; no formula either |
# | $p_z$ | distribution of the input noise $z$ | ours to choose: usually Gaussian or uniform |
# :::
#
# {cite:t}`goodfellow2014generative` let both networks act on one number,
#
# $$
# L(D, G) = \mathbb{E}_{x \sim p_r}[\log D(x)] + \mathbb{E}_{x \sim p_g}[\log(1 - D(x))]
#         = \int p_r \log D + p_g \log(1 - D) \, dx ,
# $$ (eq-value)
#
# which $D$ raises and $G$ lowers. The integrand can be maximised at each $x$ by itself: the
# derivative $p_r / D - p_g / (1 - D)$ is zero at
#
# $$
# D^\star(x) = \frac{p_r(x)}{p_r(x) + p_g(x)}, \qquad
# L(D^\star, G) = 2 \, \mathrm{JS}(p_r, p_g) - \log 4 .
# $$ (eq-optimal-critic)
#
# The perfect discriminator reports the share of real data at $x$, and against it the generator
# minimises the **Jensen-Shannon divergence**, the mean Kullback-Leibler divergence of $p_r$ and
# $p_g$ from their average. In numpy, for densities given as masses on bins:
#
# :::{margin} Nat and bit
# With the natural logarithm divergences count in nat, and JS is at most $\log 2$. With the logarithm
# to base two they count in bit, and the bound is one.
# :::


# %% tags=["kernel"]
from scipy.special import rel_entr, xlogy


def optimal_discriminator(p_r, p_g):
    return p_r / (p_r + p_g)


def game_value(D, p_r, p_g):
    return (xlogy(p_r, D) + xlogy(p_g, 1 - D)).sum()


def jensen_shannon(p, q):
    mean = (p + q) / 2
    return (rel_entr(p, mean).sum() + rel_entr(q, mean).sum()) / 2


# %% [markdown]
# As $p_r$ take the histogram of the Lorenz coordinate $x$, as $p_g$ a generator that has learned
# nothing but mean and variance: a Gaussian.

# %%
import numpy as np

x = make_ensemble(50, 1000, 0.1, rng=0)[..., 0].ravel()
edges = np.linspace(-20, 20, 61)
p_r = np.histogram(x, edges)[0] / len(x)
p_g = np.diff(norm(x.mean(), x.std()).cdf(edges))
p_g /= p_g.sum()
D_star = optimal_discriminator(p_r, p_g)

# %% [markdown]
# To check {eq}`eq-optimal-critic` without using it, let an optimiser climb the game {eq}`eq-value` over
# all discriminators with one free logit $s$ a bin, $D = 1 / (1 + e^{-s})$.

# %%
from scipy.special import expit


def loss_and_slope(s):
    slope = p_r - (p_r + p_g) * expit(s)
    return -(p_r * -np.logaddexp(0, -s) - p_g * np.logaddexp(0, s)).sum(), -slope


climbed = minimize(loss_and_slope, np.zeros(60), jac=True, tol=1e-12, method="L-BFGS-B")
gap = np.sum((p_r + p_g) / 2 * np.abs(expit(climbed.x) - D_star))
identity = game_value(D_star, p_r, p_g) - (2 * jensen_shannon(p_r, p_g) - np.log(4))

# %% [markdown]
# A network never sees the densities, only samples. The next class holds several small perceptrons
# side by side in one tensor, one for each repeat. Nothing connects them: the losses are summed, so
# each gets its own gradient, and Adam scales every weight by itself. {numref}`fig-adversarial-optimal`
# shows what they learn.

# %%
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import leaky_relu, softplus

torch.set_num_threads(1)
REPEATS = 10


# %%


class Networks(nn.Module):
    def __init__(self, sizes, *, slope=0.2):
        super().__init__()
        self.slope = slope
        shapes = [(REPEATS, n_in, n_out) for n_in, n_out in pairwise(sizes)]
        weights = [torch.randn(s) * (2 / s[1]) ** 0.5 for s in shapes]
        self.weights = nn.ParameterList(weights)
        biases = [torch.rand(s[0], 1, s[2]) - 0.5 for s in shapes]
        self.biases = nn.ParameterList(biases)

    def forward(self, x):
        """(REPEATS, batch, sizes[0]) -> (REPEATS, batch, sizes[-1])."""
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, leaky_relu(x, self.slope) if k else x, weight)
        return x


# %%
torch.manual_seed(0)
D = Networks([1, 32, 32, 1])
adam = torch.optim.Adam(D.parameters(), 2e-2, fused=True)
data = torch.tensor((x - x.mean()) / x.std(), dtype=torch.float32)
for _ in range(600):
    real = data[torch.randint(len(data), (REPEATS, 1024, 1))]
    fake = torch.randn(REPEATS, 1024, 1)
    loss = (softplus(-D(real)) + softplus(D(fake))).mean((1, 2)).sum()
    adam.zero_grad()
    loss.backward()
    adam.step()

# %% tags=["hide-input"]
centres = (edges[1:] + edges[:-1]) / 2
grid = torch.tensor((centres - x.mean()) / x.std(), dtype=torch.float32)
with torch.no_grad():
    learned = torch.sigmoid(D(grid[None, :, None].repeat(REPEATS, 1, 1)))[..., 0].numpy()
network_gap = ledger.Estimate.from_samples((np.abs(learned - D_star) * (p_r + p_g) / 2).sum(1))

# %% tags=["hide-input"] label="fig-adversarial-optimal"
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3))
width = edges[1] - edges[0]
left.stairs(p_r / width, edges, color=plotting.COORDINATES["x"], label="$p_r$, Lorenz $x$")
left.plot(centres, p_g / width, color=plotting.COLOURS["generated"], label="$p_g$, Gaussian")
left.set(xlabel="$x$", ylabel="density", ylim=(0, 0.09))
left.legend(loc="upper right", fontsize=8)
lines = right.plot(centres, learned.T, color=plotting.COLOURS["light"], lw=0.8)
lines[0].set_label("ten networks")
right.plot(centres, D_star, color=plotting.COLOURS["real"], label=r"$D^\star$")
right.set(xlabel="$x$", ylabel="probability of real", ylim=(0, 1))
_ = right.legend(fontsize=8)

# %% tags=["hide-input"]
Markdown(
    f"The climb ends within {gap:.0e} of $D^\\star$ (mean absolute difference), and the identity "
    f"with the Jensen-Shannon divergence holds to {abs(identity):.0e}. The networks come within "
    f"{network_gap:.3f} (mean of {REPEATS} repeats with confidence intervals), where an ignorant one half "
    f"would be off by {np.sum((p_r + p_g) / 2 * np.abs(D_star - 0.5)):.3f}. JS is {jensen_shannon(p_r, p_g):.3f} nat out of a possible "
    f"$\\log 2 = {np.log(2):.3f}$."
)

# %% [markdown]
# The game therefore trains the generator on a moving ruler. $D$ is only near $D^\star$ if it keeps
# up, and only then does lowering $L$ lower the divergence of {eq}`eq-optimal-critic`.
#
# ## Three losses, three slopes
#
# Early in training $D$ tells the fakes easily: its logit $s = \operatorname{logit} D(G(z))$ is far
# below zero. What the generator learns then depends on the slope of its loss at $s$.
# {numref}`tab-adversarial-losses` uses $\operatorname{sp}(a) = \log(1 + e^a)$ and its derivative,
# $\operatorname{sigm}(a) = 1 / (1 + e^{-a})$.
#
# :::{table} Three losses of the generator for a fake of logit $s$, and their slopes; $s_{\text{real}}$ is the logit of a real sample.
# :name: tab-adversarial-losses
#
# | loss | generator minimises | slope with respect to $s$ |
# |---|---|---|
# | saturating (the deck's) | $\log(1 - D) = -\operatorname{sp}(s)$ | $-\operatorname{sigm}(s)$ |
# | non-saturating | $-\log D = \operatorname{sp}(-s)$ | $-\operatorname{sigm}(-s)$ |
# | relativistic | $\operatorname{sp}(s_{\text{real}} - s)$ | $-\operatorname{sigm}(s_{\text{real}} - s)$ |
# :::
#
# The non-saturating loss is already in {cite:t}`goodfellow2014generative`, who advise it in
# practice. The relativistic one {cite}`jolicoeur2019relativistic` compares each fake with a real
# sample: only differences count.


# %% tags=["kernel"]
from scipy.special import expit


def generator_slopes(s, s_real=0.0):
    return {
        "saturating": -expit(s),
        "non-saturating": -expit(-s),
        "relativistic": -expit(s_real - s),
    }


# %% tags=["hide-input"] label="fig-adversarial-slopes"
s = np.linspace(-8, 8, 200)
fig, ax = plt.subplots(figsize=(6.4, 3))
for name, slope in generator_slopes(s, s_real=0).items():
    if name != "relativistic":
        ax.plot(s, -slope, label=name)
for s_real, style in [(2, "--"), (5, ":")]:
    slope = generator_slopes(s, s_real=s_real)["relativistic"]
    ax.plot(s, -slope, style, color=plotting.CYCLE[2], label=f"relativistic, real at {s_real}")
ax.set(xlabel="logit $s$ of a fake ($s < 0$: recognised)", ylabel="size of the slope")
_ = ax.legend(fontsize=8)

# %% [markdown]
# In {numref}`fig-adversarial-slopes` a fake recognised with certainty gets no gradient at all from
# the deck's formula. The other two pull hardest there. The relativistic loss goes on pulling as
# long as the fake scores below a real sample, wherever both lie.
#
# ## Mode collapse on a ring
#
# Eight narrow Gaussians on a circle are the classic test {cite}`metz2017unrolled`: one sees each
# mode that is missing.

# %%
angles = 2 * torch.pi * torch.arange(8) / 8
MODES = 2 * torch.stack([angles.cos(), angles.sin()], 1)
SPREAD, BATCH = 0.1, 64


def sample_ring(batch=BATCH):
    centres = MODES[torch.randint(8, (REPEATS, batch))]
    return centres + SPREAD * torch.randn(REPEATS, batch, 2)


# %% [markdown]
# Two knobs turn the plain game into its modern form. One is the loss. The other is a **gradient
# penalty** {cite}`mescheder2018training`: the mean squared slope of the discriminator, on real
# samples (R1) and on fakes (R2),
#
# $$
# \tfrac{\gamma}{2} \, \mathbb{E}_{p_r} \|\nabla D\|^2
# + \tfrac{\gamma}{2} \, \mathbb{E}_{p_g} \|\nabla D\|^2 .
# $$ (eq-gradient-penalty)
#
# It forbids a critic so steep that it can chase the generator from mode to mode. Relativistic
# loss, R1 and R2 together are the recipe of {cite:t}`huang2024gan`.


# %%
def adversarial_losses(on_real, on_fake, *, relativistic):
    """The critic's and the generator's non-saturating or relativistic loss."""
    if relativistic:
        return softplus(on_fake - on_real), softplus(on_real - on_fake)
    return softplus(-on_real) + softplus(on_fake), softplus(-on_fake)


def gradient_penalty(D, *samples):
    samples = [x.detach().requires_grad_() for x in samples]
    total = sum(D(x).sum() for x in samples)
    slopes = torch.autograd.grad(total, samples, create_graph=True)
    return sum((slope**2).sum(-1).mean(1).sum() for slope in slopes) / 2


# %% [markdown]
# A third knob is one of the deck's own tricks (slide 28): Gaussian noise on all that the
# discriminator sees, fading over the training {cite}`sonderby2017amortised`. And as slide 28 advises, after
# {cite:t}`heusel2017gans`, the discriminator learns four times faster than the generator.
#
# :::{margin} Why four?
# The proof of {cite:t}`heusel2017gans` lets the ratio of the two rates grow without bound in the course of
# training. A fixed ratio is a rule of thumb.
# :::
#
# The setting below is **chosen to be hard**: among several that were tried, it is one in which the
# plain game collapses. It has 16 latent dimensions for data of two. The last run is the control, the same plain
# game with a latent of two dimensions.


# %%
def ring_step(G, D, z, step_G, step_D, *, relativistic, gamma, noise):
    """One step of each network; `noise` blurs both kinds of samples."""
    real, fake = sample_ring(), G(z)
    real, fake = (x + noise * torch.randn_like(x) for x in (real, fake))
    loss, _ = adversarial_losses(D(real), D(fake.detach()), relativistic=relativistic)
    penalty = gamma * gradient_penalty(D, real, fake) if gamma else 0
    step_D(loss.mean(1).sum() + penalty)
    _, loss = adversarial_losses(D(real), D(fake), relativistic=relativistic)
    step_G(loss.mean(1).sum())


# %% tags=["hide-input"]
def descent(network, rate, n_steps):
    """A function that takes one Adam step down a loss, at a rate that falls linearly to zero."""
    parameters = list(network.parameters())
    adam = torch.optim.Adam(parameters, rate, betas=(0.5, 0.9), fused=True)
    decay = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / n_steps)

    def step(loss):
        adam.zero_grad()
        loss.backward(inputs=parameters)
        adam.step()
        decay.step()

    return step


# %%
def train_ring(*, latent=16, noise=0.0, n_steps=1200, relativistic=False, gamma=0.0):
    torch.manual_seed(0)
    G, D = Networks([latent, 64, 64, 2], slope=0), Networks([2, 64, 64, 1])
    step_G, step_D = descent(G, 3e-3, n_steps), descent(D, 12e-3, n_steps)
    knobs = {"relativistic": relativistic, "gamma": gamma}
    for k in range(n_steps):
        z = torch.randn(REPEATS, BATCH, latent)
        ring_step(G, D, z, step_G, step_D, noise=noise * (1 - k / n_steps), **knobs)
    with torch.no_grad():
        return G(torch.randn(REPEATS, 2000, latent))


# %%
runs = {
    "plain": train_ring(),
    "noise, fading": train_ring(noise=0.5),
    "relativistic loss": train_ring(relativistic=True),
    "R1 + R2": train_ring(gamma=0.1),
    "relativistic, R1 + R2": train_ring(relativistic=True, gamma=0.1),
    "plain, latent 2": train_ring(latent=2),
}


# %% [markdown]
# A mode counts as covered if at least 2 % of all samples fall within three standard deviations of
# its centre; its fair share would be 12.5 %. The second measure is the share of samples that
# fall so close to any mode. For perfect samples it is $1 - e^{-9/2}$, nearly 99 %. The two can
# disagree, and do in {numref}`tab-adversarial-ring`.


# %%
def coverage(samples):
    distance, nearest = torch.cdist(samples, MODES).min(-1)
    close = distance < 3 * SPREAD
    share = (nn.functional.one_hot(nearest, 8) * close[..., None]).float().mean(1)
    return (share > 0.02).sum(1).numpy(), close.float().mean(1).numpy()


# %% tags=["hide-input"] label="tab-adversarial-ring"
measures = {
    name: [ledger.Estimate.from_samples(m) for m in coverage(y)] for name, y in runs.items()
}
rows = [
    [name, f"{m:.1f}", f"{100 * q.value:.0f} ± {100 * q.half_width():.0f} %"]
    for name, (m, q) in measures.items()
]
plotting.table(["training", "modes covered, of 8", "samples close to a mode"], rows)

# %% tags=["hide-input"] label="fig-adversarial-ring"
fig, axes = plt.subplots(1, 6, figsize=(10.5, 2.1), sharex=True, sharey=True)
for ax, (name, samples) in zip(axes, runs.items(), strict=True):
    ax.plot(*samples[0].T, ".", ms=1, alpha=0.4, color=plotting.COLOURS["generated"])
    for mode in MODES:
        ax.add_patch(plt.Circle(mode, 3 * SPREAD, fill=False, color=plotting.COLOURS["reference"]))
    ax.set(aspect="equal", xlim=(-2.9, 2.9), ylim=(-2.9, 2.9), xticks=[], yticks=[])
    ax.set_title(name, fontsize=8)

# %% [markdown]
# The plain game ends on a few modes ({numref}`fig-adversarial-ring`), and yet more of its samples lie
# close to a mode than under the penalties: who judges single samples would prefer it, and not
# notice that the other modes are missing. A gradient penalty
# opens the generator under either loss. Fading noise helps, less reliably; the relativistic loss
# alone does not. The price is points between the modes, at this number of steps.
#
# The control is a warning against reading too much into this. With two latent dimensions the very same plain
# game finds nearly the whole ring, and sharply. Collapse is a risk that depends on the setting, not a law,
# and none of these cures is better here than the easier setting.
#
# ## The deck's three questions
#
# The collapsed generator and the one opened by a penalty have the same architecture, so **capacity** cannot be
# what the first one lacks. It helps to take the three questions apart.
#
# ### 1. "Does the model have enough capacity?"
#
# Leave the game out and ask for the best that a generator of given size can do. In one dimension
# the best map from Gaussian noise to the data is known: the quantile function of the data, taken
# at $\Phi(z)$. One layer of $k$ rectified units is a line with $k$ kinks. With the kinks fixed,
# least squares gives the optimum, and as long as the fit is monotone its root mean square error is
# the Wasserstein distance W2. {numref}`fig-adversarial-questions` shows the answers to all three
# questions together.


# %%
def wasserstein_of_best(values, n_units):
    """W2 distance of the best generator with `n_units` kinks to the sample."""
    z = norm.ppf((np.arange(len(values)) + 0.5) / len(values))
    kinks = norm.ppf((np.arange(n_units) + 0.5) / n_units)
    basis = np.column_stack([np.ones_like(z), z, np.maximum(z[:, None] - kinks, 0)])
    fit = basis @ np.linalg.lstsq(basis, np.sort(values), rcond=None)[0]
    return np.sqrt(np.mean((fit - np.sort(values)) ** 2))


samples = [np.random.default_rng(seed).choice(x, 2000) for seed in range(REPEATS)]
units = [0, 2, 4, 8, 16, 32, 64]
distances = np.array([[wasserstein_of_best(v, k) for k in units] for v in samples])
ordered = np.sort(samples)
between = np.sqrt(np.mean(np.diff(ordered, axis=0) ** 2, axis=1))

# %% [markdown]
# ### 2. "Does the minimum of the loss guarantee optimality, with generalisation?"
#
# On the training set the global optimum is trivial: repeat it. For such a generator $p_g$ equals
# the empirical $p_r$, the best discriminator answers one half, and no loss can improve. How far is
# the copy from new data? A discriminator that resolves $k$ bins sees, for $n$ samples, a divergence
# of about
#
# $$
# \mathbb{E}\,\mathrm{JS} \approx \frac{k - 1}{4 n} \quad (n \gg k),
# $$ (eq-copy-gap)
#
# by the usual $\chi^2$ expansion of the Kullback-Leibler divergence. In $d$ dimensions $k$ grows as a power $d$ of the
# resolution, so by {eq}`eq-copy-gap` the loss generalises only as far as the discriminator is coarse
# {cite}`arora2017generalization`.


# %%
def copy_gap(n, *, rng):
    """JS between a training set, which the generator repeats, and new samples."""
    rng = np.random.default_rng(rng)
    return jensen_shannon(rng.multinomial(n, p_r) / n, rng.multinomial(n, p_r) / n)


sizes = [30, 100, 300, 1000, 3000, 10000]
gaps = np.array([[copy_gap(n, rng=seed) for n in sizes] for seed in range(20)])
occupied = np.count_nonzero(p_r)

# %% [markdown]
# ### 3. "Is there an algorithm that reaches the optimum in finitely many iterations?"
#
# {cite:t}`mescheder2018training` reduce the game to two numbers. The real data sit at 0, the
# generator puts all its samples at $\theta$, and the discriminator's logit is $\psi x$. The one
# equilibrium is $(0, 0)$. Near it, gradient steps of size $h$ on both players at once are
#
# $$
# \begin{pmatrix} \theta \\ \psi \end{pmatrix} \leftarrow
# \begin{pmatrix} 1 & -h/2 \\ h/2 & 1 - h \gamma \end{pmatrix}
# \begin{pmatrix} \theta \\ \psi \end{pmatrix} ,
# $$ (eq-dirac)
#
# a rotation. Without penalty its eigenvalues $1 \pm i h / 2$ lie outside the unit circle: the
# players spiral outwards however small the step. R1, the first term of {eq}`eq-gradient-penalty`, adds
# $-h\gamma$, a brake on the discriminator alone, and that is enough.
#
# :::{margin} Known from mechanics
# Without penalty {eq}`eq-dirac` is Euler's method {eq}`eq-euler` for a harmonic oscillator. Steps in turn are
# its symplectic variant, which keeps areas, so that its orbits stay on an ellipse.
# :::


# %% tags=["kernel"]
import numpy as np
from scipy.special import expit


def dirac_gan(theta, psi, n_steps, *, rate=0.1, gamma=0.0, alternate=False):
    """Path (n_steps + 1, 2): real data at 0, fakes at theta, logit psi x."""
    path = [(theta, psi)]
    for _ in range(n_steps):
        seen = theta
        theta = theta + rate * psi * expit(psi * theta)
        if alternate:
            seen = theta
        psi = psi - rate * (seen * expit(psi * seen) + gamma * psi)
        path.append((theta, psi))
    return np.array(path)


# %% [markdown]
# The code plays the full nonlinear minimax game of the deck; its signs turn the rotation
# {eq}`eq-dirac` the other way, with the same eigenvalues. (The other two losses have the same linear part.)

# %%
paths = {
    "both at once": dirac_gan(1, 0, 600),
    "in turn": dirac_gan(1, 0, 600, alternate=True),
    "both at once, R1": dirac_gan(1, 0, 600, gamma=1.0),
}
growth = np.abs(np.linalg.eigvals([[1, -0.05], [0.05, 1]])).max()
shrink = np.abs(np.linalg.eigvals([[1, -0.05], [0.05, 1 - 0.1]])).max()

# %% tags=["hide-input"] label="fig-adversarial-questions"
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3))
axes[0].errorbar(
    np.add(units, 1), distances.mean(0), 2 * distances.std(0, ddof=1) / 6**0.5, marker="o", ms=4
)
axes[0].axhline(
    np.mean(between), color=plotting.COLOURS["reference"], ls="--", label="real against real"
)
axes[0].set(
    xscale="log",
    yscale="log",
    xlabel="units of the generator + 1",
    ylabel="W2 distance",
    title="1 capacity",
)
axes[0].legend(fontsize=8)
axes[1].errorbar(
    sizes,
    gaps.mean(0),
    2 * gaps.std(0, ddof=1) / 20**0.5,
    fmt="o",
    ms=4,
    label="copy against new data",
)
axes[1].plot(
    sizes,
    (occupied - 1) / (4 * np.array(sizes)),
    "--",
    color=plotting.COLOURS["reference"],
    label="$(k - 1) / 4n$",
)
axes[1].set(
    xscale="log",
    yscale="log",
    xlabel="training samples $n$",
    ylabel="JS (nat)",
    title="2 generalisation",
)
axes[1].legend(fontsize=8)
for name, path in paths.items():
    axes[2].semilogy(np.linalg.norm(path, axis=1), label=name)
axes[2].set(
    xlabel="step", ylabel="distance to equilibrium", title="3 optimisation", ylim=(1e-8, 1e2)
)
_ = axes[2].legend(fontsize=8)

# %% tags=["hide-input"]
steps_r1 = int(np.argmax(np.linalg.norm(paths["both at once, R1"], axis=1) < 1e-6))
enough = next(k for k, d in zip(units, distances.mean(0), strict=True) if d < np.mean(between))
Markdown(
    f"1. **Capacity.** {enough:d} rectified units bring the best generator of $x$ closer to its "
    f"sample ({ledger.Estimate.from_samples(distances[:, units.index(enough)]):.2f}) than two real samples of 2000 "
    f"lie from each other ({np.mean(between):.2f}). A line, which is a Gaussian, stays at "
    f"{ledger.Estimate.from_samples(distances[:, 0]):.2f}. In one dimension capacity is cheap.\n"
    f"2. **Generalisation.** The loss guarantees the training set, no more. A perfect copy of 30 samples is "
    f"{ledger.Estimate.from_samples(gaps[:, 0]):.2f} nat away from new data, one of 10000 "
    f"{ledger.Estimate.from_samples(gaps[:, -1]):.4f} (theory: {(occupied - 1) / 40000:.4f}).\n"
    f"3. **Optimisation.** Simultaneous steps multiply the distance by up to {growth:.5f} each and never "
    f"arrive; steps in turn circle for ever. With R1 the factor is {shrink:.3f}, and the game is "
    f"within $10^{{-6}}$ of its equilibrium after {steps_r1} steps."
)

# %% [markdown]
# The third answer fits the ring, where a penalty helps as well: an optimum may exist while plain
# gradient steps are not attracted by it. It does not prove the cause there; the control shows that
# the latent matters too.
#
# ## What we find

# %% tags=["hide-input"]
missing = {
    name: ledger.Estimate(8 - m.value, m.standard_error, m.n) for name, (m, _) in measures.items()
}
ledger.record("adversarial_training/optimal-discriminator-gap", gap, bins=60)
ledger.record(
    "adversarial_training/missing-modes-plain", missing["plain"], amplified=True, seeds=REPEATS
)
ledger.record(
    "adversarial_training/missing-modes-noise", missing["noise, fading"],
    amplified=True, seeds=REPEATS,
)
ledger.record(
    "adversarial_training/missing-modes-r1-r2", missing["relativistic, R1 + R2"],
    amplified=True, seeds=REPEATS,
)
ledger.record("adversarial_training/simultaneous-growth", growth, rate=0.1)
ledger.record(
    "adversarial_training/missing-modes-latent-2", missing["plain, latent 2"],
    amplified=True, seeds=REPEATS,
)
plain, opened = measures["plain"], measures["relativistic, R1 + R2"]
easy = measures["plain, latent 2"]
Markdown(
    f"* The optimal discriminator is $p_r / (p_r + p_g)$, to {gap:.0e}; the game is a Jensen-Shannon "
    f"divergence as long as $D$ keeps up.\n"
    f"* **Mode collapse** is real, in a setting chosen for it: the plain game covers {plain[0]:.1f} of 8 "
    f"modes in {REPEATS} repeats. With R1 + R2 and the relativistic loss it covers {opened[0]:.1f}, with "
    f"R1 + R2 alone {measures['R1 + R2'][0]:.1f}, with the deck's fading noise "
    f"{measures['noise, fading'][0]:.1f}, with the relativistic loss alone "
    f"{measures['relativistic loss'][0]:.1f}.\n"
    f"* It is no law: with two latent dimensions the plain game covers {easy[0]:.1f}, and "
    f"{100 * easy[1].value:.0f} % of its samples lie close to a mode, against {100 * opened[1].value:.0f} % "
    f"of those opened by the penalty and {100 * plain[1].value:.0f} % of the collapsed ones.\n"
    f"* The deck is right about **instability**: near its equilibrium the plain game grows by a factor "
    f"{growth:.5f} a step at rate 0.1, in the smallest case there is.\n"
    f"* Its three questions have answers in small cases: capacity is cheap in one dimension, the loss "
    f"guarantees the training set only, and gradient steps need a brake to arrive."
)

# %% [markdown]
# ## Exercises
#
# **1. A ruler without marks.** Let $p_r$ be a Gaussian at 0 and $p_g$ one at distance $a$, both of
# standard deviation 0.1. Plot JS against $a$. Where does the generator still feel in which
# direction to move? (The Wasserstein distance is $a$.)

# %% tags=["hide-cell"] label="fig-adversarial-saturation"
fine = np.linspace(-1, 3, 4001)


def mass(mean, std=0.1):
    return norm(mean, std).pdf(fine) * (fine[1] - fine[0])


shifts = np.linspace(0, 2, 60)
fig, ax = plt.subplots(figsize=(5, 2.4))
ax.plot(shifts, [jensen_shannon(mass(0), mass(a)) for a in shifts])
ax.axhline(np.log(2), ls="--", color=plotting.COLOURS["reference"])
_ = ax.set(xlabel="distance $a$", ylabel="JS (nat)")
# Beyond about six standard deviations JS is log 2 and flat: a perfect discriminator teaches
# nothing there. Noise on both (or a penalty on D's slope) widens the region that still teaches.

# %% [markdown]
# **2. What the non-saturating loss minimises.** {cite:t}`arjovsky2017principled` show that for a
# perfect but frozen $D^\star$ the gradient of $\mathbb{E}_{p_g}[-\log D^\star]$ is the gradient of
# $\mathrm{KL}(p_g \| p_r) - 2\,\mathrm{JS}(p_r, p_g)$. Check it by central differences for two Gaussians
# as in exercise 1, now of standard deviation 1 and at distance 1.5. Which of the two terms favours dropping a mode?

# %% tags=["hide-cell"]
fine = np.linspace(-12, 14, 20001)
real, frozen = mass(0, 1), optimal_discriminator(mass(0, 1), mass(1.5, 1))


def frozen_loss(a):
    return -(mass(a, 1) * np.log(frozen)).sum()


def split(a):
    return rel_entr(mass(a, 1), real).sum() - 2 * jensen_shannon(real, mass(a, 1))


both = [(f(1.5 + 1e-4) - f(1.5 - 1e-4)) / 2e-4 for f in (frozen_loss, split)]
assert abs(both[0] - both[1]) < 1e-6
Markdown(
    f"The two derivatives are {both[0]:.6f} and {both[1]:.6f}. KL($p_g \\| p_r$) is an average over "
    f"$p_g$ only: it punishes fakes where no data are, and does not see data where no fakes are. A "
    f"generator that drops a mode pays nothing for it; the minus sign before JS even rewards it."
)

# %% [markdown]
# Next: the networks that play this game on images, {doc}`/book/03_concepts/dcgan`, and a bound on
# the discriminator's slope by construction, {doc}`/book/03_concepts/spectral_normalization`. The
# deck's own generator, and how far it is collapsed, is in {doc}`/book/04_generation/deck_gan`.
