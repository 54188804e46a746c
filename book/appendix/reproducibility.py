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
# **In short.** Two builds on one machine agree in every byte of their text. Between machines the orbits do, fits to them to many
# digits, and trained networks within the intervals of their averages.
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

# %% tags=["hide-input"]
import json
import os
import platform
from importlib.metadata import version

from lorenz_utils import ledger, plotting
from lorenz_utils.system import ORBIT_DIGEST, orbit_digest

# %% label="tab-reproducibility-machine"
as_everywhere = orbit_digest() == ORBIT_DIGEST
ledger.record("reproducibility/orbits-as-everywhere", int(as_everywhere))
orbits = "the same bytes as everywhere" if as_everywhere else "not those of other machines"
system = f"`{platform.system()} {platform.machine()}`"
values = platform.python_version(), system, os.cpu_count(), orbits
plotting.table(["what", "value"], zip(["Python", "system", "cores", "orbits"], values, strict=True))

# %% [markdown]
# ## Libraries
#
# {numref}`tab-reproducibility-libraries` has the direct dependencies; `constraints.txt` in the repository
# fixes the whole resolved set.

# %% tags=["hide-output"] label="tab-reproducibility-libraries"
lines = (ledger.ROOT / "requirements.txt").read_text(encoding="utf8").splitlines()
packages = [line.split("==")[0].strip() for line in lines if "==" in line]
plotting.table(["package", "version"], [[f"`{name}`", version(name)] for name in packages])

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

# %% label="tab-reproducibility-models"
rows, keys = [], ("name", "seed", "data_seed", "n_steps")
for path in sorted((ledger.ROOT / "models").glob("*.json")):
    model = json.loads(path.read_text(encoding="utf8"))
    name, seed, data_seed, n_steps = (model["config"][k] for k in keys)
    digests = f"`{model['sha256'][:12]}`", f"`{model['orbits']}`"
    sizes = n_steps, model["seconds"] / 60, model["parameters"]
    rows.append([f"`{name}`", seed, data_seed, *sizes, *digests])
headers = ["model", "seed", "data seed", "steps", "minutes", "weights", "sha256", "orbits"]
plotting.table(headers, rows, ["", "", "", ",", ".0f", ",", "", ""])

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

# %% tags=["hide-output"] label="tab-reproducibility-results"
rows = []
for path in sorted(ledger.RESULTS.glob("*.json")):
    result = json.loads(path.read_text(encoding="utf8"))
    context = ", ".join(f"{key} = {value}" for key, value in result["context"].items())
    rows.append([f"`{result['name']}`", f"`{context}`" if context else "deterministic"])
plotting.table(["result", "context"], rows)

# %% [markdown]
# ## What we find
#
# * **Two builds on one machine** with these versions give the same text, numbers and figures: `make check`
#   builds from nothing, again, and compares.
# * **Between machines** the last digits of floating-point sums
#   differ, and a chaotic system amplifies them by {eq}`eq-growth`. So each sum behind an orbit has one fixed
#   order here, and the orbits are the same bytes on every machine; a fit to them agrees to many digits. A
#   network's training amplifies rounding as chaos does: there only averages agree, within their intervals.
#   `make check MACHINE=all` executes the book as on other processors, and compares results, verdicts and
#   sentences.
#
# :::{margin} Sums have an order
# Rounded addition is not associative: $(a + b) + c$ and $a + (b + c)$ may differ in the last digit. In
# which order a library adds may depend on the processor and on the number of threads.
# :::
#
# ## Exercises
#
# :::{exercise}
# :label: ex-reproducibility-seed
#
# Change a seed in a chapter and rebuild: which chapters are executed again?
# :::

# %% [markdown] tags=["solution"]
# Only that one and
# those that read its results, which are the conclusions and this page.

# %% [markdown]
# :::{exercise}
# :label: ex-reproducibility-comment
#
# Change a comment in `lorenz_utils/system.py` and rebuild: which are executed now?
# :::

# %% [markdown] tags=["solution"]
# Every chapter that imports it,
# directly or not, is executed again: the build compares the bytes of the files.

# %% [markdown]
# **Onward.** {doc}`/book/appendix/cluster` takes the computations of this book to many machines.
