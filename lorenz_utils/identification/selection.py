"""The choice of terms by their evidence: thinning, then single terms added, dropped and swapped.

Near a fit the log-likelihood is a quadratic of all coefficients, so that the evidence of every
neighbouring choice of terms follows from one matrix. What it promises is then fitted in earnest.
"""

from dataclasses import dataclass

import numpy as np

# A coefficient moves its coordinate as fast as the data do, give or take this factor.
SPREAD = 3.0
# Fits in earnest of one search, and of one round of proposals; iterations of each.
MAX_REFITS, TRIES, TRIAL_ITER = 60, 6, 10
# An eigenvalue of the scaled information that is none, and a part in its vector that is one.
LEAST, SEEN = 1e-10, 0.01


@dataclass(frozen=True)
class Fit:
    """Coefficients of some terms, and the likelihood of all around them.

    Attributes
    ----------
    coef, support : ndarray, shape (d, n_terms)
    likelihood : float
        Its logarithm, the noise being the best.
    information : ndarray, shape (d * n_terms, d * n_terms)
        Fisher information of all coefficients, in and out of the support.
    pull : ndarray, shape (d * n_terms,)
        Gradient of the log-likelihood.
    states : ndarray, optional
        What else was fitted.
    converged : bool
        Not where no part of a step lowered the objective, unless the step is one of rounding.
    """

    coef: np.ndarray
    support: np.ndarray
    likelihood: float
    information: np.ndarray
    pull: np.ndarray
    states: np.ndarray | None = None
    converged: bool = False

    def starts(self, support):
        """Coefficients to fit a neighbouring support from: as promised here, and cut off."""
        cut = np.where(support, self.coef, 0.0)
        if self.information is None:
            return [cut]
        target = self.information @ self.coef.ravel() + self.pull
        return [solve_within(self.information, target, support.ravel()).reshape(cut.shape), cut]


@dataclass(frozen=True)
class Prior:
    """What is expected of the coefficients before the data are seen, without any unit.

    Attributes
    ----------
    width : ndarray, shape (d, n_terms)
        Standard deviation of a coefficient: `SPREAD` times the speed of its coordinate over the
        size of its term.
    price : ndarray, shape (d, n_terms)
        Minus the logarithm of a term's prior odds, see `price`.
    """

    width: np.ndarray
    price: np.ndarray

    def evidence(self, fit):
        """Logarithm of the probability of the data given a fit's terms, by Laplace's method."""
        precision, _ = self.quadratic(fit)
        kept = fit.support.ravel()
        volume = np.linalg.slogdet(precision[np.ix_(kept, kept)])[1]
        distance = ((fit.coef / self.width)[fit.support] ** 2).sum()
        return fit.likelihood - (volume + distance) / 2 - self.price[fit.support].sum()

    def quadratic(self, fit):
        """Precision A and vector h of the posterior in units of the width: its mean is A^-1 h."""
        width = self.width.ravel()
        shift = (fit.information @ fit.coef.ravel() + fit.pull) * width
        return np.eye(len(width)) + fit.information * np.outer(width, width), shift

    def gains(self, precision, shift, kept):
        """Change of the log-evidence when each term in turn joins the kept ones, or leaves them."""
        inverse = np.linalg.inv(precision[np.ix_(kept, kept)])
        mean, cross = inverse @ shift[kept], precision[:, kept]
        alone = np.diag(precision)
        rest = alone - ((cross @ inverse) * cross).sum(axis=1)
        # At least the prior's, 1, and what rounding leaves of a sum.
        variance = 1 / np.maximum(rest, np.maximum(1.0, LEAST * alone))
        means = variance * (shift - cross @ mean)
        variance[kept], means[kept] = np.diag(inverse), mean
        joining = (means**2 / variance + np.log(variance)) / 2 - self.price.ravel()
        return np.where(kept, -joining, joining)


def price(powers):
    """Minus the logarithm of the terms' prior odds, (n_terms,): 2 a factor more, or less, than one.

    Units are no argument for it: a linear term is as likely there as not, and simpler than others.
    """
    return 2.0 * np.abs(powers.sum(axis=1) - 1)


def thin(refit, fit, prior):
    """Drop terms as long as that raises the evidence, at most a quarter of them between two fits.

    Parameters
    ----------
    refit : callable
        From a support (d, n_terms) and the `Fit` to start from to a `Fit`, or None where there is
        none.
    fit : Fit
    prior : Prior
    """
    while True:
        precision, shift = prior.quadratic(fit)
        kept = told_apart(fit.information, fit.support.ravel(), prior.price.ravel())
        for _ in range(max(1, kept.sum() // 4)):
            gains = np.where(kept, prior.gains(precision, shift, kept), -np.inf)
            if gains.max() <= 0:
                break
            kept[gains.argmax()] = False
        smaller = (
            None
            if (kept == fit.support.ravel()).all()
            else refit(kept.reshape(fit.support.shape), fit)
        )
        if smaller is None:
            return fit
        fit = smaller


def improve(refit, fit, prior):
    """Add, drop and swap single terms as long as that raises the evidence.

    Parameters
    ----------
    refit, fit, prior
        As for `thin`.

    Returns
    -------
    fit : Fit
    finished : bool
        Whether the search ended before `MAX_REFITS`.
    """
    best, tried = prior.evidence(fit), {fit.support.tobytes()}
    while True:
        for support in neighbours(fit, prior):
            if support.tobytes() in tried:
                continue
            if len(tried) > MAX_REFITS:
                return fit, False
            tried.add(support.tobytes())
            trial = refit(support, fit)
            if trial is not None and prior.evidence(trial) > best + 1e-3:
                fit, best = trial, prior.evidence(trial)
                break
        else:
            return fit, True


def neighbours(fit, prior, margin=4.0):
    """The supports one move away that promise most, down to a loss of `margin`, best first."""
    precision, shift = prior.quadratic(fit)
    kept = fit.support.ravel()
    gains = prior.gains(precision, shift, kept)
    moves = [(gain, (k,)) for k, gain in enumerate(gains)]
    for i in np.flatnonzero(kept):
        without = kept.copy()
        without[i] = False
        after = gains[i] + prior.gains(precision, shift, without)
        moves += [(after[j], (i, j)) for j in np.flatnonzero(~kept)]
    moves = sorted((move for move in moves if move[0] > -margin), reverse=True)[:TRIES]
    for _, flipped in moves:
        support = fit.support.copy()
        support.flat[list(flipped)] ^= True
        yield support


def told_apart(information, kept, price):
    """The kept terms, less the dearest of those that the data cannot tell from each other."""
    kept = kept.copy()
    while len(null := null_directions(information, kept)):
        unknown = (np.abs(null) > SEEN).any(axis=0)
        kept[np.where(unknown, price, -np.inf).argmax()] = False
    return kept


def null_directions(information, kept=None):
    """Changes of the kept coefficients that leave the likelihood as it is, (n, n_coef).

    In units of each coefficient's error if the others were known; of length one.
    """
    kept = np.ones(len(information), dtype=bool) if kept is None else kept
    values, vectors = np.linalg.eigh(scaled(information[np.ix_(kept, kept)])[0])
    directions = np.zeros(((values < LEAST).sum(), len(kept)))
    directions[:, kept] = vectors.T[values < LEAST]
    return directions


def solve_within(information, pull, kept):
    """Newton step of the kept coefficients; along what the data do not see it is short."""
    step = np.zeros(len(pull))
    square, size = scaled(information[np.ix_(kept, kept)])
    step[kept] = np.linalg.solve(square + 1e-13 * np.eye(len(size)), pull[kept] / size) / size
    return step


def scaled(information):
    """An information matrix with unit diagonal, and the roots of the diagonal that it had."""
    size = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    return information / np.outer(size, size), size
