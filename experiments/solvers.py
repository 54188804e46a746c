"""The iterations behind the LASSO, as short functions on arrays: each yields its iterates.

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
