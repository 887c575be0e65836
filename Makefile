# One name a job; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# The newest Python that is here and new enough.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
CODE := app.py core db ingest auth api components pages simulate
COMPOSE := docker compose --env-file deploy/.env

.PHONY: help run test lint format bench lock up down clean

help: ## List what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.run ## Start everything and say which address to open
	@exec $(BIN)/python app.py

test: $(VENV)/.dev ## Run all tests; sets up what they need
	@CHROMIUM=$$(bash tests/find_chromium.sh) || exit 1; \
	if command -v node >/dev/null; then node --test tests/js/; else echo "SKIPPED: node is not here, so tests/js did not run"; fi && \
	WAYPOST_TEST_CHROMIUM="$$CHROMIUM" $(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

lint: $(VENV)/.dev ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE) bench tests
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure, and write bench/results/
	@CHROMIUM=$$(bash tests/find_chromium.sh) || exit 1; WAYPOST_TEST_CHROMIUM="$$CHROMIUM" $(BIN)/python -m bench

lock: $(VENV)/.dev ## Compile requirements*.in to exact versions
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

up: ## Start everything in containers and say which address to open
	@docker compose version >/dev/null 2>&1 || { echo "make up needs Docker with its compose plugin: https://docs.docker.com/compose/install/"; exit 1; }
	@sh deploy/make_env.sh
	@$(COMPOSE) up -d --build --wait || { echo "Not everything started; see: $(COMPOSE) logs"; exit 1; }
	@echo "Open http://$$($(COMPOSE) port waypost 8050)"
	@echo "The first start printed the admin password; see: $(COMPOSE) logs waypost"

down: ## Stop the containers; data stays
	@docker compose version >/dev/null 2>&1 || { echo "make down needs Docker with its compose plugin: https://docs.docker.com/compose/install/"; exit 1; }
	@$(COMPOSE) down

clean: ## Remove the virtual environment and caches; data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Waypost needs Python 3.11 or newer with venv (on Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Making a virtual environment with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Waypost needs (once; about 300 MB)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what tests and checks need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
