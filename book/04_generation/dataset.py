# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The data set: a thousand orbits as a thousand images
#
# **Question.** What does a Lorenz series look like once it is folded into a small colour image, and
# what is lost or gained on the way?
#
# **What the deck claimed.** (slide 26) "Data set of 1000 examples of length 1000, with an
# integration step dt = 0.1, so T = 100 Lorenz times. Each time series becomes an RGB image in which
# each channel is one of the three coordinates: 1000 RGB images of size 32 x 32."
#
# **In short.** The folding loses nothing, and it hides time: what stands above a pixel is 32 samples away, and
# correlates with it by at most {result}`dataset/autocorrelation-next-row;.2f` ({numref}`fig-dataset-lags`).

# %% tags=["hide-input"]
from IPython.display import Markdown

from book.figures import dataset as figures
from lorenz_utils import plotting

plotting.use_style()

# %% [markdown]
# ## The ensemble
#
# One call makes the deck's data. Each series starts at its own random state on the attractor: a
# random point of a box is carried along for a burn-in time before the first sample is taken, so
# that no series begins with a transient. The steps between samples are far finer than $\delta t$: the flow
# map's error is far below anything a network can learn.

# %%
from lorenz_utils.system import make_ensemble, simulate

dt = 0.1
ensemble = make_ensemble(n_series=1000, length=1000, dt=dt, rng=1963)
ensemble.shape

# %% [markdown]
# :::{margin} Lorenz times
# The deck's "Lorenz time" is the time unit of {eq}`eq-lorenz`. It is not the Lyapunov time
# $1 / \lambda_1$, which is a little longer.
# :::
#
# How large is a step of $\delta t = 0.1$? {numref}`fig-dataset-samples` shows eight time units of one series, the samples as
# dots over the finely sampled orbit. A loop around a wing takes a handful of samples: a straight
# line between samples is a poor approximation, and so is any difference quotient.

# %%
samples = ensemble[0, :80]
fine = simulate(samples[0], dt / 20, 20 * len(samples))

# %% tags=["hide-input"] label="fig-dataset-samples"
_ = figures.plot_samples(fine, samples, dt)

# %% [markdown]
# ## Is it the attractor?
#
# Long-time averages of the system {eq}`eq-lorenz` satisfy identities that need no simulation. The means of
# $\mathrm d(x^2)/\mathrm dt = 2\sigma(xy - x^2)$ and of $\dot z$ vanish along every bounded orbit; the
# symmetry $(x, y, z) \to (-x, -y, z)$ of the attractor adds two more:
#
# $$\overline{x^2} = \overline{xy}, \qquad \overline{xy} = \beta\bar z, \qquad
# \bar x = \bar y = 0 .$$ (eq-identities)
#
# They are a check of the data that is independent of the integrator.

# %%
import numpy as np

from lorenz_utils.ledger import Estimate, record
from lorenz_utils.system import LORENZ63

x, y, z = np.moveaxis(ensemble, -1, 0)
identities = {
    "mean of x": (x.mean(1), 0 * x.mean(1)),
    "mean of x² against mean of xy": ((x**2).mean(1), (x * y).mean(1)),
    "mean of xy against β · mean of z": ((x * y).mean(1), LORENZ63.beta * z.mean(1)),
}

# %% tags=["hide-input"] label="tab-dataset-identities"
rows = [[n, *map(Estimate.from_samples, (a, b, a - b))] for n, (a, b) in identities.items()]
plotting.table(["identity", "left", "right", "difference"], rows, ".3f")

# %% [markdown]
# The differences in {numref}`tab-dataset-identities` are compatible with zero: intervals are 95 % confidence intervals over the series. What
# little remains comes from the ends of finite series, as the mean of $\mathrm d(x^2)/\mathrm dt$
# over a window is the difference of its ends divided by its length.
#
# ## Folding
#
# Samples fill the image row by row: pixel $(i, j)$ holds the sample
#
# $$t = 32\,i + j, \qquad 0 \le i, j < 32 .$$ (eq-folding)
#
# A series of 1000 leaves 24 of the 1024 pixels empty. An affine `Scaling` sends the range of each coordinate to
# $[-1, 1]$, which is what the generator's last layer can produce.
#
# :::{margin} Rows or columns?
# Row by row is the order of NumPy's `reshape`. MATLAB and Fortran fill columns first: an image folded
# there and unfolded here gives the samples in a wrong order, and nothing warns of it.
# :::

# %%
from experiments.images import Scaling, images_to_series, padding_mask, series_to_images

scaling = Scaling.fit(ensemble)
images = series_to_images(ensemble, scaling)
restored = images_to_series(images, scaling, length=1000)
loss = np.abs(restored - ensemble).max() / np.abs(ensemble).max()
images.shape, int((~padding_mask(1000)).sum())

# %% tags=["hide-input"]
record("dataset/images", len(images), side=images.shape[-1])
record("dataset/pixels", images[0, 0].size)
record("dataset/round-trip-error", loss)
Markdown(
    f"The round trip is exact up to rounding: the largest relative error is {loss:.1e}, and the "
    f"machine's precision is {np.finfo(float).eps:.1e}."
)

# %% [markdown]
# The empty pixels are a trap. Filled with any constant, they are the easiest feature of the data:
# a discriminator needs one look at the last row to tell a real image from a fake one. Here both
# networks see the image times the `padding_mask`, so that the empty pixels carry no information
# and no gradient.

# %% tags=["hide-input"] label="fig-dataset-images"
_ = figures.plot_images({"": images[:8]})

# %% [markdown]
# Long yellow strokes are stays on the wing with positive x and y: red and green are both bright. On
# the other wing both are dark and what remains is the blue of z. The slanted bands are the steady
# pace of z: a row of 32 samples is not a whole number of its loops, so each row is a little out of
# step with the one above. Along a row neighbours in the image are neighbours in time. From one row to the next they are 32 samples apart, which is what
# {numref}`fig-dataset-lags` judges.
#
# ## What a vertical neighbour knows
#
# By {eq}`eq-folding` a 3 x 3 kernel {eq}`eq-cross-correlation` on the folded image sees the lags $-1, 0, 1$ and the two rows of lags $\pm 31, \pm
# 32, \pm 33$. How much does a sample tell about another at a given lag? The autocorrelation of the
# three coordinates answers for linear kernels.
#
# :::{margin} Autocorrelation by FFT
# By the Wiener-Khinchin theorem the autocorrelation is the Fourier transform of the power spectrum.
# Without the zeros appended to each series its end would be correlated with its own beginning.
# :::

# %%
centred = ensemble - ensemble.mean((0, 1))
power = np.abs(np.fft.rfft(centred, n=2048, axis=1)) ** 2
autocorrelation = np.fft.irfft(power, axis=1)[:, :70].mean(0)
autocorrelation /= (1000 - np.arange(70))[:, None] / 1000
autocorrelation /= autocorrelation[0]
near, far = np.abs(autocorrelation[1]), np.abs(autocorrelation[31:34]).max(0)

# %% tags=["hide-input"] label="fig-dataset-lags"
_ = figures.plot_lags(autocorrelation)

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
record("dataset/autocorrelation-next-row", far.max())
Markdown(
    "* **The deck's data set is rebuilt as described,** on the attractor, and the folding loses nothing.\n"
    "* **It hides time from the network:** one sample apart, the correlations of x, y and z are "
    f"{near[0]:.2f}, {near[1]:.2f} and {near[2]:.2f}; the next row, 31 to 33 samples on, offers at most "
    f"{far[0]:.2f}, {far[1]:.2f} and {far[2]:.2f}. Two thirds of each 3 x 3 kernel look at "
    "samples whose x and y say next to nothing about those in the middle (z, which loops at a "
    "steady pace, stays in step for longer).\n"
    "* **The dynamics couples neighbours along a row only.** A row break also cuts a loop in two: the last pixel of a row "
    "and the first of the next are one step apart in time, and a whole image apart in space."
)

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-dataset-columns
#
# Fold the series along columns instead of rows, and show that a kernel then sees the same
# lags. Which folding would let a 3 x 3 kernel see the lags $-4$ to $4$?
# :::


# %% tags=["solution"]
def lags(image):
    return np.unique(image[:3, :3] - image[1, 1]).tolist()


index = np.arange(1024).reshape(32, 32)
assert lags(index) == lags(index.T)
# An image three pixels wide: row breaks every 3 samples give the lags -4 ... 4.
lags(np.arange(24).reshape(8, 3))

# %% [markdown]
# :::{exercise}
# :label: ex-dataset-fixed-points
#
# The first two identities {eq}`eq-identities` hold at the two fixed points of the wings as well. Find a state-space average
# that tells the attractor from these points.
# :::

# %% tags=["solution"]
# A fixed point has x² = xy = βz with z = ρ - 1, and keeps that z.
{"variance of z on the attractor": float(z.var()), "at a fixed point": 0.0}

# %% [markdown]
# **Onward.** The images are what {doc}`/book/04_generation/deck_gan` learns to draw. How kernels see lags is the
# subject of {doc}`/book/03_concepts/convolution`; {doc}`/book/04_generation/faithful_generator`
# drops the folding and steps in time.
