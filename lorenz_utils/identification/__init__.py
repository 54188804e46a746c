"""Identification of a polynomial vector field from samples, without estimating derivatives.

Three estimators of the coefficients of dX/dt = Xi theta(X), for any dimension d and degree:

* `WeakFormRegressor` moves the derivative onto a smooth test function: linear, fast, tolerates
  noise, exact as long as the samples resolve the signal.
* `FlowMapRegressor` asks that the flow carries each sample onto the next: exact at any step.
* `MultipleShootingRegressor` estimates the true states together with the coefficients: the maximum
  likelihood for noisy observations, to be held against the Cramer-Rao bound.

Each is a file; `bound` has that bound, `field` the vector field, `estimator` what the three share,
`selection` how the last two choose their terms.
"""

from lorenz_utils.identification.bound import cramer_rao_bound as cramer_rao_bound
from lorenz_utils.identification.field import PolynomialField as PolynomialField
from lorenz_utils.identification.flow_map import FlowMapRegressor as FlowMapRegressor
from lorenz_utils.identification.shooting import (
    MultipleShootingRegressor as MultipleShootingRegressor,
)
from lorenz_utils.identification.weak_form import WeakFormRegressor as WeakFormRegressor
