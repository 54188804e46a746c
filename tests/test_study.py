"""Studies: complete ones cost nothing, interrupted ones go on, damage is named."""

import json

import pytest
from joblib import parallel_config

from experiments.study import read_study, results_of, run_study

TASKS = {f"run-{i}": {"base": i, "exponent": 2} for i in range(5)}


def power(base, exponent):
    return {"power": base**exponent}


def fails_at_three(base, exponent):
    if base == 3:
        raise RuntimeError("interrupted")
    return power(base, exponent)


def never(**task):
    raise AssertionError(f"computed again: {task}")


def test_a_study_on_two_workers_equals_the_plain_loop(tmp_path):
    records = run_study(tmp_path, power, TASKS, n_jobs=2, progress=False)
    assert list(records) == list(TASKS)
    assert [r["result"]["power"] for r in records.values()] == [0, 1, 4, 9, 16]
    assert read_study(tmp_path) == records
    assert results_of(records, base=3) == [{"power": 9}]
    assert results_of(records, exponent=2) == [r["result"] for r in records.values()]
    assert results_of(records, base=3, exponent=1) == results_of(records, other=2) == []


def test_what_is_stored_is_not_computed_again(tmp_path):
    first = run_study(tmp_path, power, TASKS, n_jobs=1, progress=False)
    assert run_study(tmp_path, never, TASKS, n_jobs=1, progress=False) == first


def test_an_interrupted_study_keeps_what_it_has_and_goes_on(tmp_path):
    with pytest.raises(RuntimeError, match="interrupted"):
        run_study(tmp_path, fails_at_three, TASKS, n_jobs=1, progress=False)
    assert set(read_study(tmp_path)) == {"run-0", "run-1", "run-2"}
    with parallel_config(backend="threading"):
        records = run_study(tmp_path, power, TASKS, n_jobs=2, progress=False)
    assert records["run-4"]["result"] == {"power": 16}


def test_results_from_other_orbits_are_computed_anew(tmp_path):
    run_study(tmp_path, power, TASKS, n_jobs=1, progress=False)
    path = tmp_path / "run-3.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"orbits": "others", "result": 0}))
    records = run_study(tmp_path, power, TASKS, n_jobs=1, progress=False)
    assert records["run-3"]["result"] == {"power": 9}


def test_other_arguments_are_computed_anew(tmp_path):
    run_study(tmp_path, power, TASKS, n_jobs=1, progress=False)
    changed = {name: {**task, "exponent": 3} for name, task in TASKS.items()}
    records = run_study(tmp_path, power, changed, n_jobs=1, progress=False)
    assert records["run-2"]["result"] == {"power": 8}


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"task": {}})])
def test_a_damaged_record_is_named_and_left_alone(text, tmp_path):
    path = tmp_path / "run-0.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"run-0\.json is not a complete record"):
        run_study(tmp_path, power, TASKS, n_jobs=1, progress=False)
    assert path.read_text() == text
