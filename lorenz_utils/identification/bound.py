"""The Cramer-Rao bound: how well any unbiased estimator can know the coefficients."""

import numpy as np

from lorenz_utils.checks import check_count, check_positive, check_series, check_shape
from lorenz_utils.identification.sampling import Samples
from lorenz_utils.identification.selection import null_directions
from lorenz_utils.identification.shooting import Observations
from lorenz_utils.regression import polynomial_library, true_coefficients


def cramer_rao_bound(
    series, dt, *, noise_std, coef=None, degree=2, include_bias=False, support=None
):
    """Covariance that no unbiased estimator of the coefficients can go below.

    The observations are the series plus independent Gaussian noise; unknown are the coefficients
    and the initial state. The Fisher information of both is the sum of squared tangent-linear
    sensitivities along the orbit. These grow like exp(0.9 t), so the initial state is eliminated
    without forming them: its best response to a change of the coefficients solves a banded system.

    Parameters
    ----------
    series : array_like, shape (length, d) or (n_series, length, d)
        The noise-free orbit.
    dt : float
    noise_std : float or array_like, shape (d,)
        Standard deviation of the noise of each coordinate.
    coef : array_like, shape (d, n_terms), optional
        The true coefficients; by default those of Lorenz-63.
    degree, include_bias
        The library of `coef`.
    support : array_like of bool, shape (d, n_terms), optional
        Terms to estimate, the others are known to be zero; by default all.

    Returns
    -------
    ndarray, shape (d * n_terms, d * n_terms)
        In the order of ``coef.ravel()``; zero outside the support. The bound of the root mean
        square error over all coefficients is ``sqrt(trace / (d * n_terms))``.
    """
    data = check_series(series, "(length, d)", "(n_series, length, d)")
    data, dt = data.reshape(-1, *data.shape[-2:]), check_positive(dt, "dt")
    library = polynomial_library(check_count(degree, "degree"), include_bias).fit(data[0, :1])
    expected = (data.shape[2], library.n_output_features_)
    coef = check_shape(true_coefficients() if coef is None else coef, "coef", str(expected))
    support = np.ones(expected) if support is None else np.asarray(support, dtype=float)
    support = check_shape(support, "support", str(expected)).astype(bool)
    noise = np.broadcast_to(np.asarray(noise_std, dtype=float), data.shape[2:])
    if not ((noise > 0) & np.isfinite(noise)).all():
        raise ValueError(f"noise_std must be positive and finite, got {noise_std}")
    samples = Samples(data, dt, None, data.shape[2])
    problem = Observations.of(samples, library.powers_, noise, softness=0.0)
    _, *slopes = problem.link(coef, problem.data)
    zero = np.zeros_like(problem.data)
    kept = np.ix_(support.ravel(), support.ravel())
    information = problem.step(*slopes, zero[1:], zero, support)[2][kept]
    if len(null_directions(information)):
        raise ValueError(
            "series must tell the coefficients apart, but some terms are dependent on it: give "
            "longer or more varied series, or a lower degree"
        )
    bound = np.zeros((coef.size, coef.size))
    bound[kept] = np.linalg.inv(information)
    return bound
