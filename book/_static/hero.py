"""Draw the README's picture from the stored models: ``.venv/bin/python book/_static/hero.py``."""

from pathlib import Path

import matplotlib.pyplot as plt

from lorenz_utils import plotting
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import load_or_train

plotting.use_style()
figure = plt.figure(figsize=(10, 3.4))
panels = {
    "Lorenz": make_ensemble(1, 1000, 0.1, rng=2026)[0],
    "the deck's GAN": load_or_train("deck-dcgan")[0].generate(1, 1000, rng=1)[0],
    "the book's GAN": load_or_train("faithful-generator")[0].generate(1, 1000, rng=1)[0],
}
for i, (title, series) in enumerate(panels.items()):
    ax = figure.add_subplot(1, 3, i + 1, projection="3d")
    colour = plotting.COLOURS["real" if title == "Lorenz" else "generated"]
    plotting.plot_butterfly(series, ax, title=title, color=colour)
figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)
