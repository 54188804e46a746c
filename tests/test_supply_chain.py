"""What is installed is what is pinned, weights are safetensors, and CI may do little."""

import hashlib
import json
import pickle  # to make a harmful file, which has to be refused
import re
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml

from experiments import models

ROOT = Path(__file__).resolve().parents[1]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_constraints_cover_all_that_is_installed():
    text = (ROOT / "constraints.txt").read_text()
    locked = {canonical(n): v for n, v in re.findall(r"(?m)^([\w.-]+)==(\S+)", text)}
    own = {"pip", "lorenz-utils"}  # pip comes with Python, the module is this repository
    cuda = ("nvidia-", "cuda-", "triton")  # torch's default build on Linux chooses these itself
    # The environment's own folder only: setuptools adds what it vendors to a running path.
    found = distributions(path=[sysconfig.get_path("purelib")])
    installed = {canonical(d.metadata["Name"]): d.version.split("+")[0] for d in found}
    wrong = {n: v for n, v in installed.items() if n not in own and locked.get(n) != v}
    wrong = {n: v for n, v in wrong.items() if not n.startswith(cuda)}
    assert not wrong, f"not in constraints.txt as installed: {wrong}; make lock writes it anew"


def test_weights_are_safetensors_and_nothing_unpickles():
    # Not asked of git, which an archive has none of.
    tops = [p for p in ROOT.iterdir() if p.name != "_build" and not p.name.startswith(".")]
    ours = [str(p.relative_to(ROOT)) for top in tops for p in [top, *top.rglob("*")]]
    assert "models/faithful-generator.safetensors" in ours
    pickles = (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".npy", ".joblib")
    assert not [name for name in ours if name.endswith(pickles)]
    # The checkpoints of a run hold tensors and numbers alone.
    any_object = (
        r"\b(torch\.load\((?!.*weights_only=True)|pickle\.loads?|joblib\.load|allow_pickle=True)"
    )
    loads = re.compile(any_object)
    sources = [n for n in ours if n.endswith(".py") and not n.startswith("tests/")]
    assert not [n for n in sources if loads.search((ROOT / n).read_text())]


# One job asks where the pages are, one publishes them, one pushes the executed chapters to their
# branch, one opens an issue.
RIGHTS = {
    "book.yml": {
        "build": {"contents": "read", "pages": "read"},
        "notebooks": {"contents": "write"},
        "publish": {"pages": "write", "id-token": "write"},
    },
    "newest.yml": {"newest": {"contents": "read", "issues": "write"}},
}


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / ".github/workflows").iterdir()))
def test_workflows_have_least_rights_and_pinned_actions(name):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job_name, job in workflow["jobs"].items():
        assert job.get("permissions", {}) == RIGHTS[name].get(job_name, {}), job_name
        for step in job["steps"]:
            if "uses" in step:
                assert re.search(r"@(v\d+|[0-9a-f]{40})$", step["uses"]), step["uses"]


class _Harmful:
    """A pickle that would leave a mark if anything unpickled it.

    The only use of pickle in the repository: to show that a file which would run code does not.
    """

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_in_place_of_weights_is_refused_and_never_run(tmp_path):
    mark = tmp_path / "mark"
    record = json.loads((models.MODELS / "faithful-generator.json").read_text())
    weights = tmp_path / "faithful-generator.safetensors"
    weights.write_bytes(pickle.dumps(_Harmful(mark)))
    record["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()  # a forged record, too
    (tmp_path / "faithful-generator.json").write_text(json.dumps(record))
    with pytest.raises(models.CheckpointError, match="does not fit"):
        models.load_or_train("faithful-generator", directory=tmp_path)
    assert weights.exists() and not mark.exists()
    pickle.loads(weights.read_bytes())
    assert mark.exists(), "the test itself is harmless"
