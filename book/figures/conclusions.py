"""The scorecard's tables, and the pictures of the front page and of the README."""

from html import escape
from io import StringIO
from math import floor, log10

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML

from experiments.deck_gan import DECK_CODE
from experiments.deck_methods import GalerkinRegressor
from experiments.models import load_or_train
from lorenz_utils.derivatives import forward_difference
from lorenz_utils.identification import FlowMapRegressor, PolynomialField
from lorenz_utils.plotting import COLOURS
from lorenz_utils.regression import polynomial_library
from lorenz_utils.surrogates import phase_randomised, with_noise
from lorenz_utils.system import make_ensemble, sample_attractor, simulate

HEADERS = ["asked", "ours", "verdict", "why", "computed in"]
GENERATORS = {"the deck's GAN": DECK_CODE.name, "the book's GAN": "faithful-generator"}
# What the pictures of the front page show to those who do not see them.
SEEN = {
    "attractor": (
        "The Lorenz attractor, two flat wings of loops around two holes. Two orbits that start "
        "side by side end on different wings."
    ),
    "card-steps": (
        "Left, a short orbit that ends in a point; right, an orbit that draws the two wings of the "
        "Lorenz attractor."
    ),
    "card-chaos": (
        "Left, an orbit that spirals into a fixed point; right, an orbit that goes on drawing two "
        "wings."
    ),
    "card-exponent": (
        "Left, a cloud of lines without a shape; right, the two wings of the Lorenz attractor."
    ),
    "card-generators": (
        "Left, a thicket of short arcs that do not meet; right, arcs that join to the two wings of "
        "the Lorenz attractor."
    ),
}
VIEW = {"azimuth": -0.9, "elevation": 0.15}  # as first.js begins


def by_question(verdicts):
    """The claims of each question, in the order of `book/claims.yml`."""
    groups = {}
    for claim in verdicts:
        groups.setdefault(claim["question"], []).append(claim)
    return groups


def row(claim, asked):
    """The cells of a claim: what is measured, asked and found, why, and where it is computed."""
    link = f"[slide {claim['slide']}]({claim['page'].removeprefix('book/')}.py#what-we-find)"
    measured = f"{claim['claim']} *{claim['quantity'][0].upper()}{claim['quantity'][1:]}.*"
    verdict = f"*{claim['verdict']}*" + (" (trivial)" if claim.get("trivial") else "")
    return [measured, asked, shown(claim["ours"]), verdict, claim["reason"], link]


def shown(ours):
    """An estimate with two digits of its interval; an exact number with five, a count with all.

    >>> from lorenz_utils.ledger import Estimate
    >>> shown(Estimate(4.602744, 0.138278, 20)), shown(Estimate(4.47e-12, 2.3e-13, 5)), shown(
    ...     Estimate(27.0)
    ... )
    ('4.60 ± 0.29', '4.47e-12 ± 6.4e-13', '27')
    """
    half = ours.half_width()
    if not ours.standard_error:
        return format(ours, ".0f" if ours.value == round(ours.value) else ".5g")
    if half < 1e-6 * abs(ours.value):  # exact to the digits that are shown
        return f"{ours.value:.6g}"
    if abs(ours.value) < 1e-3:
        return f"{ours.value:.2e} ± {half:.1e}"
    return format(ours, f".{max(0, 1 - floor(log10(half)))}f")


# --- pictures -----------------------------------------------------------------------------------


def hero():
    """A real series and one of each of the book's two generators: the README's picture."""
    panels = {"Lorenz": make_ensemble(1, 600, 0.1, rng=2026)[0]} | generated(600)
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharex=True, sharey=True)
    for ax, (title, series) in zip(axes, panels.items(), strict=True):
        draw_arcs(ax, series, COLOURS["generated" if title in GENERATORS else "real"], n_points=11)
        ax.set(title=title, xlabel="x", xticks=[-20, 0, 20], yticks=[0, 25, 50])
    axes[0].set(ylabel="z", xlim=(-25, 25), ylim=(-2, 52))
    return figure


def generated(length):
    """A series of each of the two generators, by its name."""
    return {
        title: load_or_train(name)[0].generate(1, 1000, rng=1)[0, -length:]
        for title, name in GENERATORS.items()
    }


def draw_arcs(ax, series, colour, n_points=6):
    """Carry each sample along the equations to the time of the next: a true series' arcs join."""
    arcs = simulate(series, 0.1 / (n_points - 1), n_points)[..., [0, 2]]
    gaps = np.full((len(arcs), 1, 2), np.nan)  # one line with gaps is a tenth of the bytes
    ax.plot(*np.concatenate([arcs, gaps], axis=1).reshape(-1, 2).T, color=colour, lw=0.6)


def front_page():
    """The pictures of the first page as HTML, by name.

    An image of another page would not be copied to the site.
    """
    drawn = {
        "attractor": draw_attractor,
        "card-steps": draw_large_step,
        "card-chaos": draw_lost_chaos,
        "card-exponent": draw_noise,
        "card-generators": draw_generators,
    }
    return {name: HTML(inline_svg(draw(), SEEN[name])) for name, draw in drawn.items()}


def draw_attractor():
    """The attractor and two orbits that part, as they look where nothing moves."""
    start = np.array([[-12.0, -15.0, 28.0], [-12.0 + 1e-4, -15.0, 28.0]])
    first, second = simulate(start, 0.01, 1401)
    long = simulate(sample_attractor(1, rng=0)[0], 0.01, 3000)
    figure, ax = plt.subplots(figsize=(7.2, 4.8), layout="none")
    ax.plot(*_seen_from(long, **VIEW), color=COLOURS["reference"], lw=0.5, alpha=0.6)
    for orbit, colour, width in ((first, "#0072B2", 3), (second, "#E69F00", 1.6)):
        ax.plot(*_seen_from(orbit[-250:], **VIEW), color=colour, lw=width)
        ax.plot(*_seen_from(orbit[-1:], **VIEW), "o", color=colour, ms=6)
    return _bare(figure, [ax], (-33, 33), (-22, 22))


def _seen_from(points, azimuth, elevation):
    """Places on the page of points in space: View of lorenz.js, its middle at z = 25."""
    x, y, z = points.T
    right, back = (
        np.cos(azimuth) * x - np.sin(azimuth) * y,
        np.sin(azimuth) * x + np.cos(azimuth) * y,
    )
    return right, np.cos(elevation) * (z - 25) + np.sin(elevation) * back


def draw_large_step():
    """What two regressions make of one series, sampled every 0.1 with 1 % noise."""
    clean = make_ensemble(1, 1000, 0.1, rng=0)
    series = with_noise(clean, 0.01, rng=1)[0]
    fields = _by_differences(series, 0.1), FlowMapRegressor().fit(series, 0.1).field_
    return _pair(*(field.simulate(clean[:, 0], 0.02, 1200)[0] for field in fields))


def draw_lost_chaos():
    """The equations that differences find at the small step, solved well and by Euler's method."""
    series = make_ensemble(1, 10_000, 0.01, rng=0)[0]
    field = _by_differences(series, 0.01)
    steps = [series[0]]
    for _ in range(2400):
        steps.append(steps[-1] + 0.01 * field(steps[-1]))
    return _pair(field.simulate(series[:1], 0.02, 2000)[0], np.array(steps)[::2])


def _by_differences(series, dt):
    """The vector field that least squares finds from the forward differences of a series."""
    states, velocity = forward_difference(series, dt)
    library = polynomial_library().fit(states)
    fitted = GalerkinRegressor().fit(library.transform(states), velocity)
    return PolynomialField(fitted.coef_, library.powers_)


def draw_noise():
    """Linear noise with the spectra of a series, and the series."""
    real = make_ensemble(1, 1200, 0.02, rng=3)
    return _pair(phase_randomised(real, rng=0)[0], real[0])


def _pair(left, right):
    """Two orbits side by side, the one that fools in colour, at equal limits."""
    figure, axes = plt.subplots(1, 2, figsize=(4.8, 2.4), layout="none")
    for ax, orbit, colour in zip(axes, (left, right), ("highlight", "real"), strict=True):
        ax.plot(orbit[:, 0], orbit[:, 2], color=COLOURS[colour], lw=0.6)
    return _bare(figure, axes, (-25, 25), (-2, 52))


def draw_generators():
    """A series of the deck's GAN and one of the book's, their samples carried on by the flow."""
    figure, axes = plt.subplots(1, 2, figsize=(4.8, 2.4), layout="none")
    for ax, series, colour in zip(
        axes, generated(300).values(), ("highlight", "real"), strict=True
    ):
        draw_arcs(ax, series, COLOURS[colour])
    return _bare(figure, axes, (-25, 25), (-2, 52))


def _bare(figure, axes, across, up):
    """The figure without axes, each panel at the same limits."""
    for ax in axes:
        ax.set(xlim=across, ylim=up)
        ax.set_axis_off()
    figure.subplots_adjust(0, 0, 1, 1, wspace=0.02)
    return figure


def inline_svg(figure, alt):
    """Close a figure and return it as SVG for the middle of an HTML page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What one sees, for readers who do not see it.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If `alt` is shorter than 40 characters.
    """
    if len(alt) < 40:
        raise ValueError(f"alt must say what one sees in at least 40 characters, got {alt!r}")
    buffer = StringIO()
    figure.savefig(buffer, format="svg", bbox_inches=None, metadata={"Date": None})
    plt.close(figure)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg ") :]
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
