# The commands of this project. `make` lists them.
# Nothing but Python 3.11+, make and git is needed: uv is put into .tools/ where the machine has none.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

PYTHON ?= python3
UV_VERSION := 0.13.9
# The machine's own uv, when it is new enough (0.9) for pyproject.toml; else a private one.
UV := $(shell uv --version 2>/dev/null | awk '{ split($$2, v, "."); exit !(v[1] > 0 || v[2] >= 9) }' && command -v uv || echo .tools/bin/uv)
BIN := .venv/bin
# Which torch: empty takes PyPI's (CUDA on Linux, MPS on macOS), `make setup TORCH=cpu` the lean CPU build. It is remembered.
TORCH ?= $(shell cat .venv/.torch-group 2>/dev/null)
DEMO_DIR ?= data/demo
TESTS ?= tests
WORKERS ?= 2

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Error: $(PYTHON) is older than 3.11 (or missing)."; \
	  echo "  Why: sda needs Python 3.11 or newer."; \
	  echo "  Fix: install it, or name another one: make setup PYTHON=python3.12"; exit 1; }
	@echo "Putting uv $(UV_VERSION) into .tools/"
	@$(PYTHON) -m venv .tools || { \
	  echo "Error: a virtual environment could not be made."; \
	  echo "  Why: this Python comes without the venv module."; \
	  echo "  Fix: on Debian and Ubuntu, sudo apt install python3-venv"; exit 1; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

.PHONY: setup
setup: $(filter .tools/bin/uv,$(UV)) ## Make the environment in .venv exactly as locked (TORCH=cpu for the lean CPU build)
	@$(UV) sync --locked --quiet --compile-bytecode $(if $(TORCH),--group $(TORCH)) || { \
	  echo "Error: the environment could not be made."; \
	  echo "  Why: see the lines above. Most often the network broke off or the disk is full (7 GB; 2 GB with TORCH=cpu)."; \
	  echo "  Fix: run the same command again: what was downloaded is kept."; exit 1; }
	@printf '%s' '$(TORCH)' > .venv/.torch-group

.PHONY: demo
demo: setup ## Compose a small library of music, run the pipeline on it, compare with the truth
	@$(BIN)/sda doctor
	@$(BIN)/sda demo $(DEMO_DIR)

.PHONY: run
run: setup ## Run the pipeline on the recordings in data/datasets
	@$(BIN)/sda run

.PHONY: run-verbose
run-verbose: setup ## The same, saying everything
	@$(BIN)/sda run --verbose

.PHONY: test
test: setup ## Run the whole test suite (TESTS=tests/features for a part of it)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile $(TESTS)

.PHONY: coverage
coverage: setup ## Run the whole test suite and hold branch coverage to its bound
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist loadfile
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

.PHONY: lint
lint: setup ## Check style and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

.PHONY: format
format: setup ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: types
types: setup ## Check types (mypy, strict)
	@$(BIN)/mypy

.PHONY: docs
docs: setup ## Write the tables in docs/ again from the code
	@$(BIN)/python scripts/build_docs.py

.PHONY: benchmark
benchmark: setup ## Time the analysis of a three-minute track, beside other tools where they are installed
	@$(BIN)/python benchmarks/analyze.py

.PHONY: native-mac
native-mac: ## On a Mac with Apple silicon: make the environment, check it, show the device
	@[ "$$(uname -s)" = Darwin ] && [ "$$(uname -m)" = arm64 ] || { \
	  echo "Error: this is $$(uname -s) on $$(uname -m)."; \
	  echo "  Why: make native-mac is for macOS on Apple silicon."; \
	  echo "  Fix: elsewhere, make setup does the same."; exit 1; }
	@$(MAKE) --no-print-directory setup
	@$(BIN)/sda doctor

.PHONY: ci
ci: lint types coverage ## Everything that a change must pass
	@echo "All checks passed."

.PHONY: clean
clean: ## Remove the environment and what tools left behind (never data/ or config.toml)
	@rm -rf .venv .tools build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
