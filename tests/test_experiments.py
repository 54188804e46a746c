"""The scripts: they run, their records keep the targets, and the page of benchmarks reads all."""

import importlib
import importlib.util
import json
import subprocess
import sys

import jupytext
import matplotlib as mpl
import numpy as np
import pytest

from experiments import stored

STORED = sorted(path.stem for path in stored.RESULTS.glob("*.json"))
PAGE = stored.ROOT / "book" / "appendix" / "benchmarks.py"
EXTRAS = ("torchdiffeq", "diffrax", "NeuroKit2")  # not in the book's environment
SMALL = {
    "ensemble": {"N_SERIES": 8, "N_CHECKED": 2, "LENGTH": 12, "REPEATS": 2},
    "exponents": {"N_SERIES": 3, "LENGTH": 150, "REPEATS": 2},
    "folding": {"N_SERIES": 5, "LENGTH": 30, "REPEATS": 2},
}


@pytest.fixture(scope="module")
def page():
    """The names that the page's code defines."""
    mpl.use("Agg")
    names = {}
    for cell in jupytext.read(PAGE).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    return names


@pytest.mark.parametrize("name", STORED)
def test_a_record_has_its_benchmark_its_origin_and_its_place_on_the_page(name, page):
    record = stored.load(name)
    assert importlib.util.find_spec(record["script"])
    assert record["date"] and record["machine"] and record["fingerprint"]
    assert name in page["STORED"]
    shown = page["run_row"](name)
    assert shown[1] == record["date"] and shown[2] == f"`{record['machine']}`"


def test_the_page_calls_a_run_of_other_code_older(page, monkeypatch):
    name = STORED[0]
    monkeypatch.setitem(page["STORED"][name], "fingerprint", "another")
    assert page["run_row"](name)[-1] == "older"


def test_ratios_on_the_page_are_those_of_the_records(page):
    rows = {row["solver"]: row for row in stored.load("ensemble")["rows"]}
    for row in page["ROWS"]:
        assert row["low"] <= row["ratio"] <= row["high"]
        if row["what"] == "ensemble":
            ratios = np.divide(rows[row["peer"]]["seconds"], rows["simulate"]["seconds"])
            assert row["ratio"] == pytest.approx(np.median(ratios))


def test_targets_of_the_ensemble_hold_in_the_stored_run():
    record = stored.load("ensemble")
    assert (record["n_series"], record["length"], record["dt"]) == (1000, 1000, 0.1)
    assert record["allowed_error"] == 1e-9 and record["peak_memory"] <= 2
    rows = {row["solver"]: row for row in record["rows"]}
    ours = rows.pop("simulate")
    loops = [row for name, row in rows.items() if "loop" in name]
    assert len(loops) >= 2
    for row in (ours, *loops):
        assert row["error"] <= 1e-9
    for row in loops:
        assert np.median(np.divide(row["seconds"], ours["seconds"])) >= 100
    compiled = rows["diffrax, Dopri8"]
    assert np.median(np.divide(compiled["seconds"], ours["seconds"])) >= 5


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_runs(name, tmp_path, monkeypatch):
    module = importlib.import_module(f"experiments.{name}")
    for constant, value in SMALL[name].items():
        monkeypatch.setattr(module, constant, value)
    for table in ("SOLVERS", "METHODS"):
        if hasattr(module, table):
            kept = {k: v for k, v in getattr(module, table).items() if not k.startswith(EXTRAS)}
            monkeypatch.setattr(module, table, kept)
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    monkeypatch.setattr(stored, "version", lambda package: "any")
    module.main()
    record = json.loads((tmp_path / f"{name}.json").read_text())
    assert {*stored.load(name)} == {*record}
    assert record["rows"] and all(np.min(row["seconds"]) >= 0 for row in record["rows"])


def test_calls_take_turns():
    order = []
    times = stored.time_in_turns({n: lambda n=n: order.append(n) for n in "ab"}, 3)
    assert order == list("ababab")
    assert all(len(seconds) == 3 and min(seconds) >= 0 for seconds in times.values())


@pytest.mark.parametrize("option", ["--help", "--repeats=3"])
def test_an_option_that_a_script_lacks_measures_nothing(option):
    command = [sys.executable, "-m", "experiments.folding", option]
    before = (stored.RESULTS / "folding.json").read_bytes()
    run = subprocess.run(command, cwd=stored.ROOT, capture_output=True, text=True)
    assert run.returncode == (0 if option == "--help" else 2)
    assert "usage:" in run.stdout + run.stderr
    assert (stored.RESULTS / "folding.json").read_bytes() == before
