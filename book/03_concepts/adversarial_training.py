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
#
# **In short.** On a ring of eight modes the plain game misses {result}`adversarial-training/missing-modes-plain;.1f`. A brake on the
# discriminator's slope brings all but {result}`adversarial-training/missing-modes-r1-r2;.1f` back, and so does a smaller latent
# ({numref}`fig-adversarial-ring`).

# %% tags=["hide-input"]
from itertools import pairwise

from IPython.display import Markdown
from scipy.optimize import minimize
from scipy.stats import norm

from book.figures import adversarial_training as figures
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
import numpy as np
from scipy.special import expit, rel_entr, xlogy


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
def loss_and_slope(s):
    loss = p_r * np.logaddexp(0, -s) + p_g * np.logaddexp(0, s)
    return loss.sum(), (p_r + p_g) * expit(s) - p_r


def mean_difference(D):
    """Mean absolute difference from the optimal discriminator, over all samples."""
    return ((p_r + p_g) / 2 * np.abs(D - D_star)).sum(-1)


# %%
climbed = minimize(loss_and_slope, np.zeros(60), jac=True, tol=1e-12, method="L-BFGS-B")
gap = mean_difference(expit(climbed.x))
identity = game_value(D_star, p_r, p_g) - (2 * jensen_shannon(p_r, p_g) - np.log(4))

# %% [markdown]
# A network never sees the densities, only samples. The next class holds several small perceptrons
# side by side in one tensor, one for each repeat. Nothing connects them: the losses are summed, so
# each gets its own gradient, and Adam scales every weight by itself. {numref}`fig-adversarial-optimal`
# shows what they learn.

# %%
import torch
from torch import nn
from torch.nn.functional import leaky_relu, one_hot, softplus

torch.set_num_threads(1)
REPEATS = 10


# %%
class Networks(nn.Module):
    def __init__(self, *sizes, slope=0.2):
        super().__init__()
        self.slope, shapes = slope, list(pairwise(sizes))
        weights = [torch.randn(REPEATS, n, m) * (2 / n) ** 0.5 for n, m in shapes]
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList([torch.rand(REPEATS, 1, m) - 0.5 for _, m in shapes])

    def forward(self, x):
        """(REPEATS, batch, sizes[0]) -> (REPEATS, batch, sizes[-1])."""
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, leaky_relu(x, self.slope) if k else x, weight)
        return x


# %%
def descend(adam, loss, rate):
    """One step of the optimiser, in its own parameters only."""
    (group,) = adam.param_groups
    group["lr"] = rate
    adam.zero_grad()
    loss.backward(inputs=group["params"])
    adam.step()


# %%
def standardised(values):
    return torch.tensor((values - x.mean()) / x.std(), dtype=torch.float32)


torch.manual_seed(0)
D, data = Networks(1, 32, 32, 1), standardised(x)
adam = torch.optim.Adam(D.parameters(), fused=True)
for _ in range(600):
    real = data[torch.randint(len(data), (REPEATS, 1024, 1))]
    fake = torch.randn(REPEATS, 1024, 1)
    descend(adam, (softplus(-D(real)) + softplus(D(fake))).mean((1, 2)).sum(), 2e-2)

# %%
grid = standardised((edges[1:] + edges[:-1]) / 2).repeat(REPEATS, 1)[..., None]
learned = torch.sigmoid(D(grid))[..., 0].detach().numpy()
network_gap = ledger.Estimate.from_samples(mean_difference(learned))

# %% tags=["hide-input"] label="fig-adversarial-optimal"
_ = figures.plot_optimal(edges, p_r, p_g, learned, D_star)

# %% tags=["hide-input"]
Markdown(
    f"The climb ends within {gap:.0e} of $D^\\star$ (mean absolute difference), and the identity "
    f"with the Jensen-Shannon divergence holds to {abs(identity):.0e}. The networks come within "
    f"{network_gap:.3f} (mean of {REPEATS} repeats with confidence intervals), where an ignorant one half "
    f"would be off by {mean_difference(0.5):.3f}. JS is {jensen_shannon(p_r, p_g):.3f} nat out of a possible "
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
def generator_slopes(s, s_real=0.0):
    return {
        "saturating": -expit(s),
        "non-saturating": -expit(-s),
        "relativistic": -expit(s_real - s),
    }


# %% tags=["hide-input"] label="fig-adversarial-slopes"
s = np.linspace(-8, 8, 200)
_ = figures.plot_slopes(s, {s_real: generator_slopes(s, s_real) for s_real in (2, 5)})

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


def sample_ring():
    centres = MODES[torch.randint(8, (REPEATS, BATCH))]
    return centres + SPREAD * torch.randn(REPEATS, BATCH, 2)


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


# %%
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
def ring_step(G, D, z, adams, fading, *, noise=0.0, relativistic=False, gamma=0.0):
    """One step of each network; noise on all samples and the rates are fading."""
    samples = sample_ring(), G(z)
    real, fake = (x + noise * fading * torch.randn_like(x) for x in samples)
    loss, _ = adversarial_losses(D(real), D(fake.detach()), relativistic=relativistic)
    penalty = gamma * gradient_penalty(D, real, fake) if gamma else 0
    descend(adams[1], loss.mean(1).sum() + penalty, 12e-3 * fading)
    _, loss = adversarial_losses(D(real), D(fake), relativistic=relativistic)
    descend(adams[0], loss.mean(1).sum(), 3e-3 * fading)


# %%
def train_ring(*, latent=16, n_steps=1200, **knobs):
    torch.manual_seed(0)
    G, D = Networks(latent, 64, 64, 2, slope=0), Networks(2, 64, 64, 1)
    adams = [torch.optim.Adam(net.parameters(), betas=(0.5, 0.9), fused=True) for net in (G, D)]
    for k in range(n_steps):
        z = torch.randn(REPEATS, BATCH, latent)
        ring_step(G, D, z, adams, 1 - k / n_steps, **knobs)
    return G(torch.randn(REPEATS, 2000, latent)).detach()


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
    """Modes covered, and the percentage of samples close to one."""
    distance, nearest = torch.cdist(samples, MODES).min(-1)
    close = distance < 3 * SPREAD
    covered = (one_hot(nearest, 8) * close[..., None]).float().mean(1) > 0.02
    counts = covered.sum(1), 100 * close.float().mean(1)
    return [ledger.Estimate.from_samples(count) for count in counts]


# %% tags=["hide-input"] label="tab-adversarial-ring"
measures = {name: coverage(samples) for name, samples in runs.items()}
rows = [[name, f"{modes:.1f}", f"{close:.0f} %"] for name, (modes, close) in measures.items()]
plotting.table(["training", "modes covered, of 8", "samples close to a mode"], rows)

# %% tags=["hide-input"] label="fig-adversarial-ring"
_ = figures.plot_ring(runs, MODES, 3 * SPREAD)

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
def wasserstein_of_best(ordered, n_units):
    """W2 distance of the best generator with `n_units` kinks to the sorted sample."""
    z, kinks = (norm.ppf((np.arange(n) + 0.5) / n) for n in (len(ordered), n_units))
    basis = np.column_stack([np.ones_like(z), z, np.maximum(z[:, None] - kinks, 0)])
    fit = basis @ np.linalg.lstsq(basis, ordered)[0]
    return np.sqrt(np.mean((fit - ordered) ** 2))


# %%
samples = np.sort([np.random.default_rng(seed).choice(x, 2000) for seed in range(REPEATS)])
units = [0, 2, 4, 8, 16, 32, 64]
distances = np.array([[wasserstein_of_best(v, k) for k in units] for v in samples])
between = np.sqrt(np.mean(np.diff(samples, axis=0) ** 2, axis=1)).mean()

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
def copy_gap(n, seed):
    """JS between a training set, which the generator repeats, and new samples."""
    return jensen_shannon(*np.random.default_rng(seed).multinomial(n, p_r, 2) / n)


sizes = [30, 100, 300, 1000, 3000, 10000]
gaps = np.array([[copy_gap(n, seed) for n in sizes] for seed in range(20)])
theory = (np.count_nonzero(p_r) - 1) / (4 * np.array(sizes))

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
def dirac_gan(theta, psi, n_steps, *, rate=0.1, gamma=0.0, alternate=False):
    """Path (n_steps + 1, 2): real data at 0, fakes at theta, logit psi x."""
    path = [(theta, psi)]
    for _ in range(n_steps):
        moved = theta + rate * psi * expit(psi * theta)
        seen = moved if alternate else theta
        theta, psi = moved, psi - rate * (seen * expit(psi * seen) + gamma * psi)
        path.append((theta, psi))
    return np.array(path)


# %% [markdown]
# The code plays the full nonlinear minimax game of the deck; its signs turn the rotation
# {eq}`eq-dirac` the other way, with the same eigenvalues. (The other two losses have the same linear part.)

# %%
rules = {"both at once": {}, "in turn": {"alternate": True}, "both at once, R1": {"gamma": 1.0}}
paths = {name: dirac_gan(1, 0, 600, **rule) for name, rule in rules.items()}
away = {name: np.linalg.norm(path, axis=1) for name, path in paths.items()}
growth = np.abs(np.linalg.eigvals([[1, -0.05], [0.05, 1]])).max()
shrink = np.abs(np.linalg.eigvals([[1, -0.05], [0.05, 1 - 0.1]])).max()

# %% tags=["hide-input"] label="fig-adversarial-questions"
_ = figures.plot_questions((units, distances, between), (sizes, gaps, theory), away)

# %% tags=["hide-input"]
enough = np.argmax(distances.mean(0) < between)
best, copied = map(ledger.Estimate.from_samples, (distances, gaps))
steps_r1 = np.argmax(away["both at once, R1"] < 1e-6)
Markdown(
    f"1. **Capacity.** {units[enough]:d} rectified units bring the best generator of $x$ closer to its "
    f"sample ({best[enough]:.2f}) than two real samples of 2000 "
    f"lie from each other ({between:.2f}). A line, which is a Gaussian, stays at "
    f"{best[0]:.2f}. In one dimension capacity is cheap.\n"
    f"2. **Generalisation.** The loss guarantees the training set, no more. A perfect copy of 30 samples is "
    f"{copied[0]:.2f} nat away from new data, one of 10000 "
    f"{copied[-1]:.4f} (theory: {theory[-1]:.4f}).\n"
    f"3. **Optimisation.** Simultaneous steps multiply the distance by up to {growth:.5f} each and never "
    f"arrive; steps in turn circle for ever. With R1 the factor is {shrink:.3f}, and the game is "
    f"within $10^{{-6}}$ of its equilibrium after {steps_r1:d} steps."
)

# %% [markdown]
# The third answer fits the ring, where a penalty helps as well: an optimum may exist while plain
# gradient steps are not attracted by it. It does not prove the cause there; the control shows that
# the latent matters too.
#
# ## Both trainings as a film
#
# Checkpoints of two shortened trainings, the deck's and that of the book's generator: what the generator
# draws, beside the scores that its critic gives to real and to generated samples. The deck's critic tells
# nearly every pair apart at every checkpoint, though the drawing grows to the size of the attractor. The critic of
# {doc}`/book/04_generation/faithful_generator` soon cannot: its scores of the two lie within each other.
#
# :::{interactive} film
# :::
#
# ## What we find

# %% tags=["hide-input"]
plain, noise, relativistic, penalty, opened, easy = measures.values()
missing = {"plain": plain, "noise": noise, "r1-r2": opened, "latent-2": easy}
for name, (modes, _) in missing.items():
    result = ledger.Estimate(8 - modes.value, modes.standard_error, modes.n)
    full_name = f"adversarial-training/missing-modes-{name}"
    ledger.record(full_name, result, amplified=True, seeds=REPEATS)
ledger.record("adversarial-training/optimal-discriminator-gap", gap, bins=60)
ledger.record("adversarial-training/simultaneous-growth", growth, rate=0.1)
Markdown(
    f"* **The optimal discriminator** is $p_r / (p_r + p_g)$, to {gap:.0e}; the game is a Jensen-Shannon "
    f"divergence as long as $D$ keeps up.\n"
    f"* **Mode collapse** is real, in a setting chosen for it: the plain game covers {plain[0]:.1f} of 8 "
    f"modes in {REPEATS} repeats. With R1 + R2 and the relativistic loss it covers {opened[0]:.1f}, with "
    f"R1 + R2 alone {penalty[0]:.1f}, with the deck's fading noise "
    f"{noise[0]:.1f}, with the relativistic loss alone "
    f"{relativistic[0]:.1f}.\n"
    f"* **It is no law:** with two latent dimensions the plain game covers {easy[0]:.1f}, and "
    f"{easy[1].value:.0f} % of its samples lie close to a mode, against {opened[1].value:.0f} % "
    f"of those opened by the penalty and {plain[1].value:.0f} % of the collapsed ones.\n"
    f"* **The deck is right about instability:** near its equilibrium the plain game grows by a factor "
    f"{growth:.5f} a step at rate 0.1, in the smallest case there is.\n"
    f"* **Its three questions have answers in small cases:** capacity is cheap in one dimension, the loss "
    f"guarantees the training set only, and gradient steps need a brake to arrive."
)

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-adversarial-training-ruler
#
# **A ruler without marks.** Let $p_r$ be a Gaussian at 0 and $p_g$ one at distance $a$, both of
# standard deviation 0.1. Plot JS against $a$. Where does the generator still feel in which
# direction to move? (The Wasserstein distance is $a$.)
# :::

# %% tags=["solution"] label="fig-adversarial-saturation"
fine, shifts = np.linspace(-1, 3, 4001), np.linspace(0, 2, 60)


def mass(mean, std=0.1):
    return norm(mean, std).pdf(fine) * (fine[1] - fine[0])


_ = figures.plot_saturation(shifts, [jensen_shannon(mass(0), mass(a)) for a in shifts])
# Beyond about six standard deviations JS is log 2 and flat: a perfect discriminator teaches
# nothing there. Noise on both (or a penalty on D's slope) widens the region that still teaches.

# %% [markdown]
# :::{exercise}
# :label: ex-adversarial-training-non-saturating
#
# **What the non-saturating loss minimises.** {cite:t}`arjovsky2017principled` show that for a
# perfect but frozen $D^\star$ the gradient of $\mathbb{E}_{p_g}[-\log D^\star]$ is the gradient of
# $\mathrm{KL}(p_g \| p_r) - 2\,\mathrm{JS}(p_r, p_g)$. Check it by central differences for two Gaussians
# as in {numref}`ex-adversarial-training-ruler`, now of standard deviation 1 and at distance 1.5. Which of the two terms favours dropping a mode?
# :::

# %% tags=["solution"]
fine = np.linspace(-12, 14, 20001)
real, frozen = mass(0, 1), optimal_discriminator(mass(0, 1), mass(1.5, 1))
fakes = [mass(a, 1) for a in (1.5 - 1e-4, 1.5 + 1e-4)]
losses = [-(fake * np.log(frozen)).sum() for fake in fakes]
splits = [rel_entr(fake, real).sum() - 2 * jensen_shannon(real, fake) for fake in fakes]
both = np.diff([losses, splits])[:, 0] / 2e-4
assert abs(both[0] - both[1]) < 1e-6
Markdown(
    f"The two derivatives are {both[0]:.6f} and {both[1]:.6f}. KL($p_g \\| p_r$) is an average over "
    f"$p_g$ only: it punishes fakes where no data are, and does not see data where no fakes are. A "
    f"generator that drops a mode pays nothing for it; the minus sign before JS even rewards it."
)

# %% [markdown]
# **Onward.** The networks that play this game on images are in {doc}`/book/03_concepts/dcgan`, and a bound on
# the discriminator's slope by construction in {doc}`/book/03_concepts/spectral_normalization`. The
# deck's own generator, and how far it is collapsed, is in {doc}`/book/04_generation/deck_gan`.
