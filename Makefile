# Everything that the repository does, by name. `make` alone lists it.
#
# Needs Python 3.11 or later with pip, git and make; nothing has to be activated: all is installed into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.ready
PYTEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo studio test lint format bench reference docs docs-serve lock clean

help: ## List what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install the product and its tools into .venv (at once when nothing changed), build the studio
	@scripts/studio --if-stale --if-possible

$(STAMP): pyproject.toml requirements.lock scripts/setup
	@scripts/setup "$(PYTHON)"
	@touch $(STAMP)

studio: $(STAMP) ## Build the web application (Node.js 20 or later, npm)
	@scripts/studio

demo: $(STAMP) ## Do the main job on real data: data, training, model, endpoint, score, lineage
	@$(BIN)/python scripts/demo.py

test: $(STAMP) ## Run all tests, with real processes
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(STAMP) ## Check format, style, types, import rules, docs and locks
	@scripts/check

format: $(STAMP) ## Format the code and mend what can be mended by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP) ## Measure, with the references in the same run (PEERS=1 adds MLflow's and Azure's servers)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

reference: $(STAMP) ## Write docs/reference again from kinds and --help
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python -W ignore scripts/reference_cli.py

docs: $(STAMP) ## Build the documentation into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

docs-serve: $(STAMP) ## Show the documentation on this machine and follow changes
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve

lock: $(STAMP) ## Write requirements.lock again from pyproject.toml
	@scripts/lock

clean: ## Delete what was built; .venv stays
	@rm -rf build dist site .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
