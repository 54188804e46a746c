# Learning Lorenz. `make` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
NAME ?= deck-dcgan
.DEFAULT_GOAL := help
.PHONY: help book status test pdf lab serve train ablation profile check accept messages lock bench lint audit clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

book: $(VENV)/.installed ## execute what changed and write _build/html
	@$(BIN)/python book/build.py

status: $(VENV)/.installed ## say of each chapter whether it is fresh or stale, and why
	@$(BIN)/python book/build.py status

test: $(VENV)/.installed ## run the tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadgroup

lab: $(VENV)/.installed ## open JupyterLab; a double click opens a chapter as a notebook
	@JUPYTER_CONFIG_PATH=$(CURDIR)/.jupyter $(BIN)/python -m jupyterlab book

serve: book ## serve the built book on this machine
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

pdf: book ## print the whole book into _build/pdf, with an installed Chromium
	@$(BIN)/python book/pdf.py

train: $(VENV)/.installed ## train a model anew, or go on after a kill: make train NAME=deck-dcgan
	@$(BIN)/python -m lorenz_utils.training $(NAME)

ablation: $(VENV)/.installed ## run what is missing of the studies of the GANs: make ablation STUDY=deck
	@$(BIN)/python -m lorenz_utils.ablation $(STUDY)

profile: $(VENV)/.installed ## list the ten cells of the book that took longest
	@$(BIN)/python book/build.py profile

check: $(VENV)/.installed ## build twice from nothing and compare; with MACHINE=generic, haswell, sandybridge or all: execute the book as on that CPU and compare
	@$(BIN)/python book/build.py check $(MACHINE)

accept: $(VENV)/.installed ## make the results of the built book the expected ones
	@$(BIN)/python book/build.py accept

messages: $(VENV)/.installed ## bring the catalogues of the French edition up to date with the English
	@$(BIN)/python book/build.py messages

lock: $(VENV)/.installed ## write constraints.txt from what is installed
	@{ echo "# The full resolved set behind requirements.txt; regenerate with: make lock"; \
	   $(BIN)/python -m pip freeze --all --exclude-editable | grep -viE '^pip==' | sed 's/+cpu$$//'; \
	 } > constraints.txt

bench: $(BENCH)/.installed ## measure again what benchmarks/results holds, up to an hour
	@for file in benchmarks/*.py; do OMP_NUM_THREADS=1 $(BENCH)/bin/python $$file || exit 1; done

lint: $(VENV)/.installed ## style check of all code
	@$(BIN)/ruff check . && $(BIN)/ruff format --check lorenz_utils tests

audit: ## ask for known vulnerabilities of the pinned versions, where their data can be reached
	@$(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/python -m pip install --quiet pip-audit==2.10.1
	@out=$$(timeout 300 $(VENV)/audit/bin/pip-audit --disable-pip --no-deps -r constraints.txt 2>&1); code=$$?; \
	 echo "$$out" | tail -n 40; \
	 if [ $$code -eq 124 ] || grep -qE "ConnectionError|ServiceError|Max retries" <<< "$$out" || \
	   [ $$(grep -c "could not be audited" <<< "$$out") -gt 20 ]; then \
	   echo "SKIPPED: the data on vulnerabilities cannot be reached from here; nothing was checked."; exit 0; fi; \
	 exit $$code

clean: ## remove built pages and cached results, keep .venv
	@rm -rf _build

$(VENV)/.installed: requirements.txt constraints.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and '$(PYTHON)' was not found: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, and $$($(PYTHON) --version) was found: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into $(VENV) (a few minutes the first time)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet -r requirements.txt -c constraints.txt
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -e .
	@touch $@

# PySINDy is measured against, not used: it stays out of the book's environment.
$(BENCH)/.installed: requirements-bench.txt requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet -r requirements-bench.txt -c constraints.txt
	@$(BENCH)/bin/python -m pip install --quiet --no-build-isolation --no-deps -e .
	@touch $@
