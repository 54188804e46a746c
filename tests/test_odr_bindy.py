"""The grid of ODR-BINDy: its protocol, its script, and what the stored run reached."""

import json
import sys

import numpy as np
import pytest

from experiments import odr_bindy, stored


def test_the_grid_is_the_published_one():
    rates = odr_bindy.published()
    assert {T for T, _ in rates} == set(range(4, 11))
    np.testing.assert_allclose(sorted({x for _, x in rates}), np.arange(1, 17) / 40)
    assert len(rates) == 7 * 16 and all(0 <= rate <= 1 for rate in rates.values())
    assert rates[10.0, 0.4] == 0.71 and rates[4.0, 0.2] == 0.54


def test_draws_follow_the_protocol_and_are_independent():
    true, noisy = odr_bindy.observe(4.0, 0.4, 0)
    assert true.shape == (400, 3)
    np.testing.assert_array_equal(true[0], [-8, 8, 27])
    # 12.75 is the pooled standard deviation up to T = 10; that of 1200 draws scatters by 2 %.
    assert (noisy - true).std() == pytest.approx(0.4 * 12.75, rel=0.08)
    other = [odr_bindy.observe(4.0, 0.4, 1), odr_bindy.observe(4.0, 0.375, 0)]
    for a, b in other:
        correlation = np.corrcoef((b - a).ravel(), (noisy - true).ravel())[0, 1]
        assert abs(correlation) < 0.15  # 5 standard errors
    np.testing.assert_array_equal(odr_bindy.observe(4.0, 0.4, 0)[1], noisy)


def test_seeds_are_those_that_spawn_gives():
    cell = sorted(odr_bindy.published()).index((5.0, 0.1))
    seed = np.random.SeedSequence(odr_bindy.ENTROPY).spawn(3)[2].spawn(cell + 1)[cell]
    true, noisy = odr_bindy.observe(5.0, 0.1, 2)
    noise = np.random.default_rng(seed).standard_normal(true.shape)
    scale = (noisy - true)[0, 0] / noise[0, 0]
    np.testing.assert_allclose(noisy - true, scale * noise, atol=1e-9)


def test_the_interval_of_a_rate():
    # Clopper and Pearson in closed form: no success in n draws, (alpha / 2)^(1 / n).
    assert odr_bindy.interval(0, 20) == pytest.approx((0, 1 - 0.025 ** (1 / 20)))
    assert odr_bindy.interval(20, 20) == pytest.approx((0.025 ** (1 / 20), 1))
    low, high = odr_bindy.interval(10, 20)
    assert low == pytest.approx(1 - high) and low < 0.5 < high


def test_an_easy_cell_is_exact():
    assert odr_bindy.trial(10.0, 0.1, 0)["exact"] == 1


def test_the_script_stores_each_draw(tmp_path, monkeypatch):
    cells = {(4.0, 0.025): 1.0, (4.0, 0.05): 1.0}
    monkeypatch.setattr(odr_bindy, "published", lambda: cells)
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    monkeypatch.setattr(stored, "ROOT", tmp_path)
    monkeypatch.setattr(stored, "fingerprint", lambda module: "any")
    monkeypatch.setattr(sys, "argv", ["odr_bindy", "--draws", "2", "--jobs", "1"])
    odr_bindy.main()
    record = json.loads((tmp_path / "odr_bindy.json").read_text())
    assert record["draws"] == 2 and [row["noise"] for row in record["rows"]] == [0.025, 0.05]
    assert all(len(row["exact"]) == len(row["seconds"]) == 2 for row in record["rows"])


def test_the_targets_hold_in_the_stored_run():
    # Ahead of the published rates in sum; in each cell not behind by more than chance allows: of
    # 112 cells none below its one-sided 99.9 % bound. The median fit takes a second or so.
    record = stored.load("odr_bindy")
    rates, behind = odr_bindy.published(), []
    assert [(row["T"], row["noise"]) for row in record["rows"]] == sorted(rates)
    for row in record["rows"]:
        assert row["published"] == rates[row["T"], row["noise"]]
        assert len(row["exact"]) == record["draws"]
        high = odr_bindy.interval(sum(row["exact"]), record["draws"], level=0.998)[1]
        if high < row["published"] - 0.02:
            behind.append((row["T"], row["noise"]))
    assert not behind
    assert sum(np.mean(row["exact"]) for row in record["rows"]) > sum(rates.values())
    assert (stored.RESULTS / "odr_bindy.json").stat().st_size < 300_000
