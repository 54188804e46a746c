# Learning Lorenz. `make` lists the targets.
SHELL := /bin/bash
# The locale does not matter, and targets named together run one after the other, with -j too.
export PYTHONUTF8 := 1
# Nor do the modules that a user's shell puts before the environment's own.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH
.NOTPARALLEL:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
NAME ?= faithful-generator
.DEFAULT_GOAL := help
.PHONY: help book status test unit pdf lab serve train ablation profile check accept messages links lock bench lint audit clean again

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-10s%s\n", $$1, $$2}'

book: $(VENV)/.installed ## execute what changed and write _build/html
	@$(BIN)/python -m publishing

status: $(VENV)/.installed ## say of each chapter whether it is fresh or stale, and why
	@$(BIN)/python -m publishing status

test: $(VENV)/.installed ## run the tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

# tests/test_NAME.py holds the tests of lorenz_utils/NAME.py, or of the package lorenz_utils/NAME/
MODULES := $(wildcard lorenz_utils/*.py) $(patsubst %/__init__.py,%.py,$(wildcard lorenz_utils/*/__init__.py))
UNIT := $(wildcard $(patsubst lorenz_utils/%.py,tests/test_%.py,$(MODULES)))
unit: $(VENV)/.installed ## run the tests of the module only, which need no book and no browser; name what they leave out
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --cov --cov-report= lorenz_utils $(UNIT)
	@$(BIN)/python -m coverage report | awk '$$NF == "Cover" || /^TOTAL/ || (/\.py / && $$NF + 0 < 95)'

# Kernels and modules are this clone's, whatever else is installed. As root, in a container,
# JupyterLab wants to be told that this is meant; a port that is in use it passes over by itself.
lab: $(VENV)/.installed ## open JupyterLab, where a double click opens a chapter: make lab PORT=8890 OPTIONS=--no-browser
	@here="$$(pwd -P)"; JUPYTER_PATH= JUPYTER_PREFER_ENV_PATH=1 JUPYTER_CONFIG_PATH="$$here/.jupyter" \
	 PYTHONPATH="$$here" LORENZ_HOME="$$here" $(BIN)/python -m jupyterlab book \
	 $(if $(filter 0,$(shell id -u)),--allow-root) $(if $(PORT),--port $(PORT)) $(OPTIONS)

serve: book ## serve the built book on this machine: make serve PORT=8001
	@$(BIN)/python -m publishing serve $(PORT)

pdf: book ## print the whole book into _build/pdf, with an installed Chromium
	@$(BIN)/python -m publishing pdf

train: $(VENV)/.installed ## train a model anew, or go on after a kill: make train NAME=deck-code
	@$(BIN)/python -m experiments.train $(NAME)

ablation: $(VENV)/.installed ## run what is missing of the studies of the GANs: make ablation STUDY=noise
	@$(BIN)/python -m experiments.ablation $(STUDY)

profile: $(VENV)/.installed ## list the ten cells of the book that took longest
	@$(BIN)/python -m publishing profile

check: $(VENV)/.installed ## build twice from nothing and compare; with MACHINE=generic, haswell, sandybridge or all: execute the book as on that CPU and compare
	@$(BIN)/python -m publishing check $(MACHINE)

accept: $(VENV)/.installed ## make the results of the built book the expected ones
	@$(BIN)/python -m publishing accept

messages: $(VENV)/.installed ## bring the catalogues of the French edition up to date with the English
	@$(BIN)/python -m publishing messages

links: book ## ask whether each address that the pages name is still there
	@$(BIN)/python -m publishing links

lock: $(VENV)/.installed ## write constraints.txt from what is installed; each Python needs wheels of all
	@{ echo "# The full resolved set behind requirements.txt; regenerate with: make lock"; \
	   $(BIN)/python -m pip freeze --all --exclude-editable | grep -viE '^(pip|nvidia-.*|cuda-.*|triton)==' | sed 's/+cpu$$//'; \
	 } > constraints.txt
	@for version in 3.11 3.12 3.13 3.14; do \
	   for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do \
	     MACOSX_DEPLOYMENT_TARGET=14.0 $(BIN)/uv pip compile --quiet --no-deps --only-binary :all: \
	       --python-version $$version --python-platform $$platform constraints.txt > /dev/null || exit 1; \
	 done; done

bench: $(BENCH)/.installed ## measure again what experiments/results holds, up to an hour
	@for file in experiments/results/*.json; do \
	   OMP_NUM_THREADS=1 $(BENCH)/bin/python -m experiments.$$(basename $$file .json) || exit 1; done

lint: $(VENV)/.installed ## style check of all code, the chapters' as well
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

audit: ## ask for known vulnerabilities of the pinned versions, where their data can be reached
	@"$(PYTHON)" -m venv $(VENV)/audit && $(VENV)/audit/bin/python -m pip install --quiet pip-audit==2.10.1
	@out=$$(timeout 300 $(VENV)/audit/bin/python -m pip_audit --disable-pip --no-deps -r constraints.txt 2>&1); code=$$?; \
	 echo "$$out" | tail -n 40; \
	 if [ $$code -eq 124 ] || grep -qE "ConnectionError|ServiceError|Max retries" <<< "$$out" || \
	   [ $$(grep -c "could not be audited" <<< "$$out") -gt 20 ]; then \
	   echo "SKIPPED: the data on vulnerabilities cannot be reached from here; nothing was checked."; exit 0; fi; \
	 exit $$code

clean: ## remove built pages and cached results, keep .venv
	@rm -rf _build

# What an environment was made from: the folder, which its module is installed from, and the pins.
# Their dates do not matter: some are in the future, and a copy's are those of the copy.
made_from = $(CURDIR) $(shell cat $1 | cksum)
PINS := requirements.txt constraints.txt pyproject.toml

# An environment that works is kept, unless PYTHON= asks for another version than its own.
HAS := $(shell $(BIN)/python -V 2>/dev/null)
ASKED := $(if $(filter file,$(origin PYTHON)),$(or $(HAS),none),$(shell "$(PYTHON)" -V 2>&1))
ifneq "$(call made_from,$(PINS)) $(HAS)" "$(shell cat $(VENV)/.installed 2>/dev/null) $(ASKED)"
$(VENV)/.installed: again
endif

# uv takes the CPU build of torch from torch's own index. Where it cannot, pip takes what it is set up
# for. uv installs nothing before it has found everything; its cache lies where its files are needed.
define install
$1/bin/python -m pip install --quiet -c constraints.txt uv && \
$1/bin/uv pip install --quiet --python $1 --torch-backend cpu --cache-dir $1/uv-cache \
  -r $2 -c constraints.txt 2> $1/uv.log || { \
echo "torch's CPU build cannot be had from here (see $1/uv.log): pip installs its default build"; \
$1/bin/python -m pip install --quiet -r $2 -c constraints.txt; } && \
rm -rf $1/uv-cache && $1/bin/python -m pip install --quiet --no-build-isolation --no-deps -e .
endef

$(VENV)/.installed:
	@[ -n "$(HAS)" -a "$(HAS)" = "$(ASKED)" ] || command -v "$(PYTHON)" >/dev/null || { echo "Python 3.11 or newer is needed, and '$(PYTHON)' was not found: make PYTHON=/path/to/python3.11"; exit 1; }
	@[ -n "$(HAS)" -a "$(HAS)" = "$(ASKED)" ] || "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, and $$("$(PYTHON)" --version) was found: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into $(VENV) (minutes the first time)"
	@rm -f $@; [ "$(HAS)" = "$(ASKED)" ] && $(BIN)/python -m pip -V >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@$(call install,$(VENV),requirements.txt)
	@{ pwd -P; cat $(PINS) | cksum; } > $@

# PySINDy is measured against, not used: it stays out of the book's environment.
$(BENCH)/.installed: requirements-bench.txt requirements.txt constraints.txt pyproject.toml
	@"$(PYTHON)" -m venv $(BENCH)
	@$(call install,$(BENCH),requirements-bench.txt)
	@touch $@
