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
# # Introduction
#
# **Question.** What makes the Lorenz system a fair test for learning dynamics from data, and which
# numbers should a learned model get right?
#
# **What the deck claimed.** (slides 4 to 6, 11, 12) The right-hand side is "a finite sum of
# non-linear functions (sparsity)"; "small variations in the parameters of the model cause
# significant variations in the response"; a first-order approximation needs a time step that is
# "small enough"; two neighbouring trajectories separate with $\lambda = 0.9056$ "(theoretical
# value)", measured as 0.9592 at $\delta t = 0.01$ and 0.9193 at $\delta t = 0.1$; and "a positive value of
# $\lambda$ implies chaotic behaviour".
#
# **In short.** An error of one part in a million, in a parameter or in the state, grows to the size of the attractor. What a
# learned model can keep is the attractor itself: its largest exponent, {result}`introduction/lambda-reference;.4f`, and its
# dimension, {result}`introduction/kaplan-yorke-dimension;.3f`. Euler steps of 0.01 already shift its mean of $z$ by
# {result}`introduction/euler-mean-z-shift;.1f` percent.

# %% tags=["hide-input"]
import numpy as np
from IPython.display import Markdown

from book.figures import introduction as figures
from lorenz_utils import ledger, plotting

plotting.use_style()

# %% [markdown]
# ## Three equations, seven coefficients
#
# Lorenz {cite}`lorenz1963deterministic` cut a model of convection down to three ordinary
# differential equations:
#
# $$\dot x = \sigma (y - x), \qquad \dot y = x (\rho - z) - y, \qquad \dot z = x y - \beta z .$$ (eq-lorenz)
#
# Here $x$ is the strength of the convection, $y$ and $z$ describe the temperature, and
# $\sigma = 10$, $\rho = 28$, $\beta = 8/3$ are the classic values. All terms are monomials of degree
# one or two: equations {eq}`eq-lorenz` are a polynomial vector field. Against the library of all nine such monomials the system is a table of 27
# coefficients ({numref}`tab-introduction-coefficients`), most of them zero. That is the sparsity which the regressions of
# {doc}`/book/02_parametric/deck_methods` rely on.
#
# :::{margin} A unit of time
# The equations have no seconds in them. Time is counted in their own unit throughout the book, and
# exponents in one over it: $1 / \lambda_1$ units multiply a small error by $e$.
# :::

# %%
from lorenz_utils.regression import polynomial_library, true_coefficients

coefficients = true_coefficients()
library = polynomial_library().fit(np.zeros((1, 3)))
terms = library.get_feature_names_out(["x", "y", "z"])

# %% tags=["hide-input"] label="tab-introduction-coefficients"
lines = zip((r"$\dot x$", r"$\dot y$", r"$\dot z$"), coefficients, strict=True)
rows = [[equation, *(c or "·" for c in line)] for equation, line in lines]
plotting.table(["", *(f"${term}$" for term in terms)], rows, ".4g")

# %% [markdown]
# An orbit never settles and never repeats. It circles one of two unstable fixed points in growing
# turns, changes to the other, and so draws the butterfly of {numref}`fig-introduction-butterfly`.

# %%
from lorenz_utils.system import LORENZ63, LorenzParameters, sample_attractor, simulate, vector_field

orbit = simulate(sample_attractor(1, rng=0)[0], dt=0.01, n_steps=6000)

# %% tags=["hide-input"] label="fig-introduction-butterfly"
speed = np.linalg.norm(vector_field(orbit), axis=-1)
_ = figures.plot_coloured(orbit, speed, "speed (length per time unit)")

# %% [markdown]
# ## Sensitive to what?
#
# The deck speaks of small variations in the *parameters*. We raise $\rho$ by one part in a million,
# and for comparison leave $\rho$ alone and change the *initial state* by one part in a million.

# %%
start = sample_attractor(40, rng=1)
reference = simulate(start, 0.1, 401)
rho_changed = LorenzParameters(rho=LORENZ63.rho * (1 + 1e-6))
by_parameter = simulate(start, 0.1, 401, parameters=rho_changed)
by_start = simulate(start * (1 + 1e-6), 0.1, 401)

# %%
spread = simulate(start, 0.1, 500).std((0, 1))


def distance(orbits):
    """Root mean square distance to the reference in standard deviations, (n, length)."""
    return np.sqrt((((orbits - reference) / spread) ** 2).mean(-1))


apart = {r"$\rho$ changed": distance(by_parameter), "initial state changed": distance(by_start)}
# The geometric mean over the starts, and the last ten time units, well after saturation.
typical = {label: np.exp(np.log(each[:, 1:]).mean(0)) for label, each in apart.items()}
late = [ledger.Estimate.from_samples(each[:, -100:].mean(1)) for each in apart.values()]

# %% tags=["hide-input"] label="fig-introduction-sensitivity"
_ = figures.plot_distances(typical, dt=0.1)

# %% [markdown]
# Both lines of {numref}`fig-introduction-sensitivity` climb at the same rate to the same height. The
# changed parameter acts as a first small displacement, and the flow does the rest: the claim is true
# of a *trajectory*, but the unchanged system does it as well. Is it chaos that does it, or any system of
# equations? At $\rho = 14$ orbits come to rest in a fixed point. A control: the same change there.

# %%
calm, changed = (
    simulate(start, 0.1, 401, parameters=LorenzParameters(rho=14.0 * factor))
    for factor in (1, 1 + 1e-6)
)
drift = np.sqrt((((changed - calm) / spread) ** 2).mean(-1))
at_rest = ledger.Estimate.from_samples(drift[:, -100:].mean(1))

# %% tags=["hide-input"]
Markdown(f"At rest they are {at_rest.value:.0e} standard deviations apart, about what was changed.")

# %% [markdown]
# Chaos does it. What the parameter really sets is the
# *attractor*, so we ask how its averages respond to a change of $\rho$ by one percent.

# %%
many = sample_attractor(300, rng=2)


def mean_height(parameters):
    """Mean z of each orbit over 40 time units, after 10 to forget the start."""
    return simulate(many, 0.1, 500, parameters=parameters)[:, 100:, 2].mean(1)


before, after = mean_height(LORENZ63), mean_height(LorenzParameters(rho=1.01 * LORENZ63.rho))
response = ledger.Estimate.from_samples(100 * (after / before.mean() - before / before.mean()))

# %% tags=["hide-input"]
Markdown(f"One percent more $\\rho$ changes the mean of $z$ by {response:.2f} percent.")

# %% [markdown]
# The mean answers by about the size of the change, not by the size of the attractor. (Statistics jump
# where the attractor itself changes. The chaotic one exists from $\rho \approx 24.06$ on, at first beside the two fixed points,
# which still attract orbits that come close. At $\rho = \sigma(\sigma + \beta + 3)/(\sigma - \beta - 1) \approx 24.74$
# they lose their stability, and it remains alone {cite}`sparrow1982lorenz`.) They are what a learned model can be held to over long times;
# single trajectories are lost with any error at all.
#
# ## Two trajectories and an exponent
#
# The deck's definition follows two orbits that start a distance $|\delta(0)|$ apart:
#
# $$|\delta(t)| = |\delta(0)|\, e^{\lambda t} .$$ (eq-growth)
#
# By {eq}`eq-growth` the logarithm of the distance is a straight line of slope $\lambda$, until the distance is no
# longer small against the attractor. {numref}`fig-introduction-pairs` shows five pairs.

# %%
rng = np.random.default_rng(3)
direction = rng.normal(size=(5, 3))
direction *= 1e-8 / np.linalg.norm(direction, axis=1, keepdims=True)
first, second = simulate(np.stack([start[:5], start[:5] + direction]), 0.01, 3500)
delta = np.linalg.norm(second - first, axis=-1)

# %% tags=["hide-input"] label="fig-introduction-pairs"
_ = figures.plot_pairs(delta, dt=0.01, slope=0.9056)

# %% [markdown]
# The curves are jagged: growth comes in bursts, in some places the flow even contracts. One fit sees
# some twenty time units of it, so its slope is a *finite-time* exponent that depends on the start.
# The deck quotes one number for each step $\delta t$. We repeat the fit for 40 pairs.

# %%
from experiments.deck_exponents import divergence_exponent
from lorenz_utils.lyapunov import lyapunov_spectrum

options = {"separation": 1e-8, "duration": 35.0, "rng": 4}
pairs = {dt: divergence_exponent(start, dt, **options) for dt in (0.01, 0.1)}
fits = {dt: ledger.Estimate.from_samples(slopes) for dt, slopes in pairs.items()}
scatter = {dt: slopes.std(ddof=1) for dt, slopes in pairs.items()}

# %%
DECK = {0.01: 0.9592, 0.1: 0.9193}
# The deck's numbers, in standard deviations of one pair from our means.
off = {dt: abs(DECK[dt] - slopes.mean()) / scatter[dt] for dt, slopes in pairs.items()}

# %% [markdown]
# ## All three exponents
#
# A displacement that stays infinitesimal never saturates. It obeys the tangent equation along the
# orbit, $\dot M = J(x(t))\, M$ with $J$ the derivative of the vector field. Every column of $M$ would
# turn to the fastest growing direction; factoring $M = QR$ at short intervals and going on with the
# orthogonal $Q$ keeps them apart. The logarithms of the diagonal of $R$ add up to all exponents
# {cite}`benettin1980lyapunov`:
#
# $$\lambda_i = \frac{1}{T} \sum_{k} \log |R^{(k)}_{ii}| .$$ (eq-benettin)
#
# :::{margin} How often to factor?
# As often as it takes to keep the columns of $M$ apart to rounding, and to keep their lengths finite.
# Beyond that the interval changes the cost and not the result.
# :::

# %%
from lorenz_utils.system import jacobian

states = sample_attractor(200, rng=5)
options = {"dt": 0.03, "duration": 100.0, "transient": 5.0}
spectrum = lyapunov_spectrum(vector_field, jacobian, states, **options)

# %% [markdown]
# The sum of the exponents {eq}`eq-benettin` is known exactly. It is the mean rate at which the flow changes volumes, and the
# divergence of this field is the same everywhere, $-(\sigma + 1 + \beta) = -41/3$. The middle
# exponent is zero, as for every bounded orbit that does not end in a fixed point: two states on the
# same orbit keep their distance on average. So there is one number to find.

# %%
divergence = -(LORENZ63.sigma + 1 + LORENZ63.beta)
excess = spectrum.value.sum() - divergence

# %% tags=["hide-input"] label="tab-introduction-exponents"
rows = [[f"two trajectories, $\\delta t = {dt}$", fits[dt], scatter[dt], DECK[dt]] for dt in DECK]
rows += [
    ["tangent flow, $\\lambda_1$", f"{spectrum[0]:.4f}", None, 0.9056],
    ["tangent flow, $\\lambda_2$", f"{spectrum[1]:.4f}", None, None],
    ["tangent flow, $\\lambda_3$", spectrum[2], None, None],
    ["sum plus 41/3", f"{excess:.0e}", None, None],
]
headers = ["estimate", "mean with confidence interval", "std of one pair", "deck"]
plotting.table(headers, rows, ["", ".3f", ".3f", ""])

# %% [markdown]
# The "theoretical value" of the deck in {numref}`tab-introduction-exponents` is itself a careful computation
# {cite}`viswanath1998lyapunov,sprott2003chaos`; no formula gives it. The two-trajectory fit scatters
# far more than its four printed decimals suggest. It should also lean low: a random displacement first
# has to turn to the growing direction, and a straight line through everything counts that time too.
# With pairs that start this close the interval does not yet show it; the first exercise brings it out.
#
# The exponents also tell how thick the attractor is. After Kaplan and Yorke
# {cite}`kaplan1979chaotic` its dimension is
#
# $$D = 2 + \frac{\lambda_1 + \lambda_2}{|\lambda_3|} ,$$ (eq-kaplan-yorke)
#
# the number of directions that together do not yet contract, and a fraction of the next.

# %%
# With the sum fixed the dimension depends on the growing exponent alone.
largest = spectrum[0]
contraction = largest.value - divergence  # the third exponent's, if the second is zero
error = abs(divergence) / contraction**2 * largest.standard_error
dimension = ledger.Estimate(2 + largest.value / contraction, error, largest.n)

# %% tags=["hide-input"]
Markdown(f"""
Kaplan-Yorke dimension {{eq}}`eq-kaplan-yorke`: **{dimension:.4f}**, hardly more than a surface.
""")

# %% [markdown]
# ## A ball of starts
#
# The exponents at work: a ball full of starts, and the ellipsoid that the tangent flow makes of it.
# Both are stretched alike until the cloud is no longer small. From then on the ellipsoid grows without
# end, and the cloud is folded over the attractor: what is nearly one state becomes every state.
#
# :::{interactive} chaos
# :::

# %% [markdown]
# ## Does a positive exponent imply chaos?
#
# Not alone. Take $\dot x = x$: neighbours separate exponentially, forever and in all directions, and
# nothing is unpredictable about it.

# %%
options = {"dt": 0.02, "duration": 50.0, "transient": 0}
unstable = lyapunov_spectrum(lambda x: x, lambda x: np.ones((*x.shape, 1)), [1.0], **options)

# %% [markdown]
# What folds the Lorenz orbits back is that they are *bounded*. With
# $V = x^2 + y^2 + (z - \sigma - \rho)^2$ the products cancel, and
#
# $$\tfrac12 \dot V = -\sigma x^2 - y^2 - \beta \left(z - \tfrac{\sigma + \rho}{2}\right)^2
# + \beta \left(\tfrac{\sigma + \rho}{2}\right)^2 ,$$ (eq-ball)
#
# which is negative outside an ellipsoid: every orbit comes to stay in a ball.
#
# :::{margin} Not a Lyapunov exponent
# $V$ is a Lyapunov *function*: a quantity that falls along every orbit far out. Both carry the name of
# Aleksandr Lyapunov and have little else in common.
# :::
#
# Growth *and* a bounded
# region *and* no end in a fixed point or cycle make chaos. For generated series the warning is
# sharper still: there even a sequence of random numbers gets a positive exponent from some
# estimators, as {doc}`/book/04_generation/evaluation` shows.
#
# ## How small must the step be?
#
# The first-order step of slide 5 is Euler's,
#
# $$X(t + \delta t) = X(t) + \delta t\, f(X(t)) .$$ (eq-euler)
#
# The error of {eq}`eq-euler` at a fixed time should shrink in proportion to $\delta t$. We measure it after half a time unit,
# against the accurate flow map of our module.


# %%
from lorenz_utils.system import flow_map


def euler(state, dt, n_steps):
    """First-order approximation of the flow."""
    for _ in range(n_steps):
        state = state + dt * vector_field(state)
    return state


# %%
n_steps = np.array([5, 10, 20, 50, 100, 200, 500, 1000, 2000])
steps = 0.5 / n_steps
ends = np.array([euler(start, 0.5 / n, n) for n in n_steps])
error = np.linalg.norm(ends - flow_map(start, 0.5), axis=-1)
orders = np.polyfit(np.log(steps[-4:]), np.log(error[-4:]), 1)[0]
order = ledger.Estimate.from_samples(orders)

# %% tags=["hide-input"] label="fig-introduction-euler-error"
_ = figures.plot_order(steps, *np.quantile(error, [0.1, 0.5, 0.9], axis=1))

# %% [markdown]
# Since single orbits are lost anyway, the fairer question is what the step does to the *attractor*.
# We run Euler's map for a long time and take the mean of $z$ and the map's own largest exponent, from
# its derivative $1 + \delta t\, J$.


# %%
def euler_statistics(dt, state, transient=10.0, duration=40.0):
    """Mean z and largest exponent of Euler's map for each orbit; NaN after blow-up."""
    tangent = np.ones_like(state)
    height = growth = np.zeros(len(state))
    for step in range(round((transient + duration) / dt)):
        tangent = tangent + dt * np.einsum("nij,nj->ni", jacobian(state), tangent)
        state = state + dt * vector_field(state)
        norm = np.linalg.norm(tangent, axis=1, keepdims=True)
        tangent = tangent / norm
        if step * dt >= transient:
            height, growth = height + state[:, 2], growth + np.log(norm[:, 0])
    return height * dt / duration, growth / duration


# %%
euler_steps = np.array([0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.1])
with np.errstate(over="ignore", invalid="ignore"):  # blow-up is one of the answers
    statistics = np.array([euler_statistics(dt, start) for dt in euler_steps])
alive = np.isfinite(statistics).all((1, 2))
last_alive, first_blow_up = max(euler_steps[alive]), min(euler_steps[~alive])
heights = statistics[euler_steps == 0.01, 0][0]
shift = ledger.Estimate.from_samples(100 * (heights / before.mean() - 1))

# %% tags=["hide-input"] label="fig-introduction-euler-attractor"
means = statistics[alive].mean(-1)
bars = 2 * statistics[alive].std(-1, ddof=1) / np.sqrt(len(start))
truth = before.mean(), largest.value
_ = figures.plot_attractor(euler_steps[alive], means, bars, truth, euler_steps[~alive])

# %% [markdown]
# The reason sits at the centre of each wing. There the flow turns at a rate $\omega$ while it spirals
# out at the slow rate $\mu$: the eigenvalues of $J$ are $\mu \pm i\omega$. One Euler step multiplies
# by $1 + \delta t\,(\mu \pm i \omega)$, whose modulus grows at about $\mu + \tfrac12 \omega^2 \delta t$. Stepping
# along the tangent of a circle leads outwards.
#
# Learning from forward differences turns the sign around. A regression of
# $(X(t + \delta t) - X(t)) / \delta t$ finds, near that centre, the eigenvalue $(e^{(\mu + i\omega) \delta t} - 1)/\delta t$,
# whose real part is about $\mu - \tfrac12 \omega^2 \delta t$: the learned spiral leads *inwards*.

# %%
centre = [np.sqrt(LORENZ63.beta * (LORENZ63.rho - 1))] * 2 + [LORENZ63.rho - 1]
eigenvalues = np.linalg.eigvals(jacobian(np.array(centre)))
spiral = eigenvalues[np.argmax(eigenvalues.imag)]
outward = {dt: np.log(abs(1 + dt * spiral)) / dt for dt in (0.001, 0.01, 0.1)}
learned = {dt: ((np.exp(spiral * dt) - 1) / dt).real for dt in outward}

# %% tags=["hide-input"] label="tab-introduction-spiral"
rows = [[dt, spiral.real, outward[dt], learned[dt]] for dt in outward]
headers = ["step", "flow", "Euler's map", "learned from forward differences"]
plotting.table(headers, rows, ["", ".3f", ".3f", ".3f"])

# %% [markdown]
# {numref}`tab-introduction-spiral` gives the growth rate of the spiral. At $\delta t = 0.01$ both errors exceed the rate itself,
# and the learned fixed points are stable: a first-order model loses exponent before any regression
# method has been chosen. {doc}`/book/02_parametric/deck_tables` meets this in the deck's results,
# and {doc}`/book/02_parametric/large_steps` removes it by fitting the flow map instead.
#
# ## What we find

# %% tags=["hide-input"]
ledger.record("introduction/nonzero-coefficients", np.count_nonzero(coefficients))
ledger.record("introduction/parameter-change", late[0], n=len(start))
ledger.record("introduction/initial-state-change", late[1], n=len(start))
ledger.record("introduction/parameter-change-at-rest", at_rest, n=len(start))
ledger.record("introduction/mean-z-response", response, n=len(many))
for dt, fit in fits.items():
    ledger.record(f"introduction/lambda-dt-{dt}", fit, n=len(start), separation=1e-8)
ledger.record("introduction/lambda-reference", largest, n=200, duration=100)
ledger.record("introduction/lambda-unbounded", unstable[0])
ledger.record("introduction/kaplan-yorke-dimension", dimension, n=200)
ledger.record("introduction/euler-order", order, n=len(start))
ledger.record("introduction/euler-mean-z-shift", shift, n=len(start), dt=0.01)
Markdown(f"""
* **Sparse it is**: {np.count_nonzero(coefficients):d} of {coefficients.size:d} coefficients are not zero.
* **Sensitive to parameters?** After a change of $\\rho$ by a millionth two orbits end
  {late[0]:.2f} standard deviations apart, but a change of the initial state alone brings
  {late[1]:.2f}. Where orbits come to rest the parameter hardly matters. The attractor responds mildly: {response:.2f} percent in the mean of $z$ for
  one percent of $\\rho$.
* **The deck's exponents** of the data lie {off[0.01]:.1f} and {off[0.1]:.1f}
  standard deviations of a single pair from our means: one pair cannot say more. All pairs give
  {fits[0.01]:.3f} and {fits[0.1]:.3f}; the sampling step makes no difference to a fit along exact orbits.
* **The reference** from the tangent flow is {largest:.4f}, with $\\lambda_3$ = {spectrum[2]:.3f} and a
  dimension of {dimension:.4f}.
* **Positive does not imply chaotic**: $\\dot x = x$ has the exponent {unstable.value[0]:.3f}. The claim
  needs bounded motion.
* **Euler's method** has order {order:.3f}. At $\\delta t = 0.01$ it shifts the mean of $z$ by {shift:.1f}
  percent, and between $\\delta t$ = {last_alive:g} and {first_blow_up:g} it begins to blow up. That limit is the
  method's, not the problem's: a better integrator takes any sampling step.
""")

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-introduction-separations
#
# Repeat the two-trajectory fit with initial distances of $10^{-4}$ and $10^{-12}$. What happens to
# the scatter between pairs, and to the mean?
# :::

# %% tags=["solution"] label="tab-introduction-separations"
rows = []
for separation in (1e-4, 1e-8, 1e-12):
    slopes = divergence_exponent(start, 0.1, separation=separation, duration=45.0, rng=6)
    rows.append([separation, ledger.Estimate.from_samples(slopes), slopes.std(ddof=1)])
plotting.table(["separation", "mean", "std of one pair"], rows, [".0e", ".3f", ".3f"])

# %% [markdown] tags=["solution"]
# A smaller distance gives a longer line: bursts average out and the turning at the start weighs
# less. A tangent vector is the limit of that.

# %% [markdown]
# :::{exercise}
# :label: ex-introduction-transient
#
# At $\rho = 22$ the two fixed points are stable and attract almost every orbit in the end, but many
# wander chaotically before they settle {cite}`sparrow1982lorenz`. Which share still changes wings
# after some time, and what does that do to an exponent measured over a finite time?
# :::

# %% tags=["solution"] label="tab-introduction-transient"
calm = LorenzParameters(rho=22.0)
equations = lambda x: vector_field(x, calm), lambda x: jacobian(x, calm)
wings = np.sign(simulate(start, 0.1, 1301, parameters=calm)[..., 0])
rows = []
for begin in (5, 100):
    window = wings[:, 10 * begin : 10 * begin + 300]
    share = (window != window[:, :1]).any(1).mean()
    options = {"dt": 0.04, "duration": 30.0, "transient": begin}
    exponents = lyapunov_spectrum(*equations, start, **options)
    rows.append([f"{begin} to {begin + 30}", f"{100 * share:.0f} %", exponents[0]])
plotting.table(["time", "orbits that change wings", "$\\lambda_1$"], rows, ".2f")

# %% [markdown] tags=["solution"]
# As long as an orbit wanders, its neighbours separate; it counts with a negative exponent only after
# it has settled. A positive number measured over a finite time does not prove that the chaos lasts.

# %% [markdown]
# **Onward.** {doc}`/book/play` lets two orbits part before your eyes. {doc}`/book/02_parametric/deck_methods` explains the
# deck's regressions, and {doc}`/book/02_parametric/deck_tables` puts them to these numbers.
