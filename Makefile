# The commands of this project. `make` lists them.
# Nothing but Python 3.11+, make and git is needed: uv is put into .tools/ where the machine has none.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

PYTHON ?= python3
UV_VERSION := 0.13.9
# The machine's own uv, when it is new enough (0.9) for pyproject.toml; else a private one.
UV := $(shell uv --version 2>/dev/null | awk '{ split($$2, v, "."); exit !(v[1] > 0 || v[2] >= 9) }' && command -v uv || echo .tools/bin/uv)
# A devcontainer keeps the environment in the home folder: a volume there is quick, and not mixed up with the host's.
VENV := $(or $(UV_PROJECT_ENVIRONMENT),.venv)
BIN := $(VENV)/bin
# Which torch: empty takes PyPI's (CUDA on Linux, MPS on macOS), `make setup TORCH=cpu` the lean CPU build. It is remembered.
TORCH ?= $(shell cat $(VENV)/.torch-group 2>/dev/null)
DEMO_DIR ?= data/demo
TESTS ?= tests
WORKERS ?= 2

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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
	@printf '%s' '$(TORCH)' > $(VENV)/.torch-group

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
test: trainer ## Run the whole test suite (TESTS=tests/features for a part of it)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --ignore tests/containers $(TESTS)

.PHONY: coverage
coverage: programs ## Run the whole test suite and hold branch coverage to its bound
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist loadfile --ignore tests/containers
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

.PHONY: lint
lint: setup ## Check style and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/hadolint Dockerfile.*
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/shellcheck scripts/*.sh
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/actionlint -color=false
	@$(BIN)/zizmor --offline --no-progress --quiet .github/workflows
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml docker-compose.cluster.yml
	@$(BIN)/check-jsonschema --quiet --schemafile .devcontainer/devContainer.base.schema.json \
	  .devcontainer/devcontainer.json .devcontainer/cuda/devcontainer.json

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
native-mac: ## On a Mac with Apple silicon: make the environment, check it, measure the GPU
	@MAKE='$(MAKE)' scripts/native.sh mac

.PHONY: native-linux
native-linux: ## The same on Linux
	@MAKE='$(MAKE)' scripts/native.sh linux

.PHONY: up-cpu up-cuda up-rocm
up-cpu: ## In a container, on the processor: build, check, run the pipeline on data/datasets
up-cuda: ## The same on an NVIDIA GPU
up-rocm: ## The same on an AMD GPU
up-cpu up-cuda up-rocm: up-%:
	@scripts/preflight.sh $*
	@docker compose up --build sda-$*

.PHONY: test-fast
test-fast: setup ## The tests that need seconds: no containers, no processes of their own
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not process" --ignore tests/containers $(TESTS)

.PHONY: trainer
trainer: setup ## Put Stable Audio Tools into .tools/, to read exports back with the trainer's own loader
	@UV='$(UV)' PYTHON='$(BIN)/python' scripts/trainer.sh || [ "$$CI" != true ]

.PHONY: programs
programs: trainer ## Put what else some tests need on a Debian machine: a browser and fpcalc
	@scripts/ci-programs.sh

# A part of all points: make test-faults PART=2/5
PART ?= 1/1
.PHONY: test-faults
test-faults: setup ## Strike everything that writes with every fault, and end 50 runs (nightly; half an hour; Linux)
	@PYTHONPATH=src:tests $(BIN)/python -m support.faults --most-costly 15 --lock-files --part $(PART) --rounds 50
	@PYTHONPATH=src:tests $(BIN)/python -m support.faults.resume --ends 50

.PHONY: fuzz
fuzz: setup ## Feed every reader with changed files, and let libFuzzer look for more (nightly)
	@PYTHONPATH=src:tests $(BIN)/python -m support.fuzz --files 2000 --runs 20000

.PHONY: test-captions
test-captions: setup ## Try captions with a real llama-server, put into .tools (Debian, Ubuntu; elsewhere the one on the PATH)
	@UV='$(UV)' scripts/llama-server.sh || [ "$$CI" != true ]
	@$(BIN)/python -m pytest -q tests/models/captioning/test_real_llama_server.py tests/cli/test_caption_by_llama_server.py

.PHONY: test-containers
test-containers: setup ## Build the images and try them on real volumes (needs Docker, or a Debian machine to put it on)
	@scripts/ci-docker.sh
	@CONTAINER_TESTS=1 $(BIN)/python -m pytest -q tests/containers

.PHONY: test-devcontainer
test-devcontainer: ## Open the devcontainer as an editor would, and run the fast tests in it (needs Docker and npm)
	@scripts/ci-docker.sh
	@scripts/test-devcontainer.sh

.PHONY: test-lowest
test-lowest: $(filter .tools/bin/uv,$(UV)) ## Run the tests with the lowest versions that pyproject.toml allows, in .venv-lowest
	@$(UV) venv --quiet --clear .venv-lowest
	@$(UV) pip install --quiet --python .venv-lowest --resolution lowest-direct $(if $(TORCH),--torch-backend $(TORCH)) --editable . --group dev
	@.venv-lowest/bin/python -m pytest -q -n $(WORKERS) --dist loadfile --ignore tests/containers $(TESTS)

# The Python of .python-version, on every platform that is promised; macOS from the version that native.sh asks for.
.PHONY: wheels
wheels: $(filter .tools/bin/uv,$(UV)) ## Prove that every locked package, extras too, has a wheel for Linux (x86-64, Arm) and macOS (Arm)
	@for platform in x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-apple-darwin; do \
	  for group in "" "--group cpu"; do \
	    MACOSX_DEPLOYMENT_TARGET=14.0 UV_PROJECT_ENVIRONMENT=$$(mktemp -d)/none $(UV) sync --quiet --dry-run --frozen --no-build --all-extras \
	      --no-dev --no-install-project --python-platform $$platform $$group || exit 1; \
	    echo "Wheels for $$platform $$group: all there"; \
	  done; \
	done

.PHONY: lock
lock: $(filter .tools/bin/uv,$(UV)) ## Lock the newest versions that pyproject.toml allows
	@$(UV) lock --upgrade

.PHONY: package
package: $(filter .tools/bin/uv,$(UV)) ## Build the wheel and the sdist into dist/, and look whether the wheel holds what it should
	@rm -rf dist
	@$(UV) build --quiet
	@$(PYTHON) -m zipfile --list dist/*.whl | grep -q small_dataset_audio/py.typed
	@$(PYTHON) -m zipfile --list dist/*.whl | grep -q entry_points.txt
	@$(PYTHON) -m zipfile --list dist/*.whl | grep -q report/assets/report.css
	@ls -l dist

.PHONY: sbom
sbom: $(filter .tools/bin/uv,$(UV)) ## List everything that an installation with all extras holds (CycloneDX) in dist/sbom.cdx.json
	@mkdir -p dist
	@$(UV) export --quiet --locked --no-dev --all-extras --format cyclonedx1.5 --output-file dist/sbom.cdx.json >/dev/null

.PHONY: ci-containers
ci-containers: setup ## The container tests where an engine can be had and 30 GB are free; elsewhere it says so and is no failure
	@PYTHON=$(BIN)/python scripts/ci-containers.sh

.PHONY: ci
ci: lint types wheels coverage ci-containers ## Everything that a change must pass
	@echo "All checks passed."

.PHONY: clean
clean: ## Remove the environment and what tools left behind (never data/ or config.toml)
	@rm -rf .venv .venv-lowest .tools build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
