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
    assert estimate.n == 4


# Quantiles from the tables of Student's t distribution (5 - 1 and 20 - 1 degrees of freedom) and of
# the normal distribution.
@pytest.mark.parametrize(
    ("n", "level", "quantile"),
    [(5, 0.95, 2.776), (20, 0.95, 2.093), (20, 0.999, 3.883), (None, 0.95, 1.960)],
)
def test_intervals_are_students(n, level, quantile):
    estimate = Estimate(np.array([1.0, 2.0]), np.array([0.5, 0.0]), n)
    np.testing.assert_allclose(estimate.half_width(level), [0.5 * quantile, 0.0], rtol=3e-4)
    assert estimate[0].half_width(level) == estimate.half_width(level)[0]


def test_an_interval_over_five_repeats_covers_the_mean_as_often_as_it_says():
    means = [Estimate.from_samples(x) for x in np.random.default_rng(0).normal(size=(4000, 5))]
    covered = np.mean([abs(e.value) <= e.half_width() for e in means])
    # Three standard deviations of a share of 4000; two standard errors would cover 88 %.
    assert abs(covered - 0.95) < 3 * np.sqrt(0.05 * 0.95 / 4000)


@pytest.mark.parametrize("bad", [[], [1.0], 3.0])
def test_an_interval_needs_repeats(bad):
    with pytest.raises(ValueError, match="at least 2 repeats"):
        Estimate.from_samples(bad)


def test_an_interval_needs_finite_samples():
    with pytest.raises(ValueError, match="finite"):
        Estimate.from_samples([1.0, np.nan])


def test_formats():
    assert f"{Estimate(1.5, 0.25):.2f}" == "1.50 ± 0.49"
    assert f"{Estimate(1.5, 0.25, 5):.2f}" == "1.50 ± 0.69"
    assert f"{Estimate(2.0):.1f}" == "2.0"
    assert f"{Estimate(np.array([1.0, 2.0]), np.array([0.5, 0.0]), 5):.1f}" == "[1.0 ± 1.4, 2.0]"


@pytest.mark.parametrize(
    "value",
    [7, 2.5, Estimate(1.0, 0.1), Estimate(1.0, 0.1, 8), Estimate(np.ones(3), np.zeros(3), 2)],
)
def test_records_come_back(value):
    record("page/name", value, seed=1)
    stored = recall("page/name")
    expected = value if isinstance(value, Estimate) else Estimate(value)
    np.testing.assert_array_equal(stored.value, expected.value)
    np.testing.assert_array_equal(stored.standard_error, expected.standard_error)
    assert stored.n == expected.n
    assert isinstance(stored.value, type(expected.value))
    assert [p.name for p in ledger.RESULTS.iterdir()] == ["page--name.json"]


def test_a_result_that_nobody_recorded_is_named():
    with pytest.raises(KeyError, match="nobody/this"):
        recall("nobody/this")


def test_an_amplified_result_needs_repeats():
    record("page/a", Estimate(1.0, 0.1), amplified=True)
    # Six repeats may well agree.
    record("page/a", Estimate(0.0, 0.0, 6), amplified=True)
    with pytest.raises(ValueError, match="'page/a' has no standard error"):
        record("page/a", 1.0, amplified=True)


EQUALS = {"rule": "equals", "deck": 1.0, "tolerance": 0.1, "partial": 0.5}
GREATER = {"rule": "greater", "threshold": 0.0}
LESS = {"rule": "less", "threshold": 0.0}


# The half width of a 95 % interval without n is 1.96 standard errors.
@pytest.mark.parametrize(
    ("claim", "ours", "control", "verdict"),
    [
        (EQUALS, Estimate(1.05), None, ledger.REPRODUCED),
        (EQUALS, Estimate(0.95, 0.02), None, ledger.REPRODUCED),
        (EQUALS, Estimate(0.95, 0.03), None, ledger.UNDECIDED),
        (EQUALS, Estimate(1.0, 0.06), None, ledger.UNDECIDED),
        (EQUALS, Estimate(1.25, 0.05), None, ledger.IN_PART),
        (EQUALS, Estimate(0.7, 0.05), None, ledger.IN_PART),
        (EQUALS, Estimate(1.25, 0.1), None, ledger.UNDECIDED),
        (EQUALS, Estimate(1.45, 0.03), None, ledger.UNDECIDED),
        (EQUALS, Estimate(5.0, 3.0), None, ledger.UNDECIDED),
        (EQUALS, Estimate(1.4), None, ledger.IN_PART),
        (EQUALS, Estimate(2.0, 0.2), None, ledger.NOT_REPRODUCED),
        (EQUALS, Estimate(0.4), None, ledger.NOT_REPRODUCED),
        # 0.04 times 1.96 is within the tolerance, 0.04 times 2.776 is not.
        (EQUALS, Estimate(1.0, 0.04), None, ledger.REPRODUCED),
        (EQUALS, Estimate(1.0, 0.04, 5), None, ledger.UNDECIDED),
        (GREATER, Estimate(1.0, 0.5), None, ledger.REPRODUCED),
        (GREATER, Estimate(1.0, 0.52), None, ledger.UNDECIDED),
        (GREATER, Estimate(1.0, 0.5, 5), None, ledger.UNDECIDED),
        (GREATER, Estimate(-1.0, 0.52), None, ledger.UNDECIDED),
        (GREATER, Estimate(-1.0, 0.5), None, ledger.NOT_REPRODUCED),
        (GREATER, Estimate(0.0), None, ledger.NOT_REPRODUCED),
        (GREATER, Estimate(1.0, 0.1), Estimate(0.5, 0.1), ledger.DOES_NOT_IMPLY),
        (GREATER, Estimate(1.0, 0.1), Estimate(-0.5, 0.1), ledger.REPRODUCED),
        (GREATER, Estimate(1.0, 0.1), Estimate(0.5, 0.3), ledger.UNDECIDED),
        (GREATER, Estimate(-1.0, 0.1), Estimate(0.5, 0.3), ledger.NOT_REPRODUCED),
        (GREATER, Estimate(1.0, 0.52), Estimate(-0.5, 0.1), ledger.UNDECIDED),
        (LESS, Estimate(-1.0, 0.1), None, ledger.REPRODUCED),
        (LESS, Estimate(0.1), None, ledger.NOT_REPRODUCED),
        (LESS, Estimate(-0.1, 0.1), None, ledger.UNDECIDED),
    ],
)
def test_verdicts_follow_the_rule(claim, ours, control, verdict):
    assert judge(claim, ours, control) == verdict


# Four repeats with standard deviation 2, so standard error 1. With 3 degrees of freedom t is 3.182
# at 95 % and 12.924 at 99.9 %, and one more draw lies within t sqrt(4 + 1): 7.12 and 28.90.
@pytest.mark.parametrize(
    ("deck", "tolerance", "partial", "verdict"),
    [
        (7.1, 8, 0, ledger.REPRODUCED),
        (-7.1, 8, 0, ledger.REPRODUCED),
        (0.0, 7, 0, ledger.UNDECIDED),
        (7.2, 8, 0, ledger.UNDECIDED),
        (28.8, 8, 50, ledger.UNDECIDED),
        (29.0, 8, 0, ledger.NOT_REPRODUCED),
        (29.0, 8, 20, ledger.NOT_REPRODUCED),
        (29.0, 8, 50, ledger.IN_PART),
        (29.0, 8, 30, ledger.UNDECIDED),
    ],
)
def test_a_number_drawn_once_is_held_against_the_prediction_interval(
    deck, tolerance, partial, verdict
):
    claim = {"rule": "draw", "deck": deck, "tolerance": tolerance, "partial": partial}
    assert judge(claim, Estimate(0.0, 1.0, 4)) == verdict


def test_the_prediction_interval_holds_the_next_draw_as_often_as_it_says():
    claim = {"rule": "draw", "tolerance": np.inf}
    draws = np.random.default_rng(0).normal(size=(4000, 6))
    verdicts = [judge({**claim, "deck": x[5]}, Estimate.from_samples(x[:5])) for x in draws]
    share = np.mean([verdict == ledger.REPRODUCED for verdict in verdicts])
    assert abs(share - 0.95) < 3 * np.sqrt(0.05 * 0.95 / 4000)


def test_a_draw_needs_repeats():
    with pytest.raises(ValueError, match="repeats of ours"):
        judge({"rule": "draw", "deck": 0.0, "tolerance": 1.0}, Estimate(0.0, 1.0))


def test_unknown_rules_are_refused():
    with pytest.raises(ValueError, match="rule must be"):
        judge({"rule": "looks like"}, Estimate(1.0))


@pytest.mark.parametrize("bad", [Estimate(np.nan), Estimate(np.inf), Estimate(1.0, np.nan)])
def test_what_is_not_finite_decides_nothing(bad):
    assert judge(GREATER, bad) == ledger.UNDECIDED
    assert judge(GREATER, Estimate(1.0), bad) == ledger.UNDECIDED


def test_an_array_judges_nothing():
    with pytest.raises(ValueError, match="judged by one number"):
        judge(GREATER, Estimate(np.ones(2), np.zeros(2)))


def test_one_repeat_has_no_error():
    with pytest.raises(ValueError, match="n must be at least 2 repeats, got 1"):
        Estimate(1.0, 0.1, 1)


@pytest.mark.parametrize("text", ["", "[]", '{"value": 1}', "{", "\xff"])
def test_a_damaged_result_is_named(text):
    record("page/a", 1.0)
    path = ledger.RESULTS / "page--a.json"
    path.write_bytes(text.encode("latin1"))
    with pytest.raises(ValueError, match=r"page--a.json is damaged .* delete it and run"):
        ledger.recall("page/a")


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
    row = ledger.verdicts()[0]
    assert (row["verdict"], row["reason"]) == (ledger.NOT_REPRODUCED, ledger.NO_REASON)


def test_claims_that_are_not_there_name_the_setting(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "CLAIMS", tmp_path / "book" / "claims.yml")
    with pytest.raises(FileNotFoundError, match=r"no claims at .*claims\.yml: set LORENZ_HOME"):
        ledger.claims()


def test_a_full_disk_leaves_the_old_record(monkeypatch):
    record("page/a", 1.0)

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lorenz_utils.files.os.replace", fails)
    with pytest.raises(OSError, match="No space left"):
        record("page/a", 2.0)
    assert recall("page/a").value == 1.0
    assert [p.name for p in ledger.RESULTS.iterdir()] == ["page--a.json"]


def test_in_a_read_only_checkout_a_result_is_used_though_it_is_not_stored(monkeypatch):
    def fails(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("lorenz_utils.files.tempfile.mkstemp", fails)
    with pytest.warns(UserWarning, match="'page/a' is not stored: .*Read-only file system"):
        assert record("page/a", 1.0).value == 1.0
