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
# # The deck's regressions
#
# **Question.** How do sparse and constrained regressions look for the equations of a system in one
# series of it, and in what do they differ?
#
# **What the deck claimed.** Seven methods are named (slides 8 to 10). "In the literature, an approach
# that combines the algorithms of Jaya and Powell reaches a precision in the computation of the
# parameters of up to 10e-23" (slide 10).
#
# **In short.** A solver is not a model, and no method is better than the velocities it is given. In
# {numref}`fig-deck-methods-velocity` methods of every kind meet at one error for forward differences,
# however different they are with exact velocities.

# %% tags=["hide-input"]
import warnings
from inspect import getsource
from itertools import islice, product

import numpy as np
from IPython.display import Markdown
from sklearn.exceptions import ConvergenceWarning

from book.figures import deck_methods as figures
from experiments import stored
from lorenz_utils import ledger, plotting
from lorenz_utils.ledger import Estimate

plotting.use_style()
TERMS = ["$x$", "$y$", "$z$", "$x^2$", "$xy$", "$xz$", "$y^2$", "$yz$", "$z^2$"]

# %% [markdown]
# ## Six methods and two kinds of velocity
#
# The data are made as the slides say: a random start, no burn-in, and, since they do not give a length,
# $T = 100$ time units. We draw the start uniformly from a box around the attractor. One orbit is one
# experiment; we make twenty, and a pilot on which hyper-parameters are chosen. The data for
# $\delta t = 0.1$ are every tenth sample of those for $\delta t = 0.01$. The deck estimates the velocity by
# forward differences, $\dot X(t) \approx (X(t + \delta t) - X(t)) / \delta t$, for every method.

# %%
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.system import LORENZ63, simulate, vector_field

N_SERIES, T = 20, 100
starts = np.random.default_rng(0).random((N_SERIES + 1, 3)) * [40, 50, 50] - [20, 25, 0]
orbits = simulate(starts, 0.01, round(T / 0.01))
DATA = {0.01: orbits[:-1], 0.1: orbits[:-1, ::10]}

# %% [markdown]
# The methods are explained one by one below. Here each learns the velocity from one orbit,
# and is asked for it along another: with forward differences to learn from, and, as a control, with the
# exact velocities. The penalties are small and arbitrary.

# %%
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from experiments.deck_methods import GalerkinRegressor, LoessRegressor
from lorenz_utils.regression import STLSQ, LARSLasso, polynomial_library

sigma = LORENZ63.sigma
known_sigma = np.eye(27)[:2], [-sigma, sigma]
LINEAR = {
    "LASSO": LARSLasso(0.01),
    "ridge": Ridge(0.1, fit_intercept=False),
    "STLSQ": STLSQ(0.01),
    "Galerkin": GalerkinRegressor(known_sigma),
    "least squares": GalerkinRegressor(),
}
METHODS = {name: make_pipeline(polynomial_library(), m) for name, m in LINEAR.items()}
METHODS["LOESS"] = LoessRegressor(20)

# %%
queries = DATA[0.1][1, 100:]
true, errors = vector_field(queries), {}
for dt, series in DATA.items():
    states, differences = forward_difference(series[0, 100:], dt)
    for of, given in {"forward differences": differences, "exact": vector_field(states)}.items():
        misses = [m.fit(states, given).predict(queries) - true for m in METHODS.values()]
        errors[dt, of] = np.linalg.norm(misses, axis=(1, 2)) / np.linalg.norm(true)

# %% tags=["hide-input"] label="fig-deck-methods-velocity"
_ = figures.plot_velocity_errors(list(METHODS), errors)

# %% tags=["hide-input"]
small, large = errors[0.01, "forward differences"], errors[0.1, "forward differences"]
Markdown(f"""With forward differences the errors lie between {100 * small.min():.2g} and
{100 * small.max():.2g} % at $\\delta t = 0.01$ and between {100 * large.min():.2g} and
{100 * large.max():.2g} % at 0.1. With exact velocities they spread over many powers of ten: a penalty costs
its bias, a local fit is limited by the distance of its neighbours, and least squares by nothing.""")

# %% [markdown]
# ## A linear problem with 27 unknowns
#
# Suppose the velocity is a sum of few known functions of the state: all monomials of degree one and
# two, the **library** $\Theta(X) = (x, y, z, x^2, xy, xz, y^2, yz, z^2)$. Then
#
# $$\dot X = \Theta(X)\, \Xi, \qquad \Xi \in \mathbb{R}^{9 \times 3},$$ (eq-library)
#
# is linear in the unknown $\Xi$, although the system is not linear in $X$. Of the 27 coefficients of
# the Lorenz system seven are not zero. That is the sparsity the deck speaks of.

# %%
from lorenz_utils.regression import true_coefficients

truth = true_coefficients()
truth.shape, int(np.count_nonzero(truth))

# %% [markdown]
# The velocity is not observed. We go on with forward differences of the pilot series.

# %%
states, velocity = forward_difference(orbits[-1], 0.01)
library = polynomial_library().fit_transform(states)

# %% [markdown]
# The columns are badly scaled, since $z^2$ is far larger than $x$. A penalty on the
# coefficients of such columns punishes small columns most, and an iterative method crawls. We divide
# each column by its standard deviation and translate the coefficients back afterwards.

# %%
design = library / library.std(axis=0)

# %% tags=["hide-input"]
raw, scaled = (np.linalg.cond(matrix) ** 2 for matrix in (library, design))
Markdown(f"""The Gram matrix $\\Theta^\\top \\Theta$ has the condition number {raw:.1e} before and
{scaled:.1e} after scaling.""")

# %% [markdown]
# ## LASSO and its solvers
#
# The LASSO {cite}`tibshirani1996regression` minimises, for each equation with target $\dot x$ and
# coefficients $w$,
#
# $$J(w) = \tfrac{1}{2n} \|\dot x - \Theta w\|_2^2 + \alpha \|w\|_1 .$$ (eq-lasso)
#
# The absolute value has a corner at zero, and a corner can hold a minimum: coefficients become
# exactly zero. The same corner forbids plain gradient descent. **Iterative
# shrinkage-thresholding** (IST) {cite}`daubechies2004iterative` splits the work. Around the current
# point replace the smooth part by a parabola that lies above it. The parabola with curvature $L$ does
# if $L$ is at least the largest eigenvalue of $G = \Theta^\top\Theta / n$, the Lipschitz constant of
# the gradient. Parabola plus $\alpha |w|$ is minimised coordinate by coordinate: a gradient step of
# length $1 / L$, then a shift towards zero by $\alpha / L$.

# %% tags=["hide-input"]
from experiments.solvers import ista_step, soft_threshold

Markdown(f"```python\n{getsource(soft_threshold)}\n\n{getsource(ista_step)}```")

# %% [markdown]
# :::{margin} A name that explains itself
# LASSO stands for *least absolute shrinkage and selection operator*: it shrinks coefficients and, by
# making some of them zero, selects among them.
# :::
#
# Each step lowers $J$ of {eq}`eq-lasso`. Far from strong convexity the gap to the minimum shrinks like
# $1/k$ after $k$
# steps. **FISTA** {cite}`beck2009fast` takes the same step from a point extrapolated along the last
# move and earns $1/k^2$; where the extrapolation has led uphill we start it afresh
# {cite}`odonoghue2015adaptive`.
#
# **ADMM** {cite}`boyd2011distributed` gives the two terms of $J$ separate copies of the unknown, $w$
# and $v$, and forces them together by a quadratic coupling with weight $\mu$ and a running sum $u$ of
# their difference:
#
# $$w \leftarrow (G + \mu I)^{-1} (m + \mu (v - u)), \quad
#   v \leftarrow S_{\alpha/\mu}(w + u), \quad u \leftarrow u + w - v ,$$ (eq-admm)
#
# with $m = \Theta^\top \dot x / n$ and $S$ the soft threshold. In {eq}`eq-admm` the first step is a ridge
# regression, the second a shrinkage; neither knows of the other's term.
#
# The three should meet at one minimum. We take it from a fourth method, **LARS**
# {cite}`efron2004least`, which computes it exactly in a finite number of pieces.

# %%
ALPHA, N_ITER = 0.1, 30_000
best = LARSLasso(ALPHA).fit(design, velocity)
gram, moment = design.T @ design / len(design), design.T @ velocity / len(design)
constant = np.mean(velocity**2, axis=0) / 2


# %%
def objective(w):
    """J of all three equations together."""
    smooth = np.sum(w * (gram @ w) / 2 - moment * w, axis=0) + constant
    return np.sum(smooth + ALPHA * np.abs(w).sum(axis=0))


# %%
from experiments.solvers import admm, admm_penalty, proximal_gradient

iterates = {
    "ISTA": proximal_gradient(gram, moment, ALPHA),
    "FISTA": proximal_gradient(gram, moment, ALPHA, accelerated=True),
    "ADMM": (v for _, v, _ in admm(gram, moment, ALPHA, admm_penalty(gram))),
}

# %%
gaps, minimum = {}, objective(best.coef_.T)
for name, steps in iterates.items():
    gaps[name] = np.array([objective(w) / minimum - 1 for w in islice(steps, N_ITER)])

# %% tags=["hide-input"] label="fig-deck-methods-convergence"
_ = figures.plot_convergence(gaps)

# %% tags=["hide-input"]
Markdown(f"""Of {N_ITER:,} iterations the relative gap stays above $10^{{-8}}$ for
{np.sum(gaps["ISTA"] >= 1e-8):,} of ISTA, {np.sum(gaps["FISTA"] >= 1e-8):,} of FISTA and
{np.sum(gaps["ADMM"] >= 1e-8):,} of ADMM; LARS takes {best.n_iter_:d} pieces.""")

# %% [markdown]
# Iterations are not seconds. {numref}`tab-deck-methods-speed` has the time to the same gap on one
# processor, for the deck's
# library and for larger ones of higher degree, beside scikit-learn's coordinate descent, from a
# benchmark that is stored with the book.

# %% tags=["hide-input"] label="tab-deck-methods-speed"
speed = stored.load("lasso_speed")
assert all(row["reached"] for row in speed["rows"])
seconds = {(row["solver"], row["terms"]): row["seconds"] for row in speed["rows"]}
solvers, sizes = (list(dict.fromkeys(names)) for names in zip(*seconds, strict=True))
rows = [[solver] for solver in solvers]
for row, size in product(rows, sizes):
    own, default = seconds[row[0], size], seconds["scikit-learn", size]
    row.append(f"{1000 * own:.3g} ms ({own / default:.2g})")
plotting.table(["solver", *(f"{size} terms" for size in sizes)], rows)

# %% tags=["hide-input"]
Markdown(f"In brackets the ratio to scikit-learn's default.\n\n{stored.origin(speed)}")

# %% [markdown]
# The taught solvers look at the samples once, to form $G$, and scikit-learn does so only when
# asked to. With the Gram matrix in hand its compiled coordinate descent is the fastest, and LARS
# comes close.
#
# {numref}`fig-deck-methods-convergence` has no winner in the answer, only in the way to it. A solver is
# not a model: from here on *LASSO* is one method.
#
# ## Paths: how a penalty acts
#
# As $\alpha$ falls from the value at which all coefficients vanish, the LASSO solution is piecewise
# linear in $\alpha$: between two events the active coefficients move along a straight line that keeps
# their columns equally correlated with the residual. LARS jumps from event to event.
#
# :::{margin} One letter, many scales
# A penalty's weight means something only beside its objective. The deck's LASSO has no factor
# $1 / (2n)$, so that its weight is our $2 n \alpha$. scikit-learn's LASSO has the factor, its ridge
# regression has not.
# :::
#
# **Ridge regression** {cite}`hoerl1970ridge` has squares in place of absolute values, and a closed
# form, $w = (\Theta^\top \Theta + \alpha I)^{-1} \Theta^\top \dot x$. With the singular value
# decomposition $\Theta = U S V^\top$ each direction $V_k$ of the least-squares solution is multiplied
# by $s_k^2 / (s_k^2 + \alpha)$: weak directions shrink first, nothing becomes zero.

# %%
from sklearn.linear_model import lars_path

target, alphas = velocity[:, 1], np.logspace(-2, 7, 60)
lasso_path = lars_path(design, target, method="lasso")[2]
ridge_path = [Ridge(alpha, fit_intercept=False).fit(design, target).coef_ for alpha in alphas]

# %% tags=["hide-input"] label="fig-deck-methods-paths"
shown = lasso_path, np.array(ridge_path), alphas / len(design)
_ = figures.plot_paths(*shown, thick=truth[1] != 0, terms=TERMS)

# %% tags=["hide-input"] label="tab-deck-methods-order"
arrival = np.argmax(lasso_path != 0, axis=1)
order = [TERMS[k] for k in np.argsort(arrival, kind="stable") if arrival[k]]
plotting.table(range(1, len(order) + 1), [order])

# %% [markdown]
# The LASSO in {numref}`fig-deck-methods-paths` admits one term after another, along straight lines;
# {numref}`tab-deck-methods-order` has their order.
# The true equation has the terms $x$, $y$ and $xz$, but on the attractor the columns rise and fall
# together, so that a wrong one can stand in for a right one and enter before it.
#
# A third way to sparsity thresholds directly: fit by least squares, set the small coefficients to
# zero, fit the others again, repeat. This is **STLSQ**, the solver of SINDy
# {cite}`brunton2016discovering`. The deck does not use it; it is in our tables for comparison.
#
# ## Galerkin: knowledge as constraints
#
# Linear knowledge about the coefficients enters as equations $C w = d$. At the constrained minimum
# the gradient of the squares must be a combination of the rows of $C$, with multipliers $\nu$: the
# Karush-Kuhn-Tucker equations
#
# $$\begin{pmatrix} G & C^\top \\ C & 0 \end{pmatrix}
#   \begin{pmatrix} w \\ \nu \end{pmatrix} = \begin{pmatrix} m \\ d \end{pmatrix},$$ (eq-constrained)
#
# one linear system with all 27 coefficients stacked in $w$. There are two choices of knowledge:
#
# * the deck's: "we suppose that one of the parameters is known in advance". We take $\sigma$, which
#   sets two coefficients of the first equation;
# * that of constrained Galerkin regression in fluid mechanics {cite}`loiseau2018constrained`: the
#   quadratic terms neither create nor destroy energy, $X \cdot q(X) = 0$ for every $X$. In Lorenz'
#   equations {eq}`eq-lorenz` $-xz$ and $xy$ cancel in just this way.

# %%
from experiments.deck_methods import energy_preserving

matrix, values = energy_preserving()
np.allclose(matrix @ truth.ravel(), values), len(matrix)

# %% [markdown]
# ## LOESS: no equation at all
#
# Local regression {cite}`cleveland1988locally` answers each query on its own: take the $k$ nearest
# samples, weigh them by the tricube $(1 - (d / d_k)^3)^3$ of their distance $d$, fit a linear function
# and evaluate it at the query. There are no 27 coefficients to compare, but there is a field, and
# {numref}`fig-deck-methods-velocity` has its error. Without a formula one cannot escape that of the
# differences either.
#
# ## Jaya, Powell, and both
#
# :::{margin} Jaya
# The word is Sanskrit for victory. Beyond the size of its population and the number of generations the
# algorithm has no parameter to tune.
# :::
#
# The last of the deck's methods uses nothing but values of the objective. **Jaya** {cite}`rao2016jaya`
# keeps a population of candidates and moves each, coordinate by coordinate, towards the best and away
# from the worst,
#
# $$w' = w + r_1 \, (w_\text{best} - |w|) - r_2 \, (w_\text{worst} - |w|), \qquad
#   r_1, r_2 \sim U(0, 1),$$ (eq-jaya)
#
# keeping $w'$ if it is better. **Powell's method** {cite}`powell1964efficient` minimises along one
# direction after another and replaces directions by the total move, which makes them conjugate: on a
# parabola in $p$ variables, $p$ rounds suffice. *Jaya-Powell* starts the second from the result of the
# first, global search before local.
#
# What is unknown? If one already knows the form of the equations there are three unknowns, $\sigma$,
# $\rho$ and $\beta$. We start there, with exact velocities.


# %%
def misfit(p, states, velocity):
    """Mean square misfit as a function of (sigma, rho, beta), any batch of them."""
    sigma, rho, beta = np.moveaxis(np.asarray(p)[..., None], -2, 0)
    x, y, z = states.T
    model = [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]
    return np.mean((np.stack(model, axis=-1) - velocity) ** 2, axis=(-2, -1))


# %%
from scipy.optimize import minimize

from experiments.deck_methods import jaya


def jaya_powell(seed, *data):
    """The parameters by Jaya in the box [0, 50]^3, then Powell's method."""
    search = jaya(lambda p: misfit(p, *data), np.zeros(3), np.full(3, 50.0), rng=seed)
    population, values = next(islice(search, 150, None))
    start, options = population[values.argmin()], {"xtol": 1e-12, "ftol": 1e-20}
    return minimize(misfit, start, data, method="Powell", options=options)


# %%
states = orbits[0, ::50]
noise_free = [jaya_powell(seed, states, vector_field(states)) for seed in range(20)]
states, differences = (samples[::50] for samples in forward_difference(orbits[0], 0.01))
differenced = [jaya_powell(seed, states, differences) for seed in range(20)]


# %%
def parameter_errors(found):
    """Root mean square error of the three parameters, one a seed."""
    true = [LORENZ63.sigma, LORENZ63.rho, LORENZ63.beta]
    return np.array([np.sqrt(np.mean((fit.x - true) ** 2)) for fit in found])


floor, biased = parameter_errors(noise_free), parameter_errors(differenced)

# %% tags=["hide-input"]
worst, biased_mean = max(fit.fun for fit in noise_free), Estimate.from_samples(biased)
ledger.record("deck-methods/jaya-powell-objective-decades", np.log10(worst), seeds=20)
ledger.record("deck-methods/jaya-powell-error-decades", np.log10(floor.max()), seeds=20)
ledger.record("deck-methods/jaya-powell-three-error-dt-0.01", biased_mean, seeds=20)
Markdown(f"""Over twenty seeds the *objective* falls to {worst:.0e} or below, beyond the deck's
$10^{{-23}}$. It is then made of rounding errors. The *parameters* are right to
{floor.mean():.0e} on average, {floor.max():.0e} at worst. That is the last bit of $\\beta$, the smallest of
the three: floating-point numbers near it lie {np.spacing(LORENZ63.beta):.0e} apart, so that no method can
reach $10^{{-23}}$ in the parameters except by hitting them exactly. Replace the exact
velocities by forward differences at $\\delta t = 0.01$, and the same search ends with a
parameter error of {biased.mean():.2f}, for every seed the same to {np.ptp(biased):.0e}.""")

# %% [markdown]
# With the form of the equations unknown there are nine unknowns an equation, and the three equations
# can be searched one by one. The objective is a parabola with one minimum, which least squares finds
# in closed form. What can a random search add? The box allows scaled coefficients up to 1000, several
# times the largest true one.

# %%
from experiments.deck_methods import JayaPowellRegressor, JayaRegressor

options = {"bounds": (-1000, 1000), "max_iter": 300, "tol": 1e-12}
searches = {"Jaya": JayaRegressor, "Jaya-Powell": JayaPowellRegressor}
with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # that Jaya stalls
    fits = {
        name: [search(random_state=k, **options).fit(design, velocity) for k in range(3)]
        for name, search in searches.items()
    }

# %% tags=["hide-input"] label="tab-deck-methods-searches"
plain = GalerkinRegressor().fit(design, velocity)
rows = [["least squares", plain.n_iter_, plain.objective_]]
for name, found in fits.items():
    ends = sorted(fit.objective_ for fit in found)
    rows.append([name, found[0].n_iter_, f"{ends[0]:.6f} to {ends[-1]:.6f}"])
headers = ["method", "iterations", "objective (range over seeds)"]
plotting.table(headers, rows, ["", "", ".6f"])

# %% [markdown]
# Jaya alone stalls far up in a narrow valley; Powell's method walks down to the least-squares
# solution from wherever Jaya stops. As a regression, *Jaya-Powell is least squares*, slowly.
#
# ## What we find
#
# * **A solver is not a model.** ISTA, FISTA, ADMM and LARS meet at one minimum of {eq}`eq-lasso`. They
#   differ in what the way there costs.
# * **Knowledge enters as a preference or as a rule.** A penalty prefers some coefficients to others, a
#   constraint {eq}`eq-constrained` allows no others. LOESS asks for neither, and has no coefficients.
# * **No method is better than the velocity it is given.** With exact velocities least squares is exact
#   to rounding. With forward differences it has their error, and so has LOESS.
# * **Jaya-Powell** finds the least-squares solution. We reach the deck's $10^{-23}$ in the objective, without
#   noise and with three unknowns, and cannot in a parameter. The deck names no source that says which is
#   meant.
#
# ## Exercises
#
# :::{exercise}
# :label: ex-deck-methods-scaling
#
# How many iterations does FISTA need without scaling the columns?
# :::

# %% tags=["solution"]
from experiments.lasso_speed import ISTALasso

fista = ISTALasso(ALPHA, accelerated=True, tol=1e-8)
counts = [fista.fit(matrix, velocity).n_iter_ for matrix in (design, library)]
Markdown(f"{counts[0]:d} with scaled columns, {counts[1]:d} without.")

# %% [markdown]
# :::{exercise}
# :label: ex-deck-methods-first-term
#
# At the start of its path the LASSO's residual is the target itself. Find the first term of
# the row below {numref}`fig-deck-methods-paths` from this alone.
# :::

# %% tags=["solution"]
TERMS[np.abs(design.T @ target).argmax()]

# %% [markdown]
# **Onward.** {doc}`/book/02_parametric/deck_tables` applies all these methods to the twenty series and puts
# what they find beside the deck's numbers.
