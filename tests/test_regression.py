"""Regression: agreement with scikit-learn, exact constraints, known minima, bad input."""

import warnings

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from lorenz_utils.regression import (
    STLSQ,
    ADMMLasso,
    GalerkinRegressor,
    ISTALasso,
    JayaPowellRegressor,
    JayaRegressor,
    LARSLasso,
    LoessRegressor,
)

ESTIMATORS = [
    ISTALasso(),
    ISTALasso(accelerated=True),
    ADMMLasso(),
    LARSLasso(),
    STLSQ(),
    GalerkinRegressor(),
    LoessRegressor(),
    JayaRegressor(),
    JayaPowellRegressor(),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_contract(estimator, check):
    check(estimator)
