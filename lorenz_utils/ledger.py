"""The ledger: measured results with their uncertainty, and the deck's claims judged by them.

A chapter calls `record`; the conclusions call `verdicts`, which judges every claim of
``book/claims.yml`` by the rule written there. Nothing here is typed in by hand.
"""

import errno
import json
import math
import os
import warnings
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import yaml
from scipy.special import ndtri, stdtrit

from lorenz_utils.checks import check_choice
from lorenz_utils.files import home, write_whole

ROOT = home()
# The tests let a chapter record elsewhere.
RESULTS = Path(os.environ.get("LORENZ_RESULTS") or ROOT / "_build" / "results")
CLAIMS = ROOT / "book" / "claims.yml"

REPRODUCED = "reproduced"
IN_PART = "reproduced in part"
NOT_REPRODUCED = "not reproduced"
DOES_NOT_IMPLY = "holds but does not imply what is claimed"
UNDECIDED = "undecided"
VERDICTS = (REPRODUCED, IN_PART, NOT_REPRODUCED, DOES_NOT_IMPLY, UNDECIDED)
NO_REASON = "No reason has been written yet for the verdict that the numbers of this machine give."


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error, scalar or array of equal shapes.

    ``f"{estimate:.3f}"`` prints a scalar with the half width of its 95 % interval.

    Parameters
    ----------
    value, standard_error : float or ndarray
    n : int, optional
        Independent repeats behind the standard error, at least 2. Without it the error counts as
        known, and the interval is that of the normal distribution.

    Raises
    ------
    ValueError
        If `n` is below 2: one repeat has no standard error.

    Examples
    --------
    >>> print(f"{Estimate(0.9056, 0.0004):.4f}")
    0.9056 ± 0.0008
    >>> print(f"{Estimate(0.9056, 0.0004, n=5):.4f}")
    0.9056 ± 0.0011
    """

    value: float | np.ndarray
    standard_error: float | np.ndarray = 0.0
    n: int | None = None

    def __post_init__(self):
        """Refuse a number of repeats that leaves no degree of freedom."""
        if self.n is not None and self.n < 2:
            raise ValueError(f"n must be at least 2 repeats, got {self.n}")

    @classmethod
    def from_samples(cls, samples):
        """Mean and standard error over the first axis of independent repeats.

        Raises
        ------
        ValueError
            With fewer than two samples, or a sample that is not finite.
        """
        samples = np.asarray(samples, dtype=float)
        if samples.ndim == 0 or len(samples) < 2:
            raise ValueError(f"samples must hold at least 2 repeats, got shape {samples.shape}")
        if not np.isfinite(samples).all():
            raise ValueError("samples must be finite, got NaN or infinite values")
        n = len(samples)
        return cls(samples.mean(0), samples.std(0, ddof=1) / math.sqrt(n), n)

    def half_width(self, level=0.95):
        """Half the confidence interval of that level, by Student's t with n - 1 degrees of freedom.

        Two standard errors over five repeats would cover 88 %, not 95 %.
        """
        tail = (1 + level) / 2
        return self.standard_error * (ndtri(tail) if self.n is None else stdtrit(self.n - 1, tail))

    def __getitem__(self, index):
        """The estimate of one entry of an array."""
        return Estimate(self.value[index], self.standard_error[index], self.n)

    def __format__(self, spec):
        """Value and half width of the 95 % interval; the value alone where it is exact."""
        if np.ndim(self.value):
            return "[" + ", ".join(format(self[i], spec) for i in range(len(self.value))) + "]"
        value = format(self.value, spec)
        return f"{value} ± {self.half_width():{spec}}" if self.standard_error else value

    def __str__(self):
        """Three decimals."""
        return format(self, ".3f")


def record(name, estimate, *, amplified=False, **context):
    """Store a result for the scorecard; a second call with the same name replaces the first.

    Parameters
    ----------
    name : str
        ``chapter/quantity``, for example ``"introduction/lambda-dt-0.01"``.
    estimate : Estimate or float
        A plain number is exact: it has no standard error. An integer is a count.
    amplified : bool
        Whether rounding, which differs between machines, is amplified on the way from the data,
        which are the same bytes everywhere: by a network, trained or stored, or by the chaos of
        fitted equations. Then another machine agrees on average only, so there must be repeats.
    **context
        What a reader needs to judge it, JSON-serialisable: seeds, sample sizes.

    Returns
    -------
    Estimate
        The estimate as stored.

    Raises
    ------
    ValueError
        If an amplified result comes without repeats.
    """
    if not isinstance(estimate, Estimate):
        estimate = Estimate(estimate if isinstance(estimate, Integral) else float(estimate))
    if amplified and estimate.n is None and not np.all(estimate.standard_error):
        raise ValueError(f"an amplified result needs repeats, and {name!r} has no standard error")
    entry = {"name": name, **vars(estimate), "amplified": amplified, "context": context}
    try:
        RESULTS.mkdir(parents=True, exist_ok=True)
        write_whole(_path(name), json.dumps(entry, default=lambda array: array.tolist()))
    except OSError as error:
        # Whoever only reads goes on reading; a full disk, though, has to be known.
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise
        warnings.warn(f"result {name!r} is not stored: {error}", stacklevel=2)
    return estimate


def recall(name):
    """The recorded `Estimate` of that name.

    Raises
    ------
    KeyError
        If no chapter has recorded it.
    ValueError
        If its file is damaged.
    """
    try:
        entry = json.loads(_path(name).read_text(encoding="utf8"))
        return Estimate(_plain(entry["value"]), _plain(entry["standard_error"]), entry["n"])
    except FileNotFoundError:
        raise KeyError(f"no result named {name!r}: run the chapter that records it") from None
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{_path(name)} is damaged ({error}): delete it and run the chapter that records it"
        ) from None


def claims():
    """The deck's claims, a list of dicts as in ``book/claims.yml``.

    Raises
    ------
    FileNotFoundError
        If that file is not in the folder that `files.home` finds.
    """
    if not CLAIMS.exists():
        raise FileNotFoundError(f"no claims at {CLAIMS}: set LORENZ_HOME to the folder of the book")
    return yaml.safe_load(CLAIMS.read_text(encoding="utf8"))


def verdicts():
    """Judge each claim by its rule.

    Returns
    -------
    list of dict
        The claim's own fields, with ``ours`` (`Estimate`), ``verdict`` (str) and the ``reason``
        that belongs to this verdict (str); where `CLAIMS` gives none, `NO_REASON`.

    Raises
    ------
    KeyError
        If the result a claim is judged by has not been recorded.
    ValueError
        If a claim cannot be judged.
    """
    rows = []
    for claim in claims():
        ours = recall(claim["result"])
        verdict = judge(claim, ours, recall(claim["control"]) if "control" in claim else None)
        reason = claim["reason"].get(verdict, NO_REASON)
        rows.append({**claim, "ours": ours, "verdict": verdict, "reason": reason})
    return rows


def judge(claim, ours, control=None):
    """Verdict of one claim: the one that our whole 95 % interval allows, otherwise *undecided*.

    ``rule: equals`` holds an average of ours against the number ``deck``: *reproduced* within
    ``tolerance``, *in part* within ``partial``, *not reproduced* beyond. An interval that lies in
    two of these zones decides nothing.

    ``rule: greater`` and ``rule: less`` ask whether ours lies beyond ``threshold``. Where that of
    the ``control``, which lacks the claimed property, does so too, the claim *holds but does not
    imply what is claimed*.

    ``rule: draw`` is for a number that the deck drew once. It is *reproduced* where one more draw
    of ours could be it, within the 95 % prediction interval, mean ± t s sqrt(1 + 1/n), if that
    interval is no wider than ± ``tolerance`` and so says something. Beyond the 99.9 % prediction
    interval it is no draw of ours, and our average is held against ``partial`` as above. Between
    the two, the claim is undecided.

    An estimate that is not finite, as of a fit whose orbits escape, decides nothing either.

    Raises
    ------
    ValueError
        For an unknown rule, an estimate that is an array, or a draw without repeats.
    """
    check_choice(claim["rule"], "rule", ("equals", "draw", "greater", "less"))
    for estimate in (ours, control or ours):
        if np.ndim(estimate.value):
            raise ValueError(f"a claim is judged by one number, got {estimate}")
        if not math.isfinite(estimate.value + estimate.half_width()):
            return UNDECIDED
    if claim["rule"] in ("greater", "less"):
        found = _side(claim, ours)
        if found != REPRODUCED or control is None:
            return found
        implied = {NOT_REPRODUCED: REPRODUCED, REPRODUCED: DOES_NOT_IMPLY, UNDECIDED: UNDECIDED}
        return implied[_side(claim, control)]
    if claim["rule"] == "equals":
        return _zone(claim, ours, claim["tolerance"])
    if ours.n is None:
        raise ValueError(f"a draw is judged by repeats of ours, got {ours} without their number")
    # s sqrt(1 + 1/n) is sqrt(n + 1) times the standard error, s / sqrt(n).
    likely, possible = (ours.half_width(level) * math.sqrt(ours.n + 1) for level in (0.95, 0.999))
    distance = abs(ours.value - claim["deck"])
    if distance > possible:
        return _zone(claim, ours, 0)
    return REPRODUCED if distance <= likely <= claim["tolerance"] else UNDECIDED


def _side(claim, estimate):
    """Reproduced where the whole interval lies beyond the threshold."""
    sign = 1 if claim["rule"] == "greater" else -1
    excess = sign * (estimate.value - claim["threshold"])
    return _of_all(estimate, excess, lambda x: REPRODUCED if x > 0 else NOT_REPRODUCED)


def _zone(claim, estimate, tolerance):
    """Reproduced where the whole interval lies within the tolerance of the deck's number."""

    def verdict(distance):
        within = REPRODUCED if distance <= tolerance else IN_PART
        return within if distance <= max(tolerance, claim.get("partial", 0)) else NOT_REPRODUCED

    return _of_all(estimate, abs(estimate.value - claim["deck"]), verdict)


def _of_all(estimate, measure, verdict):
    """The verdict on what is measured, if both ends of its interval get the same one."""
    low, high = (verdict(measure + sign * estimate.half_width()) for sign in (-1, 1))
    return low if low == high else UNDECIDED


def _path(name):
    return RESULTS / (name.replace("/", "--") + ".json")


def _plain(value):
    return np.array(value) if isinstance(value, list) else value
