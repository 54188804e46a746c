"""A few series of the deck's GAN, for the page's game: its weights are too many for a page.

Run by ``python -m experiments.deck_series``; writes ``experiments/results/deck_series.json``.
"""

import numpy as np

from experiments import stored
from experiments.deck_gan import DECK_CODE
from experiments.models import load_or_train

N_SERIES, START, LENGTH = 8, 200, 200


def main():
    """Generate, and store a part from each series's middle."""
    stored.no_options(__doc__)
    generator, _ = load_or_train(DECK_CODE.name)
    series = generator.generate(N_SERIES, 1000, rng=0)[:, START : START + LENGTH]
    rows = [{"series": one.tolist()} for one in np.round(series, 3)]
    stored.save("deck_series", rows, packages=["torch"], model=DECK_CODE.name)


if __name__ == "__main__":
    main()
