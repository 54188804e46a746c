"""The stored benchmarks: complete, of the shape the chapters draw, and made by code like this."""

import json

import numpy as np
import pytest

from lorenz_utils import contest, records
from lorenz_utils.regression import true_coefficients
from lorenz_utils.system import ORBIT_DIGEST, orbit_digest

STORED = sorted(path.stem for path in records.RESULTS.glob("*.json"))


@pytest.fixture(scope="module")
def short_orbit():
    return contest.orbit(1, 20)


def test_every_benchmark_has_its_record_and_every_record_its_benchmark():
    scripts = {path.stem for path in (records.ROOT / "benchmarks").glob("*.py")}
    assert scripts == set(STORED)


@pytest.mark.parametrize("name", STORED)
def test_records_tell_their_origin(name):
    record = records.load(name)
    assert record["rows"]
    text = records.origin(record)
    assert record["date"] in text and record["versions"]["numpy"] in text


def test_a_record_comes_back_as_it_was_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    rows = [{"method": "a", "error": 0.5, "exact": True}, {"method": "b", "error": 1e-12}]
    records.save("trial", rows, modules=["system"], duration=3)
    record = records.load("trial")
    assert record["rows"] == rows and record["duration"] == 3
    assert "by the code of this book" in records.origin(record)
    record["fingerprint"] = "another"
    assert "earlier version" in records.origin(record)
    assert [path.name for path in tmp_path.iterdir()] == ["trial.json"]


def test_a_record_of_other_orbits_is_refused_with_the_command_that_renews_it(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(records, "ORBIT_DIGEST", "others")
    records.save("noise", [{"error": 0.5}], modules=["system"])
    monkeypatch.undo()
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    with pytest.raises(ValueError, match=r"from orbits others.*renew it by.*noise\.py"):
        records.load("noise")


@pytest.mark.parametrize("name", ["noise", "ensemble"])
def test_results_are_of_these_orbits(name):
    assert records.load(name)["orbits"] == ORBIT_DIGEST == orbit_digest()


def test_a_missing_record_says_how_to_make_it(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"run python benchmarks/noise\.py"):
        records.load("noise")


def test_fingerprint_sees_code_and_not_comments(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "ROOT", tmp_path)
    (tmp_path / "lorenz_utils").mkdir()
    module = tmp_path / "lorenz_utils" / "one.py"
    prints = []
    for text in (
        '"""Doc."""\ndef f(x):\n    """Doc."""\n    return x + 1\n',
        "# A comment.\ndef f(x):\n\n    return (x + 1)\n",
        "def f(x):\n    return x + 2\n",
    ):
        module.write_text(text)
        prints.append(records.fingerprint(["one"]))
    assert prints[0] == prints[1] != prints[2]


def test_fingerprint_sees_what_is_imported(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "ROOT", tmp_path)
    (tmp_path / "lorenz_utils").mkdir()
    sources = {
        "one": "from lorenz_utils.two import f\n",
        "two": "def f():\n    from lorenz_utils import three\n",
        "three": "from lorenz_utils.one import f\nX = {}\n",
        "four": "X = {}\n",
    }
    prints = {}
    for changed in (None, "three", "four"):
        for name, source in sources.items():
            text = source.format(2 if name == changed else 1)
            (tmp_path / "lorenz_utils" / f"{name}.py").write_text(text)
        prints[changed] = records.fingerprint(["one"])
    assert prints[None] == prints["four"] != prints["three"]


def test_observation_noise_has_the_stated_size(short_orbit):
    true, noisy, noise_std = contest.observe(short_orbit, 0.1, 0.05, seed=3)
    assert true.shape == noisy.shape == (201, 3)
    np.testing.assert_array_equal(true, short_orbit[::10])
    np.testing.assert_allclose(noise_std, 0.05 * true.std(0))
    np.testing.assert_allclose((noisy - true).std(0), noise_std, rtol=0.2)


@pytest.mark.parametrize("method", contest.METHODS)
def test_a_trial_is_reproducible_and_json(short_orbit, method):
    first, second = (contest.trial(method, short_orbit, 0.1, 0.01, 5) for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    assert json.loads(json.dumps(first)) == first
    assert ("q" in first) == first["exact"]


def test_q_of_an_error_of_one_standard_deviation(short_orbit, monkeypatch):
    # An error along an eigenvector of the bound's covariance, one standard deviation long: e'C^-1 e
    # is 1, and over seven terms q = 1 / sqrt(7).
    true, _, noise_std = contest.observe(short_orbit, 0.1, 0.01, seed=0)
    covariance = contest.cramer_rao_bound(true, 0.1, noise_std=noise_std, support=contest.SUPPORT)
    inside = contest.SUPPORT.ravel()
    values, vectors = np.linalg.eigh(covariance[np.ix_(inside, inside)])
    coef = true_coefficients()
    coef[contest.SUPPORT] += np.sqrt(values[2]) * vectors[:, 2]
    monkeypatch.setitem(contest.METHODS, "weak form", lambda series, dt: coef)
    row = contest.trial("weak form", short_orbit, 0.1, 0.01, 0)
    assert row["q"] == pytest.approx(1 / np.sqrt(7), rel=1e-6)
    assert row["bound"] == pytest.approx(np.sqrt(values.sum() / 27))


def test_noise_targets_hold_in_the_stored_sweep():
    # The aims of this part: the terms exact up to 5 %, and in most draws at 10 %; where they are,
    # within 1.3 times the bound up to 5 % and twice at 10 %, at both steps, from ten draws or more.
    rows = [r for r in records.load("noise")["rows"] if r["method"] == contest.SHOOTING]
    for dt in (0.01, 0.1):
        for level, allowed in ((0.001, 1.3), (0.01, 1.3), (0.05, 1.3), (0.1, 2.0)):
            draws = [r for r in rows if (r["dt"], r["level"]) == (dt, level)]
            assert len(draws) >= 10
            exact = [r for r in draws if r["exact"]]
            assert len(exact) >= (0.8 if level > 0.05 else 1.0) * len(draws)
            draws = exact
            squares = [np.mean(np.square([r[k] for r in draws])) for k in ("error", "bound")]
            assert np.sqrt(squares[0] / squares[1]) <= allowed
