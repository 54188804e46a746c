"""The trained models of the book: what they are, where they are stored, and how they are read.

A model is two files in ``models/``: ``NAME.safetensors`` and, beside it, the record ``NAME.json``.
"""

import hashlib
import json
import platform
import sys
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save

from lorenz_utils.adversarial import REPORT_SERIES, RUNS
from lorenz_utils.checks import check_choice
from lorenz_utils.files import home, write_whole
from lorenz_utils.system import ORBIT_DIGEST, make_ensemble, transient_ensemble
from lorenz_utils.training import FAITHFUL, LORENZ, CheckpointError, train

MODELS = home() / "models"
DT = 0.1
ENSEMBLES = {"attractor": make_ensemble, "transients": transient_ensemble}
# The same run from other seeds: what the book says of it must hold for all three.
SEEDS = [FAITHFUL, *(replace(FAITHFUL, name=f"{FAITHFUL.name}-{k}", seed=k) for k in (1, 2))]
CONFIGS = {config.name: config for config in SEEDS}


def training_ensemble(config):
    """The data a configuration is trained on, (n_series, length, 3) at dt = 0.1."""
    make = ENSEMBLES[check_choice(config.data, "data", ENSEMBLES)]
    return make(config.n_series, config.length, DT, rng=config.data_seed)


def load_or_train(name, *, directory=MODELS, progress=True):
    """The stored model of that name, trained first if there is none for its configuration.

    Parameters
    ----------
    name : str
        Of `CONFIGS`: "faithful-generator", and those that `deck_gan` adds.
    directory : path
        By default ``models`` in the folder that `files.home` finds.
    progress : bool

    Returns
    -------
    generator : SeriesGenerator
        Or that of the game that its configuration names.
    record : dict
        The JSON record beside the weights: configuration, versions, wall time, history, sha256,
        and the digest of the ``orbits`` it was trained on, as `system.ORBIT_DIGEST`.

    Raises
    ------
    ValueError
        If no configuration has that name.
    CheckpointError
        If the weights are damaged or not those of their record; the files are left alone.
    """
    check_choice(name, "name", CONFIGS)
    config, weights = CONFIGS[name], Path(directory) / f"{name}.safetensors"
    reason = f"{weights} is absent"
    if weights.exists():
        record = _read_record(weights.with_suffix(".json"), config)
        if record["config"] == asdict(config):
            return _load(config, record["sha256"], weights), record
        reason = f"{weights} was trained with another configuration"
    print(
        f"{reason}: training {config.n_steps} steps now. Where models are, LORENZ_HOME decides.",
        file=sys.stderr,
    )
    return train_and_store(config, directory=directory, progress=progress)


def train_and_store(config, *, directory=MODELS, device="auto", progress=True):
    """Train on the book's data set and store weights and record; see `load_or_train`."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    weights_path = directory / f"{config.name}.safetensors"
    if weights_path.exists() and config != CONFIGS.get(config.name):
        if _read_record(weights_path.with_suffix(".json"), config)["config"] != asdict(config):
            raise CheckpointError(f"{weights_path} has another configuration: change the name")
    checkpoint = directory / f"{config.name}.checkpoint"
    generator, history = train(
        config,
        training_ensemble(config),
        DT,
        **LORENZ,
        reference=make_ensemble(REPORT_SERIES, 1000, DT, rng=config.data_seed),
        device=device,
        progress=progress,
        checkpoint=checkpoint,
    )
    weights = save(generator.state_dict())
    record = {
        "config": asdict(config),
        "orbits": ORBIT_DIGEST,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "parameters": sum(p.numel() for p in generator.parameters()),
        "seconds": history[-1]["seconds"],
        "burn_in": getattr(generator, "BURN_IN", None),
        "versions": {name: version(name) for name in ("torch", "numpy")},
        "history": history,
    }
    record["versions"]["python"] = platform.python_version()
    write_whole(directory / f"{config.name}.safetensors", weights)
    write_whole(directory / f"{config.name}.json", json.dumps(record, indent=1))
    checkpoint.unlink(missing_ok=True)
    return generator, record


def _read_record(path, config):
    """A record; a field of its configuration that is younger than it had its default."""
    try:
        record = json.loads(path.read_text(encoding="utf8"))
        record["config"] = asdict(type(config)(**record["config"]))
        return record | {"sha256": record["sha256"]}
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no record {path} to check the weights by") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is no complete record of a run: {error!r}") from error


def _load(config, digest, weights):
    # Read in Python: a build that notes which files a chapter opens has to see it.
    content = weights.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise CheckpointError(
            f"{weights} is not the file its record describes (sha256 differs): it is truncated or "
            f"changed. Restore it, or delete it and run: make train NAME={config.name}"
        )
    generator = RUNS[config.pair].unfilled(config)
    try:
        generator.load_state_dict(load(content))
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{weights} does not fit {type(generator).__name__}") from error
    return generator.eval()
