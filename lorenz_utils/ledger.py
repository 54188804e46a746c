"""The ledger: measured results with their uncertainty, and the deck's claims judged by them.

A chapter calls `record`; the conclusions call `verdicts`, which judges every claim of
``book/claims.yml`` by the rule written there. Nothing here is typed in by hand.
"""

import errno
import json
import math
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
# The tests let a chapter record elsewhere.
RESULTS = Path(os.environ.get("LORENZ_RESULTS") or ROOT / "_build" / "results")
CLAIMS = ROOT / "book" / "claims.yml"

REPRODUCED = "reproduced"
IN_PART = "reproduced in part"
NOT_REPRODUCED = "not reproduced"
DOES_NOT_IMPLY = "holds but does not imply what is claimed"


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error, scalar or array of equal shapes.

    ``f"{estimate:.3f}"`` prints a scalar with its approximate 95 % interval, two standard errors.

    Examples
    --------
    >>> print(f"{Estimate(0.9056, 0.0004):.4f}")
    0.9056 ± 0.0008
    """

    value: float | np.ndarray
    standard_error: float | np.ndarray = 0.0

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
        return cls(samples.mean(0), samples.std(0, ddof=1) / math.sqrt(len(samples)))

    def __getitem__(self, index):
        """The estimate of one entry of an array."""
        return Estimate(self.value[index], self.standard_error[index])

    def __format__(self, spec):
        """Value and twice the standard error; the value alone where it is exact."""
        if np.ndim(self.value):
            return "[" + ", ".join(format(self[i], spec) for i in range(len(self.value))) + "]"
        value = format(self.value, spec)
        return f"{value} ± {2 * self.standard_error:{spec}}" if self.standard_error else value

    def __str__(self):
        """Three decimals."""
        return format(self, ".3f")


def record(name, estimate, **context):
    """Store a result for the scorecard; a second call with the same name replaces the first.

    Parameters
    ----------
    name : str
        ``chapter/quantity``, for example ``"introduction/lambda-dt-0.01"``.
    estimate : Estimate or float
        A plain number is exact: it has no standard error.
    **context
        What a reader needs to judge it, JSON-serialisable: seeds, sample sizes.

    Returns
    -------
    Estimate
        The estimate as stored.
    """
    if not isinstance(estimate, Estimate):
        estimate = Estimate(float(estimate))
    entry = {
        "name": name,
        "value": np.asarray(estimate.value).tolist(),
        "standard_error": np.asarray(estimate.standard_error).tolist(),
        "context": context,
    }
    try:
        _store(name, entry)
    except OSError as error:
        # Whoever only reads goes on reading; a full disk, though, has to be known.
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise
        warnings.warn(f"result {name!r} is not stored: {error}", stacklevel=2)
    return estimate


def _store(name, entry):
    RESULTS.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: a killed build leaves the old record or the new one, whole.
    handle, beside = tempfile.mkstemp(dir=RESULTS, suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf8") as file:
            json.dump(entry, file)
        os.replace(beside, _path(name))
    finally:
        Path(beside).unlink(missing_ok=True)


def recall(name):
    """The recorded `Estimate` of that name.

    Raises
    ------
    KeyError
        If no chapter has recorded it.
    """
    try:
        entry = json.loads(_path(name).read_text(encoding="utf8"))
    except FileNotFoundError:
        raise KeyError(f"no result named {name!r}: run the chapter that records it") from None
    return Estimate(_plain(entry["value"]), _plain(entry["standard_error"]))


def claims():
    """The deck's claims, a list of dicts as in ``book/claims.yml``."""
    return yaml.safe_load(CLAIMS.read_text(encoding="utf8"))


def verdicts():
    """Judge each claim by its rule.

    Returns
    -------
    list of dict
        The claim's own fields, with ``ours`` (`Estimate`), ``verdict`` (str) and the ``reason``
        that belongs to this verdict (str).

    Raises
    ------
    KeyError
        If the result a claim is judged by has not been recorded.
    ValueError
        If a claim cannot be judged, or gives no reason for the verdict that it gets.
    """
    rows = []
    for claim in claims():
        ours = recall(claim["result"])
        control = recall(claim["control"]) if "control" in claim else None
        verdict = judge(claim, ours, control)
        if verdict not in claim["reason"]:
            raise ValueError(
                f"claim {claim['id']!r} is judged {verdict!r}, and {CLAIMS.name} gives a reason "
                f"for {', '.join(claim['reason'])} only: write down why"
            )
        row = {"ours": ours, "verdict": verdict, "reason": claim["reason"][verdict]}
        rows.append({**claim, **row})
    return rows


def judge(claim, ours, control=None):
    """Verdict of one claim.

    ``rule: equals`` compares with the number ``deck``: *reproduced* within ``tolerance``, *in
    part* within ``partial`` (each widened by two standard errors of ours). ``rule: greater`` and
    ``rule: less`` ask whether ours lies beyond ``threshold`` by two standard errors; where the
    ``control``, which lacks the claimed property, passes too, the claim *holds but does not imply*.
    """
    for estimate in (ours, control or ours):
        if np.ndim(estimate.value) or not math.isfinite(estimate.value):
            raise ValueError(f"a claim is judged by one finite number, got {estimate}")
    margin = 2 * ours.standard_error
    if claim["rule"] == "equals":
        distance = abs(ours.value - claim["deck"])
        if distance <= claim["tolerance"] + margin:
            return REPRODUCED
        return IN_PART if distance <= claim.get("partial", 0) + margin else NOT_REPRODUCED
    if claim["rule"] not in ("greater", "less"):
        raise ValueError(f"rule must be equals, greater or less, got {claim['rule']!r}")
    sign = 1 if claim["rule"] == "greater" else -1
    beyond = [
        sign * (e.value - claim["threshold"]) > 2 * e.standard_error
        for e in (ours, control)
        if e is not None
    ]
    if not beyond[0]:
        return NOT_REPRODUCED
    return DOES_NOT_IMPLY if beyond[1:] == [True] else REPRODUCED


def _path(name):
    return RESULTS / (name.replace("/", "--") + ".json")


def _plain(value):
    return np.array(value) if isinstance(value, list) else value
