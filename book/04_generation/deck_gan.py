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
# # The deck's GAN
#
# **Question.** What did the deck's GAN learn, and how far can a network that draws Lorenz series as
# images go at its best?
#
# **What the deck claimed.** (slides 27 to 29) An architecture, five tricks to keep the
# discriminator from winning too early, and the result: "At the end of the training the network is
# able to generate images that resemble those of the input."
#
# The authors published more than the deck: a notebook with the network, its training and its log, and a
# later version of the slides that draws the architecture {cite}`gonzaq2020gan`. This chapter builds that
# network again, looks at what its two players saw, and then gives the idea one modern remedy after the other.
#
# **In short.** The deck's GAN draws one picture: its diversity is {result}`deck-gan/diversity;.2f`, where independent series have
# one, and its steps miss the flow by {result}`deck-gan/flow-residual;.2f` standard deviations. The critic had won from the first epochs
# on, with {result}`deck-gan/right-answers-under-noise;.1%` right answers under the noise that was to hide the difference.

# %% tags=["hide-input"]
import numpy as np
from IPython.display import Markdown

from book.figures import deck_gan as figures
from lorenz_utils import plotting
from lorenz_utils.ledger import Estimate, record

plotting.use_style()

# %% [markdown]
# ## Two networks
#
# The generator ({numref}`fig-deck-gan-architecture`; layer by layer, {numref}`tab-deck-gan-generator`) makes 2 x 2 pixels of many channels by a dense layer and doubles the side
# four times, by transposed convolutions {eq}`eq-transposed-size` whose kernel of two divides by the stride of two. The
# discriminator ({numref}`tab-deck-gan-discriminator`) halves the side three times. Batch normalisation {eq}`eq-batch-norm` sits
# in both, dropout before the last layer. The notebook ends with a linear layer, the later slides with a sigmoid; neither
# has the spectral normalisation that the deck explains. The chapters {doc}`/book/03_concepts/dcgan`,
# {doc}`/book/03_concepts/batch_normalization`, {doc}`/book/03_concepts/dropout` and
# {doc}`/book/03_concepts/spectral_normalization` explain each part.

# %%
import torch

from experiments.deck_gan import DECK_CODE, DECK_SLIDES, Discriminator
from experiments.models import load_or_train

generator, run = load_or_train(DECK_CODE.name)
slides_generator, slides_run = load_or_train(DECK_SLIDES.name)


# %%
def pass_through(signal, network):
    """Name, shape of the output and number of weights of each layer that a signal passes."""
    layers = []
    for layer in network.layers.eval():
        signal = layer(signal)
        size = sum(p.numel() for p in layer.parameters())
        layers.append((type(layer).__name__, tuple(signal[0].shape), size))
    return layers


# %%
latent, image = torch.zeros(1, generator.latent_dim), torch.zeros(1, 3, 32, 32)
maker, critic = pass_through(latent, generator), pass_through(image, Discriminator())

# %% tags=["hide-input"] label="fig-deck-gan-architecture"
networks = {"generator": ((generator.latent_dim,), maker), "discriminator": ((3, 32, 32), critic)}
_ = figures.plot_architecture(networks)

# %% tags=["hide-input"]
Markdown(f"**Generator**, from {generator.latent_dim:d} normal numbers:")


# %% tags=["hide-input", "hide-output"] label="tab-deck-gan-generator"
def layer_table(layers):
    rows = [[name, " × ".join(map(str, shape)) or "1", size] for name, shape, size in layers]
    return plotting.table(["layer", "output (channels × rows × columns)", "weights"], rows, ",")


layer_table(maker)

# %% [markdown]
# **Discriminator**:

# %% tags=["hide-input", "hide-output"] label="tab-deck-gan-discriminator"
layer_table(critic)

# %% [markdown]
# ## Five tricks on the slides, another game in the notebook
#
# A discriminator that separates real from generated images with certainty makes the value {eq}`eq-value` flat, and a
# flat loss teaches the generator nothing. The deck lists five tricks against this (slide 28). What the notebook did is
# not the same ({numref}`tab-deck-gan-editions`).
#
# :::{table} The slides' training and the notebook's.
# :name: tab-deck-gan-editions
#
# | | slides | notebook |
# |---|---|---|
# | data | 1000 series, in this book from such starts too | 100 series, from random starts near the origin |
# | pixels | scaled to the sigmoid's range | the coordinates as they are |
# | label smoothing | real 0.9 to 1, generated 0 to 0.1 | fixed, and exchanged: real 0.1, generated 0.9 |
# | noise on the discriminator's images | falls with the epochs | of standard deviation 10, the data's is about 8; 5, 1.7, 1 later, and none in the last tenth; the same for x, y and z |
# | two time-scale update rule {cite}`heusel2017gans` | the discriminator's rate is four times the generator's | the same |
# | label flips | some | none |
# | fewer discriminator steps | yes | the condition in the code is always true: none are left out |
# | padding | 24 pixels of zeros, learned as data, in this book | the same |
# :::
#
# :::{margin} A loss that does not saturate
# Where the generator lowers $\log(1 - D(G(z)))$ in {eq}`eq-value`, both editions raise $\log D(G(z))$, as is
# usual. That gradient does not vanish when the discriminator wins, but it becomes noisy
# {cite}`arjovsky2017principled`.
# :::
#
# We train both editions, the notebook's with its own loop. One thing in that loop decides what happens: the
# discriminator is taught on *noisy* images, and the generator is judged on *clean* ones.

# %% tags=["hide-input"]
import inspect
from textwrap import dedent

from experiments.deck_gan import NotebookRun

shown = NotebookRun.critic_step, NotebookRun.generator_step
Markdown(f"```python\n{chr(10).join(dedent(inspect.getsource(step)) for step in shown)}```")

# %% [markdown]
# ## What the log shows
#
# With labels of 0.1 and 0.9 the cross-entropy of a discriminator that is always right and says so is not zero: it is the
# entropy of the label, the lowest value that this loss can take.

# %%
from experiments.deck_gan import REAL

history = run["history"]
log = {key: np.array([row[key] for row in history]) for key in history[0]}
epoch = log["step"] * DECK_CODE.batch_size / DECK_CODE.n_series
lowest = -(REAL * np.log(REAL) + (1 - REAL) * np.log(1 - REAL))
masked = log["noise"] == DECK_CODE.instance_noise

# %% tags=["hide-input"] label="fig-deck-gan-history"
_ = figures.plot_log(epoch, log, lowest)

# %% tags=["hide-input"]
right = Estimate.from_samples(log["critic_right"][masked])
record("deck-gan/right-answers-under-noise", right.value, seed=DECK_CODE.seed)
gap = np.median(log["critic_loss"][masked]) - lowest
Markdown(
    f"Under the strongest noise, larger than the signal, the discriminator is right on {right.value:.1%} of the images, and "
    f"its loss lies {gap:.3f} above the lowest value possible ({{numref}}`fig-deck-gan-history`). So the discriminator has won "
    "from the first epochs on, which the tricks were meant to prevent, and the generator's loss says nothing of it: it falls to "
    f"{log['generator_loss'].min():.3f}, as if every image passed for real, and swings up to "
    f"{log['generator_loss'].max():.0f} later."
)

# %% [markdown]
# Two things explain it. The noise is one draw for all three coordinates, so that a difference of two of them,
# $x - y$, contains none of it: it hides nothing from a network with more than one channel. And the generator is asked
# about clean images, which this discriminator has never seen: its answer to them says nothing of what it knows.

# %% [markdown]
# The log in the authors' notebook begins alike: the sum over the five batches of an epoch stays near
# 1.7 for the discriminator, five times the entropy of the label, and the generator's falls to 0.2. There it stays low
# as long as the noise is strong, and jumps to 60 within ten epochs of noise zero; ours jumps before.
#
# ## What the networks draw
#
# The losses of a GAN say little about its quality: they are a score between two players. The *flow residual* is a measure
# against the truth. Each generated sample is
# carried along the flow of {eq}`eq-lorenz` for one step, and compared with the next sample,
#
# $$ e_t = \frac{1}{\sqrt 3} \left\| \frac{\Phi_{dt}(x_t) - x_{t+1}}{s} \right\|, $$ (eq-flow-residual)
#
# in standard deviations $s$ of the real data: 0 for an orbit, of order one for unrelated points. The
# training never sees it. Beside it stand the *diversity*, the spread across series at one instant relative to the spread of
# all samples, which is near 1 for independent series and 0 when all latents give the same image, and the two distances
# {eq}`eq-distances` of {doc}`/book/04_generation/evaluation`: $D_\text{stsp}$ of the visited states, $D_H$ of the power spectra.

# %%
from experiments.images import Scaling, series_to_images
from lorenz_utils.system import make_ensemble

real = make_ensemble(100, 1000, 0.1, rng=2026)
scaling = Scaling.fit(real)
eight = {
    "the notebook's": generator.generate(8, rng=1),
    "the slides'": slides_generator.generate(8, rng=1),
    "real": real[:8],
}

# %% tags=["hide-input"] label="fig-deck-gan-images"
_ = figures.plot_images({name: series_to_images(e, scaling) for name, e in eight.items()})

# %%
from experiments.ladder import quality
from lorenz_utils.surrogates import shuffled, with_noise

sources = {
    "notebook's edition": lambda seed: generator.generate(100, rng=seed),
    "slides' edition": lambda seed: slides_generator.generate(100, rng=seed),
    "real": lambda seed: make_ensemble(100, 1000, 0.1, rng=seed),
    "real, 5 % noise": lambda seed: with_noise(real, 0.05, rng=seed),
    "real, shuffled in time": lambda seed: shuffled(real, rng=seed),
}

# %%
METRICS = ["flow residual, median", "flow residual, rms", "D_stsp", "D_H", "diversity"]


def over_draws(draw):
    """Mean and standard error of each metric over five draws of 100 series."""
    found = [quality(real, draw(seed)) for seed in range(1, 6)]
    return {m: Estimate.from_samples([each[m] for each in found]) for m in METRICS}


measured = {name: over_draws(draw) for name, draw in sources.items()}
PUBLISHED = [0.32, 0.47, 2.37, 0.37, 0.07]  # the authors' weights, measured once; not shipped

# %% tags=["hide-input"] label="tab-deck-gan-quality"
ours = measured["notebook's edition"]
record("deck-gan/flow-residual", ours["flow residual, median"], amplified=True, n_series=100)
record("deck-gan/diversity", ours["diversity"], amplified=True, n_series=100)
rows = [[name, *estimates.values()] for name, estimates in measured.items()]
rows.insert(1, ["the published weights", *map("{:.2f}".format, PUBLISHED)])  # as measured
plotting.table(["series", *METRICS], rows, ".3f")

# %% [markdown]
# Do the images resemble those of the input? A fresh classifier looks at windows of sixteen samples, generated or real; its
# accuracy is one half where there is nothing to be told apart.

# %%
from lorenz_utils.metrics import classifier_accuracy

halves = make_ensemble(60, 1000, 0.1, rng=7)
told = classifier_accuracy(halves[:30], generator.generate(30, rng=7))
null = classifier_accuracy(halves[:30], halves[30:])

# %% tags=["hide-input"]
record("deck-gan/classifier-accuracy", told, amplified=True, n_series=30)
Markdown(f"Accuracy: {told:.3f} for the notebook's network, {null:.3f} for other real series.")

# %% [markdown]
# {numref}`tab-deck-gan-quality` sets both editions beside the authors' own weights and beside what real series reach. Different
# latents of the published network give nearly the same series, as ours do: the mode collapse that slide 21 warns of.
#
# :::{margin} Constant, and faithful?
# The origin is a fixed point. A network that draws nothing but small numbers has a small flow
# residual: $D_\text{stsp}$ and the diversity have to be read beside it.
# :::
#
# ## The image approach at its best
#
# Was the idea lost, or only its execution? {numref}`fig-deck-gan-ladder` starts from a DCGAN {cite}`radford2016unsupervised`
# with all the slides' tricks, and keeps adding what has been learned about GANs since, one remedy a rung:
#
# * a *moving average* of the generator's weights;
# * the *relativistic loss* with *R1 and R2*, gradient penalties on real and generated images {cite}`huang2024gan`, in
#   place of the slides' tricks and of spectral normalisation;
# * a learning rate that begins higher and *decays* to zero;
# * the *symmetry* of the system and *crops* of long series at any time, so that the data never end;
# * the *delay fold* {cite}`naiman2024utilizing`: rows of the image overlap, each begins four samples after the one above,
#   so that neighbours in the image are neighbours in time in both directions;
# * *residual networks* without normalisation on both sides;
# * and on the same fold, in place of the game, a small *diffusion model*, trained by flow matching {cite}`lipman2023flow`:
#   a network learns the velocity that carries noise to images.
#
# Every rung has the same budget of steps and one seed, and is compared with real series of the same
# shape. `python -m experiments.ladder` computes what is missing.

# %%
from experiments.ablation import RECORDS
from experiments.ladder import BUDGET, STEPS
from experiments.study import read_study

study = read_study(RECORDS / "ladder")
names = [*STEPS, "diffusion model"]
ladder = dict(zip(names, study.values(), strict=True))

# %% tags=["hide-input"]
minutes = sum(kept["seconds"] for kept in ladder.values()) / 60
Markdown(
    f"{BUDGET.n_steps:,} steps a rung; all {len(ladder)} took {minutes:.0f} minutes of one core."
)

# %% tags=["hide-input"] label="fig-deck-gan-ladder"
_ = figures.plot_ladder({name: kept["result"] for name, kept in ladder.items()})

# %% tags=["hide-input", "hide-output"] label="tab-deck-gan-ladder"
rows = [[name, *kept["result"]["quality"].values()] for name, kept in ladder.items()]
floors = [kept["result"]["floor"] for kept in ladder.values()]
rows.append(["real, whole series", *floors[0].values()])
plotting.table(["rung", *figures.symbols(METRICS)], rows, ".3f")

# %% [markdown]
# The average and the penalties alone lower the residual by drawing less: their $D_\text{stsp}$ is the largest of all. A higher
# rate ends the collapse. The delay fold is the first remedy that improves every column, and it changes no network: it
# gives the convolutions neighbours that are neighbours in time. On that fold the diffusion model improves every column
# again. It is far from its end after so short a training, and so may the rungs below it be.
#
# ## What we find

# %% tags=["hide-input"]
slides, plain = measured["slides' edition"], measured["real, 5 % noise"]
best = min(ladder.values(), key=lambda kept: kept["result"]["quality"]["flow residual, median"])
top, floor = (best["result"][key] for key in ("quality", "floor"))
record("deck-gan/best-image-residual", top["flow residual, median"], seed=BUDGET.seed)
Markdown(
    f"* **The deck's GAN, built again from its own notebook, draws one picture.** Its diversity is {ours['diversity']:.2f} (the "
    f"published weights: {PUBLISHED[4]:.2f}; real series {measured['real']['diversity']:.2f}), its median one-step error "
    f"{ours['flow residual, median']:.2f} standard deviations (published {PUBLISHED[0]:.2f}; real data with 5 % noise "
    f"{plain['flow residual, median']:.3f}). The same layers under the slides' tricks, with as many steps: diversity "
    f"{slides['diversity']:.2f}, error {slides['flow residual, median']:.2f}. Each rests on one training seed.\n"
    f"* **Its critic had won from the first epochs on**: {right.value:.1%} right answers under the noise that was to hide "
    "the difference.\n"
    "* **At their best, images come nearer, and not near.** The lowest error on the ladder ({numref}`fig-deck-gan-ladder`) is "
    f"{top['flow residual, median']:.3f} median, with $D_\\text{{stsp}}$ {top['D_stsp']:.2f} (real {floor['D_stsp']:.2f}) and diversity "
    f"{top['diversity']:.2f}, after {best['seconds'] / 60:.0f} minutes of one core. "
    "{doc}`/book/04_generation/faithful_generator` shows what networks reach in as much time when they step in time."
)

# %% [markdown]
# ## Exercises
#
# :::{exercise}
# :label: ex-deck-gan-difference
#
# Show that the notebook's noise hides nothing: add it to real and to constant images, and tell them apart by one number
# an image.
# :::

# %% tags=["solution"]
images = torch.from_numpy(series_to_images(real, Scaling((0, 0, 0), (1, 1, 1))))
both = torch.stack([images, images.mean((0, 2, 3), keepdim=True).expand_as(images)])
noisy = both + 10 * torch.randn(2, 100, 1, 32, 32, generator=torch.Generator().manual_seed(0))
spread = (noisy[:, :, 0] - noisy[:, :, 1]).std((2, 3))  # of x - y, pixel by pixel
assert spread[0].min() > spread[1].max()
spread.mean(1).tolist()

# %% [markdown]
# :::{exercise}
# :label: ex-deck-gan-labels
#
# Draw 10 000 labels for real images with the slides' smoothing and flips. What is their mean,
# and which discriminator output minimises the loss for a real image?
# :::

# %% tags=["solution"]
from experiments.dcgan import labels

torch.manual_seed(0)
targets = labels(DECK_SLIDES, torch.zeros(10_000), real=True)
# The cross-entropy with a random target is minimal at the target's mean.
assert abs(targets.mean() - (0.95 - 0.9 * DECK_SLIDES.label_flip)) < 0.01
float(targets.mean())

# %% [markdown]
# **Onward.** {doc}`/book/04_generation/evaluation` puts these series through every metric, with controls, and
# judges the deck's table of exponents. {doc}`/book/04_generation/faithful_generator` asks what a GAN
# can do that steps in time.
