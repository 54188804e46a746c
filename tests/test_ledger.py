"""Estimates, the results store, and verdicts by rule."""

import numpy as np
import pytest

from lorenz_utils import ledger
from lorenz_utils.ledger import Estimate, judge, recall, record


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "RESULTS", tmp_path / "results")


def test_from_samples_is_mean_and_standard_error():
    estimate = Estimate.from_samples([1.0, 2.0, 3.0, 6.0])
    assert estimate.value == 3.0
    # Sample variance 14/3 of 4 values.
    assert estimate.standard_error == pytest.approx(np.sqrt(14 / 3 / 4))


@pytest.mark.parametrize("bad", [[], [1.0], 3.0])
def test_an_interval_needs_repeats(bad):
    with pytest.raises(ValueError, match="at least 2 repeats"):
        Estimate.from_samples(bad)


def test_an_interval_needs_finite_samples():
    with pytest.raises(ValueError, match="finite"):
        Estimate.from_samples([1.0, np.nan])


def test_formats():
    assert f"{Estimate(1.5, 0.25):.2f}" == "1.50 ± 0.50"
    assert f"{Estimate(2.0):.1f}" == "2.0"
    assert f"{Estimate(np.array([1.0, 2.0]), np.array([0.5, 0.0])):.1f}" == "[1.0 ± 1.0, 2.0]"


@pytest.mark.parametrize("value", [2.5, Estimate(1.0, 0.1), Estimate(np.ones(3), np.zeros(3))])
def test_records_come_back(value):
    record("page/name", value, seed=1)
    stored = recall("page/name")
    expected = value if isinstance(value, Estimate) else Estimate(value)
    np.testing.assert_array_equal(stored.value, expected.value)
    np.testing.assert_array_equal(stored.standard_error, expected.standard_error)
    assert [p.name for p in ledger.RESULTS.iterdir()] == ["page--name.json"]


def test_a_result_that_nobody_recorded_is_named():
    with pytest.raises(KeyError, match="nobody/this"):
        recall("nobody/this")


EQUALS = {"rule": "equals", "deck": 1.0, "tolerance": 0.1, "partial": 0.5}
GREATER = {"rule": "greater", "threshold": 0.0}


@pytest.mark.parametrize(
    ("claim", "ours", "control", "verdict"),
    [
        (EQUALS, Estimate(1.05), None, ledger.REPRODUCED),
        (EQUALS, Estimate(1.25, 0.1), None, ledger.REPRODUCED),
        (EQUALS, Estimate(1.4), None, ledger.IN_PART),
        (EQUALS, Estimate(2.0), None, ledger.NOT_REPRODUCED),
        (EQUALS, Estimate(0.4), None, ledger.NOT_REPRODUCED),
        (GREATER, Estimate(1.0, 0.4), None, ledger.REPRODUCED),
        (GREATER, Estimate(1.0, 0.6), None, ledger.NOT_REPRODUCED),
        (GREATER, Estimate(1.0, 0.1), Estimate(0.5, 0.1), ledger.DOES_NOT_IMPLY),
        (GREATER, Estimate(1.0, 0.1), Estimate(-0.5, 0.1), ledger.REPRODUCED),
        (GREATER, Estimate(-1.0, 0.1), Estimate(0.5, 0.1), ledger.NOT_REPRODUCED),
        ({"rule": "less", "threshold": 0.0}, Estimate(-1.0, 0.1), None, ledger.REPRODUCED),
        ({"rule": "less", "threshold": 0.0}, Estimate(0.1), None, ledger.NOT_REPRODUCED),
    ],
)
def test_verdicts_follow_the_rule(claim, ours, control, verdict):
    assert judge(claim, ours, control) == verdict


def test_unknown_rules_are_refused():
    with pytest.raises(ValueError, match="rule must be"):
        judge({"rule": "looks like"}, Estimate(1.0))


@pytest.mark.parametrize("value", [np.nan, np.inf, np.ones(2)])
def test_what_is_no_finite_number_judges_nothing(value):
    with pytest.raises(ValueError, match="one finite number"):
        judge(GREATER, Estimate(value, np.zeros_like(value)))
    with pytest.raises(ValueError, match="one finite number"):
        judge(GREATER, Estimate(1.0), Estimate(value, np.zeros_like(value)))


CLAIM = """
- id: a
  result: page/a
  rule: greater
  threshold: 0
  control: page/b
  reason:
    reproduced: It is so.
    holds but does not imply what is claimed: The control too.
"""


def test_verdicts_judge_every_claim_and_give_the_reason_of_the_verdict(tmp_path, monkeypatch):
    path = tmp_path / "claims.yml"
    path.write_text(CLAIM)
    monkeypatch.setattr(ledger, "CLAIMS", path)
    record("page/a", 1.0)
    with pytest.raises(KeyError, match="page/b"):
        ledger.verdicts()
    record("page/b", 1.0)
    row = ledger.verdicts()[0]
    assert (row["verdict"], row["reason"]) == (ledger.DOES_NOT_IMPLY, "The control too.")
    record("page/b", -1.0)
    row = ledger.verdicts()[0]
    assert (row["verdict"], row["reason"]) == (ledger.REPRODUCED, "It is so.")
    record("page/a", -1.0)
    with pytest.raises(ValueError, match=r"'a' is judged 'not reproduced'.*write down why"):
        ledger.verdicts()


def test_a_full_disk_leaves_the_old_record(monkeypatch):
    record("page/a", 1.0)

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger.json, "dump", fails)
    with pytest.raises(OSError, match="No space left"):
        record("page/a", 2.0)
    assert recall("page/a").value == 1.0
    assert [p.name for p in ledger.RESULTS.iterdir()] == ["page--a.json"]


def test_in_a_read_only_checkout_a_result_is_used_though_it_is_not_stored(monkeypatch):
    def fails(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(ledger.tempfile, "mkstemp", fails)
    with pytest.warns(UserWarning, match="'page/a' is not stored: .*Read-only file system"):
        assert record("page/a", 1.0).value == 1.0
