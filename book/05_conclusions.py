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
# # Conclusions
#
# **Question.** What of the deck holds, what does not, and what follows?
#
# **What the deck claimed.** (slide 35) "For sufficiently small dt the variants of linear regression
# give good results. Yet for dt = 0.1 the linear regressors struggle to estimate the parameters of
# the model correctly. The generation of data by GANs is an interesting alternative. Results visually
# acceptable and which conserve the chaos."

# %%
from collections import Counter

from IPython.display import Markdown, display

from book.figures import conclusions as figures
from lorenz_utils import ledger, plotting

plotting.use_style()

# %% [markdown]
# ## What we find

# %% tags=["hide-input"]
verdicts = ledger.verdicts()
ours = ledger.recall
open_ones = [row["verdict"] for row in verdicts if not row.get("trivial")]
counts = Counter(open_ones)
Markdown(rf"""
* **Regression does not fail at $\delta t = 0.1$; forward differences do.** With the deck's derivative, plain
  least squares misses the coefficients by {ours("deck-tables/rmse-ols-dt-0.1"):.2f} (RMSE27). The
  same least squares through the flow map {{eq}}`eq-flow-map-fit` misses them by
  {ours("large-steps/flow-map-dt-0.1"):.1e}, on other series of the same total length
  ([Large steps](02_parametric/large_steps.py)). With 1 % noise it is
  {ours("noise/forward-difference-dt-0.1"):.2f} against {ours("noise/multiple-shooting-dt-0.1"):.4f} by
  multiple shooting ([noise](02_parametric/noise.py)).
* **The deck's table is right, and shows no chaos.** By the deck's estimator its own network, trained anew, has the exponents
  {ours("evaluation/eckmann-generated-x"):.2f}, {ours("evaluation/eckmann-generated-y"):.2f} and
  {ours("evaluation/eckmann-generated-z"):.2f}; linear noise has {ours("evaluation/eckmann-phase-randomised-x"):.2f} in x
  ([evaluation](04_generation/evaluation.py)).
* **A GAN can come much closer than images of folded series allow.** The deck's network errs by
  {ours("deck-gan/flow-residual"):.2f} standard deviations a step {{eq}}`eq-flow-residual`; the best of a ladder of remedies
  for images by {ours("deck-gan/best-image-residual"):.2f} ([the deck's GAN](04_generation/deck_gan.py)); stepping in time by
  {ours("faithful-generator/flow-residual"):.4f} ([a faithful generator](04_generation/faithful_generator.py)).

Of the {len(open_ones)} claims that could have turned out otherwise, {counts[ledger.REPRODUCED]:d} are reproduced and
{counts[ledger.IN_PART]:d} reproduced in part; {counts[ledger.NOT_REPRODUCED]:d} are not reproduced,
{counts[ledger.DOES_NOT_IMPLY]:d} hold but do not imply what is claimed, and {counts[ledger.UNDECIDED]:d} are undecided.
{len(verdicts) - len(open_ones):d} more are trivial.
""")

# %% [markdown]
# ## The scorecard
#
# The deck's claims belong to a few questions, and each question opens to its claims: the verdict, what is
# asked of our result, what we measure with its 95 % interval, and why it is so.


# %%
def asked(row):
    """What the claim's rule asks of our result."""
    if row["rule"] == "draw":
        return f"one draw: {row['deck']:g}"
    if row["rule"] == "equals":
        return f"{row['deck']:g}" + (f" ± {row['tolerance']:g}" if row["tolerance"] else "")
    return f"{'above' if row['rule'] == 'greater' else 'below'} {row['threshold']:g}"


# %% tags=["full-width", "scorecard"]
for question, claims in figures.by_question(verdicts).items():
    rows = [figures.row(claim, asked(claim)) for claim in claims]
    display(plotting.table([question, *figures.HEADERS], rows))

# %% [markdown]
# ## How a claim is judged
#
# Every claim that can be checked stands in `book/claims.yml`, quoted in translation, with the rule by
# which it is judged; what stands in square brackets is ours. The chapters record their results with
# intervals, and the verdicts are computed from both; nobody
# types them. A verdict is given only if our whole {term}`confidence interval` allows it: *reproduced*,
# *reproduced in part*, *not reproduced*, or *holds but does not imply what is claimed*, where a control
# without the claimed property passes the same test. Where the interval allows two of them the claim is
# *undecided*. Intervals are over independent repeats, as each chapter states, by Student's t; a number
# without one is exact, and where a value is asked, its ± is a tolerance.
#
# Most numbers of the deck's tables were drawn once, from one series or one pair of orbits. Such a number
# is reproduced if it lies where one more draw of ours would lie, within our 95 % {term}`prediction
# interval`, and if that interval is narrow enough to say something; beyond the 99.9 % prediction interval
# it is not.
#
# Claims that are true or false by definition or by construction, so that no experiment could turn out
# otherwise, are *trivial*, and {numref}`tab-conclusions-scorecard` counts them apart.
#
# :::{margin} An implication turned round
# That chaos has a positive exponent does not make whatever has a positive exponent chaotic. Logic calls
# this slip *affirming the consequent*; surrogate data {cite}`theiler1992testing` are the guard against
# it.
# :::

# %% label="tab-conclusions-scorecard"
trivial = Counter(row["verdict"] for row in verdicts if row.get("trivial"))
rows = [[f"*{verdict}*", counts[verdict], trivial[verdict]] for verdict in ledger.VERDICTS]
plotting.table(["verdict", "claims", "trivial claims"], rows, "d")

# %% [markdown]
# ## What remains open
#
# The generator that steps in time {eq}`eq-steps-in-time` follows Lorenz as closely as series can tell, and a
# polynomial does so too, in a second and without a critic ({doc}`/book/04_generation/faithful_generator`). What
# a critic is for is therefore open. Where the next state is random, a regression gives its mean and the size
# of what is left, and nothing of its shape: there a game might be won. The two
# parts of the deck are also less opposed than it says. A regression needs the form of the equations
# {eq}`eq-library` and gets their coefficients; a generator needs no form and gets series. Where the form is
# known, no generator in this book comes near the regression.
#
# ## Exercises
#
# :::{exercise}
# :label: ex-conclusions-own-claim
#
# Add a claim of your own to `book/claims.yml` and see it judged. What does the ledger do with a
# claim whose result nobody records?
# :::

# %% tags=["solution"]
try:
    ledger.recall("nobody/records-this")
except KeyError as error:
    print(error)

# %% [markdown]
# :::{exercise}
# :label: ex-conclusions-drawn-once
#
# Which verdicts would change if a number that was drawn once were held against our average,
# within its tolerance, instead of our next draw?
# :::

# %% tags=["solution"]
draws = [row for row in verdicts if row["rule"] == "draw"]
held = [ledger.judge({**row, "rule": "equals"}, row["ours"]) for row in draws]
[row["id"] for row, verdict in zip(draws, held, strict=True) if verdict != row["verdict"]]

# %% tags=["remove-cell"]
from myst_nb import glue

for name, picture in figures.front_page().items():
    glue(name, picture, display=False)
