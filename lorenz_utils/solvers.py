"""The iterations behind `regression`, as short functions on arrays: each yields its iterates.

Least squares enters by its Gram matrix G = X'X / n (p, p) and moment m = X'y / n (p, n_targets), so
that |y - X w|^2 / (2 n) is w'Gw / 2 - m'w and a constant.
"""

import numpy as np

TINY = np.finfo(float).tiny


def soft_threshold(values, threshold):
    """Move every value towards 0 by `threshold`, and to 0 if it is nearer."""
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0.0)


def ista_step(coef, gram, moment, alpha, step):
    """One gradient step on w'Gw / 2 - m'w, then the proximal step of alpha |w|_1."""
    gradient = gram @ coef - moment
    return soft_threshold(coef - step * gradient, step * alpha)


def proximal_gradient(gram, moment, alpha, *, accelerated=False):
    """Yield the iterates (p, n_targets) of ISTA, or of FISTA where `accelerated`.

    FISTA starts each step from a point ahead, and from rest again where that led uphill.
    """
    step = 1 / max(np.linalg.norm(gram, 2), TINY)  # inverse Lipschitz constant of the gradient
    coef = ahead = np.zeros_like(moment)
    momentum = np.ones(moment.shape[1])
    while True:
        previous, coef = coef, ista_step(ahead, gram, moment, alpha, step)
        yield coef
        if accelerated:
            uphill = np.sum((ahead - coef) * (coef - previous), axis=0) > 0
            momentum = np.where(uphill, 1.0, momentum)
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = coef + (momentum - 1) / following * (coef - previous)
            momentum = following
        else:
            ahead = coef


def admm(gram, moment, alpha, penalty):
    """Yield ADMM's iterates: a ridge solution, its sparse copy, their accumulated difference."""
    inverse = np.linalg.inv(gram + penalty * np.eye(len(gram)))
    sparse = dual = np.zeros_like(moment)
    while True:
        ridge = inverse @ (moment + penalty * (sparse - dual))
        sparse = soft_threshold(ridge + dual, alpha / penalty)
        dual = dual + ridge - sparse
        yield ridge, sparse, dual


def admm_penalty(gram):
    """Geometric mean of the extreme eigenvalues, best for a plain quadratic (Ghadimi et al. 2015).

    A small eigenvalue counts as 1e-8 of the largest.
    """
    eigenvalues = np.linalg.eigvalsh(gram)
    largest = max(eigenvalues[-1], TINY)
    return float(np.sqrt(largest * max(eigenvalues[0], 1e-8 * largest)))


def duality_gap(A, b, rest, coef, alpha):
    """Lasso's objective, and a bound on its distance to the minimum, for each target.

    The objective is |b - A w|^2 / 2 + rest + alpha |w|_1. The dual point is the residual, shrunk
    until no column's correlation with it exceeds alpha.
    """
    residual = b - A @ coef
    square = np.sum(residual**2, axis=0) + 2 * rest
    correlation = np.abs(A.T @ residual).max(axis=0)
    shrink = np.minimum(1.0, alpha / np.maximum(correlation, TINY))
    dual = shrink * (np.sum(b * residual, axis=0) + 2 * rest) - shrink**2 * square / 2
    objective = square / 2 + alpha * np.abs(coef).sum(axis=0)
    return objective, objective - dual


def kkt_solution(gram, moment, matrix, values):
    """Minimise w'Gw / 2 - m'w subject to matrix @ w = values, for one vector w.

    Its gradient is a combination of the constraints' rows: with the multipliers as further
    unknowns the solution is that of one linear system.
    """
    zeros = np.zeros((len(values), len(values)))
    system = np.block([[gram, matrix.T], [matrix, zeros]])
    return np.linalg.lstsq(system, np.r_[moment, values])[0][: len(gram)]


def jaya(objective, lower, upper, *, population_size=50, rng):
    """Yield the generations of Jaya: candidates move towards the best and away from the worst.

    Parameters
    ----------
    objective : callable
        Maps candidates (n, d) to values (n,), to be minimised.
    lower, upper : array_like, shape (d,)
        The box that is searched.
    population_size : int
    rng : int or numpy.random.Generator

    Yields
    ------
    population : ndarray, shape (population_size, d)
    values : ndarray, shape (population_size,)

    References
    ----------
    Rao, *International Journal of Industrial Engineering Computations* 7 (2016), 19-34. Its two
    random numbers are drawn for each candidate and variable.
    """
    rng = np.random.default_rng(rng)
    lower, upper = np.asarray(lower), np.asarray(upper)
    # Not `uniform`, which some compilers round differently.
    population = lower + (upper - lower) * rng.random((population_size, len(lower)))
    values = objective(population)
    while True:
        yield population, values
        best, worst = population[values.argmin()], population[values.argmax()]
        pull, push = rng.random((2, *population.shape))
        size = np.abs(population)
        trial = population + pull * (best - size) - push * (worst - size)
        trial = np.clip(trial, lower, upper)
        trial_values = objective(trial)
        better = trial_values < values
        population = np.where(better[:, None], trial, population)
        values = np.where(better, trial_values, values)


def constrained_least_squares(A, b, matrix, values):
    """Minimise |b - A w|^2 subject to matrix @ w.T.ravel() = values.

    Parameters
    ----------
    A : ndarray, shape (n, p)
    b : ndarray, shape (n, n_targets)
    matrix : ndarray, shape (m, n_targets * p)
    values : ndarray, shape (m,)

    Returns
    -------
    ndarray, shape (p, n_targets)

    Raises
    ------
    ValueError
        If data and constraints leave a coefficient open, or the constraints contradict.
    """
    design = np.kron(np.eye(b.shape[1]), A)
    everything = np.vstack([design, matrix])
    require_rank(everything)
    scale = np.linalg.norm(everything, axis=0)  # in these units the system is well conditioned
    unit = design / scale
    flat = kkt_solution(unit.T @ unit, unit.T @ b.T.ravel(), matrix / scale, values) / scale
    flat -= np.linalg.pinv(matrix) @ (matrix @ flat - values)  # the constraints' last digits
    if not np.allclose(matrix @ flat, values, rtol=1e-9, atol=1e-9):
        raise ValueError("constraints must not contradict each other, got no solution")
    return flat.reshape(b.shape[1], -1).T


def require_rank(matrix):
    """Raise a ValueError unless the columns are linearly independent."""
    scale = np.linalg.norm(matrix, axis=0)
    rank = np.linalg.matrix_rank(matrix / np.where(scale > 0, scale, 1.0))
    if rank < matrix.shape[1]:
        raise ValueError(
            f"X must determine all {matrix.shape[1]} coefficients, got rank {rank}: its columns "
            "are linearly dependent on these samples (too few, or a constant series?)"
        )


def local_linear(offsets, values, distance):
    """Values at 0 of weighted linear fits: tricube weights, 0 at the farthest neighbour.

    Parameters
    ----------
    offsets : ndarray, shape (n, k, p)
        Position of each query's neighbours, sorted by distance, relative to the query.
    values : ndarray, shape (n, k) or (n, k, n_targets)
    distance : ndarray, shape (n, k)

    Returns
    -------
    ndarray, shape (n,) or (n, n_targets)
    """
    reach = np.maximum(distance[:, -1:], TINY) * (1 + 1e-9)  # equal distances keep a weight
    root = np.sqrt((1 - (distance / reach) ** 3) ** 3)[..., None]
    design = root * np.concatenate([np.ones_like(root), offsets], axis=-1)
    intercept = np.linalg.pinv(design)[:, 0] * root[..., 0]
    return np.einsum("nk,nk...->n...", intercept, values)


def energy_preserving(n_states=3):
    """Constraints C vec(coef) = 0 under which quadratic terms neither create nor destroy energy.

    The quadratic part q of the field obeys x . q(x) = 0 for every x: in this cubic polynomial the
    coefficients of each monomial x_i x_j x_k sum to 0.

    Parameters
    ----------
    n_states : int
        Dimension d of the state; the library is `polynomial_library(2)` with p = d + d(d + 1)/2.

    Returns
    -------
    matrix : ndarray, shape (d(d + 1)(d + 2)/6, d p)
    values : ndarray of zeros

    References
    ----------
    Loiseau & Brunton, *Journal of Fluid Mechanics* 838 (2018), 42-67.
    """
    pairs = [(i, j) for i in range(n_states) for j in range(i, n_states)]
    n_features = n_states + len(pairs)
    rows = {}
    for target in range(n_states):
        for column, pair in enumerate(pairs, start=n_states):
            row = rows.setdefault(tuple(sorted((target, *pair))), np.zeros((n_states, n_features)))
            row[target, column] = 1.0
    return np.array([row.ravel() for row in rows.values()]), np.zeros(len(rows))


def fixed_coefficients(values, shape):
    """Constraints that set coefficients known in advance.

    Parameters
    ----------
    values : dict
        Maps (target, feature) to the coefficient's value.
    shape : tuple
        (n_targets, n_features).

    Returns
    -------
    matrix : ndarray, shape (n_fixed, n_targets * n_features)
    values : ndarray, shape (n_fixed,)
    """
    matrix = np.zeros((len(values), *shape))
    for row, (target, feature) in enumerate(values):
        matrix[row, target, feature] = 1.0
    return matrix.reshape(len(values), -1), np.array(list(values.values()), dtype=float)
