"""The module alone: it declares what it imports, and works from its wheel, far from this clone."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "lorenz_utils").rglob("*.py")
}
ALONE = """
import importlib, sys
from dataclasses import replace

import numpy as np

for name in sys.argv[1:]:
    importlib.import_module(name)

from lorenz_utils import ledger, plotting, training
from lorenz_utils.identification import FlowMapRegressor
from lorenz_utils.system import make_ensemble, sample_attractor, simulate

plotting.use_style()
series = simulate(sample_attractor(1, rng=0)[0], 0.1, 100)
found = FlowMapRegressor().fit(series, 0.1).parameters_
np.testing.assert_allclose([found.sigma, found.rho, found.beta], [10, 28, 8 / 3], rtol=1e-6)

ensemble = make_ensemble(2, 50, 0.1, rng=0)
config = replace(training.FAITHFUL, n_steps=2, batch_size=4)
runs = [training.train(config, ensemble, 0.1, progress=False)[0] for _ in range(2)]
np.testing.assert_array_equal(*(run.generate(1, 20, rng=0) for run in runs))
ledger.record("page/steps", config.n_steps)
try:
    ledger.claims()
except FileNotFoundError as error:
    print(error)
print(training.__file__)
"""


def declared():
    """The distributions that pyproject.toml names as dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.match(r"[\w.-]+", line)[0].lower() for line in project["dependencies"]}


def imported(path):
    """The top names of all that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


def test_each_library_that_is_imported_is_declared_and_the_other_way_round():
    names = {name for path in MODULES.values() for name in imported(path)}
    names -= {*sys.stdlib_module_names, "lorenz_utils"}
    distributions = packages_distributions()
    found = {next(iter(distributions[name])).lower() for name in names}
    assert found == declared()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that holds the unpacked wheel and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    # A build writes beside the sources: they are copied.
    for name in ("pyproject.toml", "lorenz_utils"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(folder)], check=True)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "-w", "built", "."]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (wheel,) = (folder / "built").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_from_its_wheel_alone_it_simulates_identifies_trains_and_records(installed, tmp_path):
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    where = {"LORENZ_HOME": str(home), "LORENZ_RESULTS": ""}
    run = subprocess.run(
        [sys.executable, "-P", "-c", ALONE, *MODULES],
        env={**os.environ, "PYTHONPATH": str(installed), **where},
        cwd=here,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    said = run.stdout.splitlines()
    assert str(home) in said[0] and "set LORENZ_HOME" in said[0]
    assert Path(said[1]).is_relative_to(installed)
    assert not list(here.iterdir())
    stored = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert stored == {
        "_build/results/page--steps.json",
    }


def test_the_wheel_holds_the_module_and_no_other_room(installed):
    folders = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert folders == {"lorenz_utils"}
    assert {*MODULES.values()} == {
        ROOT / path.relative_to(installed) for path in (installed / "lorenz_utils").rglob("*.py")
    }
