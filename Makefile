# Two commands are enough: `make sweep` and `make test`. Both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
CONFIG ?= configs/quickstart.yaml
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help install sweep test prove lint bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(RUN_STAMP) ## Make .venv and install the package into it

sweep: $(RUN_STAMP) ## Run a sweep: make sweep [CONFIG=configs/x.yaml] [ARGS="--count 40 --workers 2"]
	@$(BIN)/rag-sweeps sweep $(CONFIG) $(ARGS)

test: $(DEV_STAMP) ## Run all tests
	@$(BIN)/python -m pytest -n 3 $(ARGS)

prove: $(DEV_STAMP) ## Run the tests that prove a number at the size of their claim: hours
	@RAG_SWEEPS_PROVE=1 $(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(DEV_STAMP) ## Check style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: $(DEV_STAMP) ## Run the benchmarks: make bench [ARGS=scoring]
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove the environment; what sweeps measured under .rag_sweeps stays
	rm -rf $(VENV) build *.egg-info

# torch goes first: a CPU build that is there satisfies everything that asks for torch afterwards.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "rag-sweeps needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Use: make sweep PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV): once, a minute or two"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@
