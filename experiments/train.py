"""Train a model of the book in a shell, or go on after a kill: ``python -m experiments.train``."""

import argparse
from dataclasses import replace
from pathlib import Path

from experiments import deck_gan, models  # noqa: F401  (the first adds the deck's models)


def main(arguments=None):
    """Command line: train one model from nothing, or resume its interrupted run."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.train",
        description="Train a model of the book and store it in models/. An interrupted run "
        "continues from its checkpoint when the same command is given again.",
    )
    parser.add_argument("name", choices=models.CONFIGS, help="which configuration")
    parser.add_argument("--seed", type=int, help="another seed; the files are named after it")
    parser.add_argument("--device", default="auto", help="torch device (default: a GPU if any)")
    parser.add_argument("--directory", default=models.MODELS, type=Path, help="default: models/")
    options = parser.parse_args(arguments)
    config = models.CONFIGS[options.name]
    if options.seed not in (None, config.seed):  # the book's own weights are never written over
        name = f"{config.name}-seed-{options.seed}"
        config = replace(config, name=name, seed=options.seed)
    where = {"directory": options.directory, "device": options.device}
    _, record = models.train_and_store(config, **where)
    final = record["history"][-1]
    print(f"{config.name}: median flow residual {final['median_residual']}, {final['seconds']} s")


if __name__ == "__main__":
    main()
