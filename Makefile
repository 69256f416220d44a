# The commands of the lake. `make` alone prints this list.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/bash -eu -o pipefail

PYTHON ?= python3.12
UV     := .tools/bin/uv
LOCKS  := requirements/locks

.PHONY: help setup run test check synth down clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed .lake/emulator-venv/.installed node_modules/.installed ## install everything (.venv with `lake` in it)

.tools/.installed: $(LOCKS)/uv.txt
	$(PYTHON) -m venv --clear .tools
	.tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/uv.txt
	@touch $@

.venv/.installed: $(LOCKS)/dev.txt pyproject.toml .tools/.installed
	$(UV) venv --quiet --clear --python $(PYTHON) .venv
	VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes $(LOCKS)/dev.txt
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --no-build-isolation --offline --editable .
	@touch $@

.lake/emulator-venv/.installed: $(LOCKS)/emulator.txt .tools/.installed
	@mkdir -p .lake
	$(UV) venv --quiet --clear --python $(PYTHON) .lake/emulator-venv
	VIRTUAL_ENV=.lake/emulator-venv $(UV) pip sync --quiet --require-hashes $(LOCKS)/emulator.txt
	@touch $@

node_modules/.installed: package-lock.json
	npm ci --silent --no-fund --no-audit
	@touch $@
