"""Stored measurements: whole, with their origin, and refused where they are of other orbits."""

import pytest

from experiments import stored
from lorenz_utils.system import ORBIT_DIGEST, orbit_digest

STORED = sorted(path.stem for path in stored.RESULTS.glob("*.json"))


def test_every_benchmark_has_its_record_and_every_record_its_benchmark():
    modules = {path.stem for path in (stored.ROOT / "experiments").glob("*.py")}
    shared = {"__init__", "ablation", "contest", "stored", "study"}
    shared |= {"deck_gan", "image_networks", "ladder"}  # their runs are models and studies
    shared |= {"dcgan", "images", "models", "train"}
    shared |= {"deck_exponents", "deck_methods", "parametric_probe", "solvers"}  # of chapters
    assert modules - shared == set(STORED)


@pytest.mark.parametrize("name", STORED)
def test_records_tell_their_origin(name):
    record = stored.load(name)
    assert record["rows"]
    text = stored.origin(record)
    assert record["date"] in text and record["versions"]["numpy"] in text


def test_a_record_comes_back_as_it_was_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    rows = [{"method": "a", "error": 0.5, "exact": True}, {"method": "b", "error": 1e-12}]
    stored.save("folding", rows, duration=3)
    record = stored.load("folding")
    assert record["rows"] == rows and record["duration"] == 3
    assert stored.column(record, "error").tolist() == [0.5, 1e-12]
    assert stored.column(record, "exact", method="b").tolist() == [None]
    assert "by the code of this book" in stored.origin(record)
    record["fingerprint"] = "another"
    assert "earlier version" in stored.origin(record)
    assert [path.name for path in tmp_path.iterdir()] == ["folding.json"]


def test_a_record_of_other_orbits_is_refused_with_the_command_that_renews_it(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    monkeypatch.setattr(stored, "ORBIT_DIGEST", "others")
    stored.save("noise", [{"error": 0.5}])
    monkeypatch.undo()
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    with pytest.raises(ValueError, match=r"from orbits others.*renew it by.*experiments\.noise"):
        stored.load("noise")


def test_a_record_without_the_name_of_its_orbits_is_refused_unless_it_holds_times(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    for name in ("noise", "folding"):
        (tmp_path / f"{name}.json").write_text('{"rows": [1]}')
    with pytest.raises(ValueError, match=r"from orbits without a name.*experiments\.noise"):
        stored.load("noise")
    assert stored.load("folding")["rows"] == [1]


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_damaged_record_says_how_to_renew_it(text, tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    (tmp_path / "noise.json").write_bytes(text.encode("latin1"))
    with pytest.raises(ValueError, match=r"noise\.json is damaged.*experiments\.noise"):
        stored.load("noise")


@pytest.mark.parametrize("name", sorted(set(STORED) - stored.TIMINGS))
def test_results_are_of_these_orbits(name):
    assert stored.load(name)["orbits"] == ORBIT_DIGEST == orbit_digest()


def test_a_missing_record_says_how_to_make_it(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"run python -m experiments\.noise"):
        stored.load("noise")


def test_fingerprint_sees_code_and_not_comments(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "ROOT", tmp_path)
    (tmp_path / "lorenz_utils").mkdir()
    module = tmp_path / "lorenz_utils" / "one.py"
    prints = []
    for text in (
        '"""Doc."""\ndef f(x):\n    """Doc."""\n    return x + 1\n',
        "# A comment.\ndef f(x):\n\n    return (x + 1)\n",
        "def f(x):\n    return x + 2\n",
    ):
        module.write_text(text)
        prints.append(stored.fingerprint("lorenz_utils.one"))
    assert prints[0] == prints[1] != prints[2]


def test_fingerprint_sees_what_is_imported(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "ROOT", tmp_path)
    sources = {
        "experiments/script": "from lorenz_utils.two import f\n",
        "lorenz_utils/__init__": "X = {}\n",
        "lorenz_utils/two": "def f():\n    from lorenz_utils import three\n",
        "lorenz_utils/three": "from lorenz_utils.two import f\nimport lorenz_utils.many.one\n",
        "lorenz_utils/many/__init__": "from lorenz_utils.many.other import h\n",
        "lorenz_utils/many/one": "X = {}\n",
        "lorenz_utils/many/other": "X = {}\n",
        "lorenz_utils/apart": "X = {}\n",
    }
    prints = {}
    for changed in (None, *sources):
        for name, source in sources.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source.format(1) + ("Y = 2\n" if name == changed else ""))
        prints[changed] = stored.fingerprint("experiments.script")
    seen = {name for name in sources if prints[name] != prints[None]}
    assert seen == set(sources) - {"lorenz_utils/apart"}
