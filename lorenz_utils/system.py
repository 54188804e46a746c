"""The Lorenz-63 system: its equations, its flow map, simulation and the attractor.

Orbits are the same bytes on every machine, and each the same in any company: see `integration`.

Arrays have the state on the last axis: a state is (..., 3) in the order x, y, z, a series is
(length, 3), an ensemble (n_series, length, 3). Times are in Lorenz time units.
"""

import hashlib
from dataclasses import astuple, dataclass
from functools import partial

import numpy as np

from lorenz_utils.checks import check_count, check_positive, check_shape
from lorenz_utils.dormand_prince import MOST_STEPS
from lorenz_utils.integration import compiled, integrate


@dataclass(frozen=True)
class LorenzParameters:
    """Prandtl number sigma, reduced Rayleigh number rho and geometric factor beta.

    The default is the chaotic classic of Lorenz, J. Atmos. Sci. 20 (1963), 130-141.
    """

    sigma: float = 10.0
    rho: float = 28.0
    beta: float = 8 / 3


LORENZ63 = LorenzParameters()

# Steps of length STEP_SCALE * rtol**(1/8) / rate keep the relative error over dt <= 0.1 below rtol:
# measured over starts anywhere within a norm of 1e4. On the attractor it is far smaller.
STEP_SCALE = 12.0
BURN_IN = 20.0
# `orbit_digest()` of every machine with IEEE-754 arithmetic. What is stored names the digest of its
# orbits; a change of the integrator changes it, and all that was stored has to be renewed.
ORBIT_DIGEST = "c3f098b40cd6"


def vector_field(state, parameters=LORENZ63):
    """Velocity dX/dt = (sigma (y - x), x (rho - z) - y, x y - beta z), shape (..., 3).

    Examples
    --------
    >>> vector_field([1.0, 1.0, 1.0]).round(3)
    array([ 0.   , 26.   , -1.667])
    """
    x, y, z = np.moveaxis(np.asarray(state, dtype=float), -1, 0)
    sigma, rho, beta = astuple(parameters)
    return np.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z], axis=-1)


def jacobian(state, parameters=LORENZ63):
    """Derivative of the vector field, shape (..., 3, 3); its trace is -(sigma + 1 + beta)."""
    x, y, z = np.moveaxis(np.asarray(state, dtype=float), -1, 0)
    sigma, rho, beta = astuple(parameters)
    one = np.ones_like(x)
    rows = [[-sigma * one, sigma * one, 0 * one], [rho - z, -one, -x], [y, x, -beta * one]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def flow_map(state, dt, *, parameters=LORENZ63, rtol=1e-10):
    """Advance any batch of states by the time `dt` along the Lorenz flow.

    Parameters
    ----------
    state : array_like, shape (..., 3)
    dt : float
        Positive time step.
    parameters : LorenzParameters
    rtol : float
        Bound of the error of one step with ``dt <= 0.1``, relative to the state's norm (to 1 where
        that is smaller), checked against `solve_ivp` in the tests. Over longer times the error
        grows with the flow's own stretching.

    Returns
    -------
    ndarray, shape (..., 3)

    Raises
    ------
    TypeError, ValueError
        For states that are not finite real (..., 3) arrays, or `dt`, `rtol` not positive.
    OverflowError
        If a state is so far away, or `dt` so long, that no number of steps will do.

    Examples
    --------
    >>> fixed_point = [72**0.5, 72**0.5, 27.0]
    >>> np.allclose(flow_map(fixed_point, 0.1), fixed_point)
    True
    """
    state = check_shape(state, "state", "(..., 3)")
    orbit = simulate(state, dt, 2, parameters=parameters, rtol=rtol)
    return np.ascontiguousarray(orbit[..., 1, :])


def simulate(initial_state, dt, n_steps, *, parameters=LORENZ63, rtol=1e-10):
    """Sample the orbit of each initial state every `dt`.

    Parameters
    ----------
    initial_state : array_like, shape (..., 3)
    dt : float
    n_steps : int
        Number of samples; the first is the initial state.
    parameters : LorenzParameters
    rtol : float
        Of each step, as in `flow_map`.

    Returns
    -------
    ndarray, shape (..., n_steps, 3)

    Examples
    --------
    >>> simulate([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], 0.1, n_steps=50).shape
    (2, 50, 3)
    """
    initial_state = check_shape(initial_state, "initial_state", "(..., 3)")
    dt, n_steps = check_positive(dt, "dt"), check_count(n_steps, "n_steps")
    rtol = check_positive(rtol, "rtol")
    sigma, rho, beta = map(abs, astuple(parameters))
    # Within the attractor's ball all states take the same steps. A start further out spirals in
    # with a speed that grows with its distance, and takes shorter ones.
    ball = 1.6 * (sigma + rho)
    rule = float(1 + sigma + rho + beta), float(ball), STEP_SCALE * rtol ** (1 / 8)
    start = np.array(initial_state, order="C").reshape(-1, 3)
    # Parameters may send an orbit to infinity, which is an answer and no mishap.
    with np.errstate(over="ignore", invalid="ignore"):
        if (_step_counts(start, dt, *rule) < 0).any():
            raise OverflowError(
                f"initial_state is too far away, or dt too long: more than {MOST_STEPS} integrator "
                f"steps a sample, got a largest coordinate of {abs(start).max():g} and dt={dt:g}"
            )
        sample = compiled().lorenz_orbits if compiled() else _orbits
        orbits = sample(start, dt, n_steps, *rule, *map(float, astuple(parameters)))
    orbits[~np.isfinite(orbits)] = np.nan  # of one sign, which processors choose differently
    return orbits.reshape(*initial_state.shape[:-1], n_steps, 3)


def _orbits(start, dt, n_samples, floor, ball, length, sigma, rho, beta):
    """`compiled.lorenz_orbits` by NumPy: the same operations in the same order."""
    orbits = np.empty((len(start), n_samples, 3))
    orbits[:, 0] = start
    velocity = partial(vector_field, parameters=LorenzParameters(sigma, rho, beta))
    for t in range(1, n_samples):
        states = orbits[:, t - 1]
        counts = _step_counts(states, dt, floor, ball, length)
        orbits[counts < 0, t] = np.nan
        for count in np.unique(counts[counts > 0]):
            chosen = counts == count
            orbits[chosen, t] = integrate(velocity, states[chosen], dt, count)
    return orbits


def _step_counts(states, dt, floor, ball, length):
    """Integrator steps from one sample to the next, (n,); -1 where they are too many."""
    x, y, z = states.T
    distance = np.sqrt(x * x + y * y + z * z)
    count = np.ceil(dt * (floor + np.maximum(ball, 3 * distance - 2 * ball)) / length)
    return np.where(count < MOST_STEPS, count, -1).astype(int)


def sample_attractor(n_states, *, rng):
    """Draw independent states from the attractor's natural measure.

    Parameters
    ----------
    n_states : int
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_states, 3)
        Random starts around the attractor, advanced by 20 time units: the flow contracts
        volumes by exp(-13.7 t), so that nothing of the start's distance to the attractor is left.
    """
    n_states = check_count(n_states, "n_states")
    rng = np.random.default_rng(rng)
    # Not `uniform`: some compilers fuse its product and sum, and the last bit differs.
    start = rng.random((n_states, 3)) * [40.0, 50.0, 50.0] - [20.0, 25.0, 0.0]
    return flow_map(start, BURN_IN, rtol=1e-6)


def make_ensemble(n_series=1000, length=1000, dt=0.1, *, rng, rtol=1e-10):
    """The deck's data set: independent series of equal length, started on the attractor.

    Parameters
    ----------
    n_series, length : int
    dt : float
    rng : int or numpy.random.Generator
    rtol : float
        Of each step, as in `flow_map`.

    Returns
    -------
    ndarray, shape (n_series, length, 3)

    Examples
    --------
    >>> make_ensemble(n_series=2, length=100, dt=0.1, rng=0).shape
    (2, 100, 3)
    """
    length = check_count(length, "length")
    return simulate(sample_attractor(n_series, rng=rng), dt, length, rtol=rtol)


def transient_ensemble(n_series, length, dt=0.1, *, rng):
    """Short series that start anywhere around the attractor, not on it.

    Series on the attractor hold almost nothing about the flow across its thin sheets: how states
    are drawn to it can be seen on the way there only.

    Parameters
    ----------
    n_series, length : int
    dt : float
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_series, length, 3)
        The starts are uniform in |x| < 25, |y| < 30, -5 < z < 55.
    """
    rng = np.random.default_rng(rng)
    start = rng.random((check_count(n_series, "n_series"), 3)) * [50.0, 60.0, 60.0]
    return simulate(start - [25.0, 30.0, 5.0], dt, check_count(length, "length"))


def orbit_digest():
    """Digest of some orbits as this machine computes them: `ORBIT_DIGEST`, if it rounds by IEEE."""
    return hashlib.sha256(make_ensemble(8, 300, 0.1, rng=5).tobytes()).hexdigest()[:12]
