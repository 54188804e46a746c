"""Draw the README's picture from the stored models: ``.venv/bin/python book/_static/hero.py``."""

from pathlib import Path

from lorenz_utils import plotting
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import load_or_train

plotting.use_style()
panels = {"Lorenz": make_ensemble(1, 1000, 0.1, rng=2026)[0]}
for title, name in {"the deck's GAN": "deck-dcgan", "the book's GAN": "faithful-generator"}.items():
    panels[title] = load_or_train(name)[0].generate(1, 1000, rng=1)[0]
figure = plotting.plot_butterflies(panels, generated=list(panels)[1:])
figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)
