"""Which Lorenz system a generated series belongs to, if it belongs to one."""

import numpy as np
from scipy.optimize import least_squares

from lorenz_utils.checks import check_ensemble, check_positive
from lorenz_utils.metrics import FAR
from lorenz_utils.system import LORENZ63, LorenzParameters, flow_map

TRANSITIONS = 5_000
UPPER = np.array([100.0, 200.0, 50.0])


def parametric_probe(ensemble, dt):
    """The Lorenz parameters whose flow map explains the steps of the series best.

    Least squares of (Phi(x_t) - x_{t+1}) / s over sigma, rho and beta, with s the ensemble's own
    standard deviations, over at most 5 000 steps spread evenly over the ensemble. The search
    starts at the classic parameters. That the fit is close says nothing alone: look at
    `metrics.flow_residual` too.

    Parameters
    ----------
    ensemble : array_like, shape (n_series, length, 3)
    dt : float

    Returns
    -------
    LorenzParameters
        NaN if the steps do not determine all three: constant or far away series, or a best fit
        at the edge of 0 < sigma < 100, 0 < rho < 200, 0 < beta < 50.
    """
    ensemble, dt = check_ensemble(ensemble, d=3, length=2), check_positive(dt, "dt")
    undetermined = LorenzParameters(np.nan, np.nan, np.nan)
    scale = (ensemble - ensemble[0, 0]).std((0, 1))  # exactly zero for a constant
    if scale.min() == 0 or np.linalg.norm(ensemble, axis=-1).max() > FAR:
        return undetermined
    states, successors = ensemble[:, :-1].reshape(-1, 3), ensemble[:, 1:].reshape(-1, 3)
    stride = -(-len(states) // TRANSITIONS)
    states, successors = states[::stride], successors[::stride]

    def residual(parameters):
        predicted = flow_map(states, dt, parameters=LorenzParameters(*parameters), rtol=1e-8)
        return ((predicted - successors) / scale).ravel()

    start = [LORENZ63.sigma, LORENZ63.rho, LORENZ63.beta]
    fit = least_squares(residual, start, bounds=(0, UPPER), x_scale=start, max_nfev=50)
    singular_values = np.linalg.svd(fit.jac * start, compute_uv=False)
    margin = np.minimum(fit.x, UPPER - fit.x) / UPPER
    if not fit.success or singular_values[-1] < 1e-6 * singular_values[0] or margin.min() < 1e-6:
        return undetermined
    return LorenzParameters(*map(float, fit.x))
