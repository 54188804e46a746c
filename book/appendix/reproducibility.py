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
# # Reproducibility
#
# **Question.** Which code, libraries, seeds and machine stand behind the numbers of this book?
#
# **What the deck claimed.** (slide 36) "Try me on GitHub!" We take the invitation seriously.
#
# ## Code
#
# The build itself writes the next lines: what the repository held, and how long each chapter took to
# execute on one core. A chapter is executed again when its code, a file that it reads or a library has
# changed; `make status` says which and why. The foot of each page repeats the commit.
#
# ```{build-record}
# ```
#
# ## Machine

# %% tags=["hide-input"] label="tab-reproducibility-machine"
import json
import os
import platform
from importlib.metadata import version

from IPython.display import Markdown

from lorenz_utils import ledger, plotting
from lorenz_utils.system import ORBIT_DIGEST, orbit_digest

as_everywhere = orbit_digest() == ORBIT_DIGEST
ledger.record("reproducibility/orbits-as-everywhere", int(as_everywhere))
rows = [
    ["Python", platform.python_version()],
    ["system", f"`{platform.system()} {platform.machine()}`"],
    ["cores", os.cpu_count()],
    ["orbits", "the same bytes as everywhere" if as_everywhere else "not those of other machines"],
]
plotting.table(["what", "value"], rows)

# %% [markdown]
# ## Libraries
#
# {numref}`tab-reproducibility-libraries` has the direct dependencies; `constraints.txt` in the repository
# fixes the whole resolved set.

# %% tags=["hide-input"] label="tab-reproducibility-libraries"
pins = [
    line.split("==")[0].strip()
    for line in (ledger.ROOT / "requirements.txt").read_text(encoding="utf8").splitlines()
    if "==" in line
]
plotting.table(["package", "version"], [[f"`{p}`", version(p)] for p in pins])

# %% [markdown]
# ## Trained models
#
# The weights are safetensors files in `models/`, loaded only if their hash and configuration match
# their record. `make train NAME=...` makes them again from nothing. These were trained before the integrator
# had one order of sums, on orbits of the same seeds that part from today's after a while. Every metric of
# theirs is computed against today's orbits.
#
# :::{margin} Why safetensors?
# A pickle, the usual file of a trained network, may run any code when it is loaded. A safetensors file
# holds names, shapes and numbers, and there is nothing in it to run.
# :::

# %% tags=["hide-input"] label="tab-reproducibility-models"
rows = []
for path in sorted((ledger.ROOT / "models").glob("*.json")):
    entry = json.loads(path.read_text(encoding="utf8"))
    config = entry["config"]
    rows.append([
        f"`{config['name']}`", config["seed"], config["data_seed"], f"{config['n_steps']:,}",
        f"{entry['seconds'] / 60:.0f}", f"{entry['parameters']:,}", f"`{entry['sha256'][:12]}`",
        f"`{entry['orbits']}`",
    ])
headers = ["model", "seed", "data seed", "steps", "minutes", "weights", "sha256", "orbits"]
plotting.table(headers, rows)

# %% [markdown]
# ## Seeds
#
# Every random draw of the book comes from a generator with an explicit seed, written in the cell that
# uses it. Each recorded result carries its own context, listed in {numref}`tab-reproducibility-results`.
#
# :::{margin} Same seed, other numbers
# A seed fixes what one version of a library draws. NumPy does not promise that the next version's
# generators draw the same: without the versions above the seeds would say little.
# :::

# %% tags=["hide-input"] label="tab-reproducibility-results"
results = [json.loads(path.read_text(encoding="utf8")) for path in sorted(ledger.RESULTS.glob("*.json"))]
rows = [
    [
        f"`{r['name']}`",
        f"`{', '.join(f'{k} = {v}' for k, v in r['context'].items())}`" if r["context"] else "deterministic",
    ]
    for r in results
]
plotting.table(["result", "context"], rows)

# %% [markdown]
# ## What we find
#
# Two builds on one machine with these versions give the same text, numbers and figures: `make check`
# builds from nothing, again, and compares. Between machines the last digits of floating-point sums
# differ, and a chaotic system amplifies them by {eq}`eq-growth`. So each sum behind an orbit has one fixed
# order here, and the orbits are the same bytes on every machine; a fit to them agrees to many digits. A
# network's training amplifies rounding as chaos does: there only averages agree, within their intervals.
# `make check MACHINE=all` executes the book as on other processors, and compares results, verdicts and
# sentences.
#
# :::{margin} Sums have an order
# Rounded addition is not associative: $(a + b) + c$ and $a + (b + c)$ may differ in the last digit. In
# which order a library adds may depend on the processor and on the number of threads.
# :::
#
# ## Exercises
#
# **1.** Change a seed in a chapter and rebuild: which chapters are executed again? *Only that one and
# those that read its results, which are the conclusions and this page.*
#
# **2.** Change a comment in `lorenz_utils/system.py` and rebuild. *Every chapter that imports it,
# directly or not, is executed again: the build compares the bytes of the files.*
