"""Folding an ensemble into images and back, beside a plain loop over series and coordinates.

Run by ``python -m experiments.folding``; writes ``experiments/results/folding.json``. Times are of
the processor, taken in turns.
"""

import numpy as np

from experiments import stored
from experiments.images import SIDE, Scaling, images_to_series, series_to_images
from lorenz_utils.system import make_ensemble

N_SERIES, LENGTH, DT, REPEATS = 1000, 1000, 0.1, 9


def loop_fold(ensemble, scaling):
    """One coordinate of one series after the other."""
    images = []
    for series in ensemble:
        image = []
        for c in range(3):
            unit = (series[:, c] - scaling.centre[c]) / scaling.half_range[c]
            padded = np.pad(unit, (0, SIDE * SIDE - len(unit)))
            image.append(padded.reshape(SIDE, SIDE))
        images.append(image)
    return np.array(images)


def loop_unfold(images, scaling, length):
    """The same way back."""
    ensemble = []
    for image in images:
        columns = []
        for c in range(3):
            unit = image[c].reshape(-1)[:length]
            columns.append(unit * scaling.half_range[c] + scaling.centre[c])
        ensemble.append(np.stack(columns, axis=1))
    return np.array(ensemble)


def main():
    """Print and store both rows."""
    ensemble = make_ensemble(N_SERIES, LENGTH, DT, rng=0)
    scaling = Scaling.fit(ensemble)
    images = series_to_images(ensemble, scaling)
    plain = loop_fold(ensemble, scaling)
    back = images_to_series(images, scaling, length=LENGTH)
    differ = max(np.abs(images - plain).max(), np.abs(back - ensemble).max())
    assert differ < 1e-12, f"the two ways differ by {differ}"
    calls = {
        "fold": lambda: series_to_images(ensemble, scaling),
        "fold, loop": lambda: loop_fold(ensemble, scaling),
        "unfold": lambda: images_to_series(images, scaling, length=LENGTH),
        "unfold, loop": lambda: loop_unfold(images, scaling, LENGTH),
    }
    seconds = stored.time_in_turns(calls, REPEATS)
    rows = []
    for what, times in seconds.items():
        rows.append({"what": what, "seconds": [round(s, 5) for s in times]})
        print(rows[-1])
    context = {"n_series": N_SERIES, "length": LENGTH}
    stored.save("folding", rows, **context)


if __name__ == "__main__":
    stored.no_options(__doc__)
    main()
