"""Sparse and constrained regression: scikit-learn estimators for polynomial vector fields."""

import numpy as np
from sklearn.preprocessing import PolynomialFeatures

from lorenz_utils.system import LORENZ63


def polynomial_library(degree=2, include_bias=False):
    """All monomials up to `degree`, a scikit-learn transformer.

    For states x, y, z and degree 2 its columns are x, y, z, x^2, x y, x z, y^2, y z, z^2
    (`get_feature_names_out(["x", "y", "z"])`): 9 terms, so 27 coefficients for 3 equations.
    """
    return PolynomialFeatures(degree, include_bias=include_bias)


def true_coefficients(parameters=LORENZ63):
    """The Lorenz equations in `polynomial_library` order, shape (3, 9): one row an equation."""
    sigma, rho, beta = parameters.sigma, parameters.rho, parameters.beta
    #         x     y    z     x2  xy  xz  y2  yz  z2
    rows = [
        [-sigma, sigma, 0.0, 0, 0.0, 0.0, 0, 0, 0],
        [rho, -1.0, 0.0, 0, 0.0, -1.0, 0, 0, 0],
        [0.0, 0.0, -beta, 0, 1.0, 0.0, 0, 0, 0],
    ]
    return np.array(rows)
