# make demo | local | check | test | lint | setup | clean; each sets up what it needs first, once.

PORT ?= 8787
DATA ?= .local/demo
BIN := .venv/bin
SHELL := /bin/bash
# Which interpreter the environments are made with, if not the first on the PATH that can: make setup PYTHON=python3.12
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup venv aws-tools .venv-sam .venv-checkov .venv-parliament demo local test faults fuzz lint format
.PHONY: release-clients bench bench-full clean dynoxide tools reference lock check soak coverage widget widget-tools portal portal-tools client-tools screenshots

help:
	@echo "make demo [CONTENT=folder]  publish a folder of documents on the local stack and keep serving"
	@echo "make local [PORT=8787]      the local stack alone"
	@echo "make check                  lint, unit tests and most functional ones: within two minutes"
	@echo "make test                   every test that this machine can run, and how long each tier took"
	@echo "make soak                   the long forms of every tier, make faults and make fuzz among them: three hours; TIERS=\"fuzz kb\" takes some"
	@echo "make coverage               which lines and branches of layers/ the unit and functional tests reach"
	@echo "make aws-tools              the AWS SAM CLI, checkov and parliament, in .venv-* of their own; test sets them up too"
	@echo "make lint                   ruff, mypy in its strict mode, the order of the rooms, and what nobody uses (vulture)"
	@echo "make faults                 every crash case and 20 000 interleavings: a night"
	@echo "make fuzz                   100 000 hostile requests and queries: about half an hour"
	@echo "make widget                 the widget's file anew from widget/src, for functions/serve_site"
	@echo "make portal                 the portal anew from portal/src, for functions/serve_site, if something of it changed"
	@echo "make screenshots            the pictures in docs/images anew, in a browser"
	@echo "make release-clients        what users install, the same bytes each time, with a bill of materials: .local/dist"
	@echo "make lock                   what is deployed anew into requirements.txt, with hashes; UPGRADE=1 takes the newest"
	@echo "make reference              docs/reference.md and the served reference anew from openapi.yaml, docs/architecture.md's drawings from imports"
	@echo "make bench                  every figure of the design; report and plots in .local/benchmarks: some minutes"
	@echo "make bench-full             with larger sources and a file of 1 GiB, for benchmarks/report.md: about an hour"
	@echo "make clean                  remove what setting up and running left"

setup: venv dynoxide widget-tools client-tools portal

venv:
	@setup/make_venv.sh .venv pyproject.toml --editable '.[dev]'

# Without npm the stack runs on moto alone, and says so when it starts.
dynoxide:
	@if ! command -v npm >/dev/null; then \
		test -d node_modules/@dynoxide || echo "note: npm is missing, so Dynoxide can't be installed" >&2; \
	elif ! test node_modules/.ready -nt package-lock.json; then \
		echo "Installing Dynoxide and the test tools of package.json into node_modules, with npm ..."; \
		if npm ci --silent --no-audit --no-fund >/dev/null || npm install --silent --no-save --no-package-lock; \
		then touch node_modules/.ready; else echo "note: Dynoxide could not be installed" >&2; fi; \
	fi

# What builds and tests the widget. What is built is kept with the source, so nobody needs it to run or deploy.
widget-tools:
	@if command -v npm >/dev/null && ! test widget/node_modules/.ready -nt widget/package-lock.json; then \
		echo "Installing what builds the widget into widget/node_modules, with npm ..."; \
		if (cd widget && npm ci --silent --no-audit --no-fund >/dev/null); \
		then touch widget/node_modules/.ready; else echo "note: what builds the widget could not be installed" >&2; fi; \
	fi

# What builds and tests the TypeScript client, which itself needs nothing.
client-tools:
	@if command -v npm >/dev/null && ! test clients/typescript/node_modules/.ready -nt clients/typescript/package-lock.json; then \
		echo "Installing what builds the TypeScript client into clients/typescript/node_modules, with npm ..."; \
		if (cd clients/typescript && npm ci --silent --no-audit --no-fund >/dev/null); \
		then touch clients/typescript/node_modules/.ready; \
		else echo "note: what builds the TypeScript client could not be installed" >&2; fi; \
	fi

# What builds the portal. What is built is not kept with the source: it is built again once the source is newer.
portal-tools:
	@if command -v npm >/dev/null && ! test portal/node_modules/.ready -nt portal/package-lock.json; then \
		echo "Installing what builds the portal into portal/node_modules, with npm ..."; \
		if (cd portal && npm ci --silent --no-audit --no-fund >/dev/null); \
		then touch portal/node_modules/.ready; else echo "note: what builds the portal could not be installed" >&2; fi; \
	fi

portal: portal-tools
	@setup/build_portal.sh

widget: widget-tools
	@cd widget && node build.mjs

screenshots: setup portal
	@SCREENSHOTS=docs/images $(BIN)/python -m pytest -q tests/e2e/test_widget_pictures.py tests/e2e/test_portal_pictures.py

# The published quickstart and the examples are run as they are written: they call these. C# needs a compiler and a
# runtime besides. The browser is for the page that tries to get into the local stack.
tools:
	@setup/install_tools.sh
	@tests/e2e/install_dotnet.sh $(BIN)/python

# They pin what the local stack needs in other versions, so each has an environment of its own.
aws-tools: .venv-sam .venv-checkov .venv-parliament

.venv-sam .venv-checkov .venv-parliament: packages = tests/sam/requirements/$(@:.venv-%=%).txt
.venv-sam .venv-checkov .venv-parliament:
	@setup/make_venv.sh $@ $(packages) --no-compile --requirement $(packages)

demo: setup
	@$(BIN)/python -m local demo --port $(PORT) --data "$(DATA)" --credentials .local/credentials.json \
		$(if $(CONTENT),--content "$(CONTENT)") $(if $(CONTENT_LANGUAGE),--language "$(CONTENT_LANGUAGE)")

local: setup
	@$(BIN)/python -m local up --port $(PORT) --credentials .local/credentials.json

test: setup
	@tests/run.sh

check: setup
	@tests/check.sh

soak: setup .venv/.soak-ready
	@tests/soak.sh $(TIERS)

# Java and what runs on it, 80 MB, which nothing else needs.
.venv/.soak-ready: pyproject.toml | venv
	@echo "Installing more makers of clients into .venv:"
	@setup/install_packages.sh .venv --editable '.[soak]'
	@touch $@

coverage: setup
	@$(BIN)/python -m coverage run -m pytest -q tests/unit tests/functional
	@$(BIN)/python -m coverage report --skip-covered --sort=cover

faults: TESTS ?= tests/faults
faults: setup
	@FAULTS_SHARE=1 FAULTS_INTERLEAVINGS=$${FAULTS_INTERLEAVINGS:-20000} MODEL_STEPS=$${MODEL_STEPS:-100000} \
		WRITERS_SEEDS=$${WRITERS_SEEDS:-1000} WEBHOOK_EVENTS=$${WEBHOOK_EVENTS:-10000} \
		$(BIN)/python -m pytest $(TESTS) --timeout 0 -s

fuzz: setup
	@FUZZ_CASES=$${FUZZ_CASES:-100000} FORGED_CURSORS=$${FORGED_CURSORS:-10000} FORGED_KEYS=$${FORGED_KEYS:-10000} \
		ANSWER_QUESTIONS=$${ANSWER_QUESTIONS:-10000} \
		$(BIN)/python -m pytest tests/functional/test_fuzz.py tests/functional/test_forged_cursors.py \
		tests/functional/test_search_fuzz.py tests/functional/test_search_damage.py \
		tests/functional/test_answer_quotes.py tests/functional/test_forged_keys.py tests/unit/search/hits/test_serving.py --timeout 0

reference: setup
	@$(BIN)/python docs/render_reference.py
	@$(BIN)/python docs/render_site.py
	@$(BIN)/python docs/draw_rooms.py
	@$(BIN)/python docs/list_licences.py
	@$(BIN)/python clients/python/write_models.py
	@if test -e clients/typescript/node_modules/.ready; then cd clients/typescript && npm run --silent types; \
		else echo "note: without npm the TypeScript client's types stay as they are" >&2; fi

# What users install. Whoever builds the same commit gets the same bytes.
release-clients: setup
	@$(BIN)/python setup/release_clients.py

# UPGRADE=1 takes the newest of what pyproject.toml does not pin, too.
lock: setup
	@$(BIN)/python setup/lock_packages.py $(if $(UPGRADE),--upgrade)
	@$(BIN)/python docs/list_licences.py

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy layers/shared layers/search clients/python/src local benchmarks operations docs
	@MYPYPATH=examples/python:clients/python/src $(BIN)/mypy --no-error-summary examples/python
	@for function in functions/*/; do MYPYPATH=layers/shared:$$function $(BIN)/mypy --no-error-summary $$function || exit 1; done
	@log=$$(PYTHONPATH=layers/shared:layers/search:clients/python/src $(BIN)/lint-imports --no-cache --no-logo) || { echo "$$log"; exit 1; }
	@$(BIN)/vulture
	@if test -e widget/node_modules/.ready; then widget/node_modules/.bin/tsc --project widget; \
		else echo "note: without npm the widget's types are not checked" >&2; fi
	@if test -e portal/node_modules/.ready; then portal/node_modules/.bin/tsc --project portal; \
		else echo "note: without npm the portal's types are not checked" >&2; fi
	@if test -e clients/typescript/node_modules/.ready; then cd clients/typescript && node_modules/.bin/tsc --noEmit; \
		else echo "note: without npm the TypeScript client's types are not checked" >&2; fi

format: setup
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --exit-zero .

# The peers and the plots are in an extra of their own: nothing else needs them.
.venv/.bench-ready: pyproject.toml | venv
	@echo "Installing the peers and the plots of the benchmarks into .venv:"
	@setup/install_packages.sh .venv --editable '.[bench]'
	@touch $@

bench: setup .venv/.bench-ready
	@PYTHONPATH=layers/shared:layers/search:clients/python/src $(BIN)/python -m benchmarks

bench-full: setup .venv/.bench-ready
	@PYTHONPATH=layers/shared:layers/search:clients/python/src $(BIN)/python -m benchmarks --size full

clean:
	@rm -rf .venv .venv-* .aws-sam node_modules widget/node_modules portal/node_modules clients/typescript/node_modules \
		functions/serve_site/site/portal clients/typescript/dist .local .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
