"""What the two GANs draw, and what their critics say, at a few steps of a training run.

For the pages' training film. Both runs are shorter than those behind the book's weights. Run by
``python -m experiments.training_film``; writes ``experiments/results/training_film.json``.
"""

from dataclasses import replace

import numpy as np
import torch

from experiments import stored
from experiments.deck_gan import DECK_CODE
from experiments.models import training_ensemble
from lorenz_utils.adversarial import RUNS
from lorenz_utils.training import FAITHFUL

LENGTH, N_SCORES, FAR = 300, 100, 1000.0
# The critic of the deck's notebook gives the high score to what it takes for generated.
FILMED = {
    "book": (replace(FAITHFUL, n_steps=4000), 1, (0, 20, 50, 100, 200, 400, 700, 1000, 2000, 4000)),
    "deck": (
        replace(DECK_CODE, n_steps=1000),
        -1,
        (0, 50, 100, 150, 200, 300, 400, 600, 800, 1000),
    ),
}


def frame(name, run, sign):
    """What the film shows of a run as it stands: a series, and scores of real and generated."""
    series = run.average.module.generate(1, LENGTH, rng=0)[0]
    series = np.nan_to_num(series.clip(-FAR, FAR), nan=FAR)  # an untrained map may explode
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        real = torch.cat([run.draw() for _ in range(-(-N_SCORES // run.config.batch_size))])
        run.critic.eval()
        run.generator.eval()
        scores = [sign * run.critic(x)[:N_SCORES] for x in (real, fake(run, real))]
        run.critic.train()
        run.generator.train()
    row = {"network": name, "step": run.step, "series": np.round(series, 3).tolist()}
    row |= {
        key: [float(f"{x:.4g}") for x in values]
        for key, values in zip(("real", "generated"), scores, strict=True)
    }
    return row


def fake(run, real):
    """As many generated batches as there are real ones."""
    size = run.config.batch_size
    return torch.cat([run.fake(part) for part in real.split(size)])


def main():
    """Train both, and store the frames."""
    stored.no_options(__doc__)
    rows = []
    for name, (config, sign, steps) in FILMED.items():
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            data = training_ensemble(config)
            run = RUNS[config.pair](config, data, "cpu")
            for step in range(config.n_steps + 1):
                if step in steps:
                    rows.append(frame(name, run, sign))
                    print(name, step, flush=True)
                if step == config.n_steps:
                    break
                run.train_step()
    settings = {name: config.n_steps for name, (config, _, _) in FILMED.items()}
    stored.save("training_film", rows, packages=["torch"], length=LENGTH, n_steps=settings)


if __name__ == "__main__":
    main()
