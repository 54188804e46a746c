"""Draw the README's picture from the stored models: ``python -m book._static.hero``."""

from pathlib import Path

from book.figures import conclusions
from lorenz_utils import plotting

plotting.use_style()
conclusions.hero().savefig(Path(__file__).with_suffix(".png"), dpi=120)
