# The commands of the lake. `make` alone prints this list.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/bash -eu -o pipefail

# Where it is set, each process would compile again whatever it imports.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3.12
UV     := .tools/bin/uv
LOCKS  := requirements/locks
ENVIRONMENTS := dev prod

.PHONY: help setup run test test-compose check synth docs bench down clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed .lake/emulator-venv/.installed node_modules/.installed ## install everything (.venv with `lake` in it)

run: setup ## from files to a queried table: start the embedded AWS, deploy, load sample data, query
	.venv/bin/lake up
	.venv/bin/lake demo

test: setup .lake/spark-venv/.installed .lake/linters-venv/.installed .tools/.compose ## the whole suite: unit, synth, embedded AWS, end to end
	.venv/bin/pytest tests/unit tests/synth --numprocesses logical --maxprocesses 4
	.venv/bin/pytest tests/e2e tests/embedded --numprocesses 2 --no-loadscope-reorder

test-compose: setup .tools/.compose ## the containers on a real engine: deploy, load, kill, stop
	tests/compose/engine.sh run .venv/bin/pytest tests/compose --durations 0

# The images are for x86-64 and arm64: every package of theirs has a wheel for both.
check: setup .lake/linters-venv/.installed .tools/.compose ## ruff, mypy strict, the preflight of every environment, Compose on its files, wheels for the images
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	for environment in $(ENVIRONMENTS); do .venv/bin/lake preflight $$environment --no-account; done
	.tools/bin/docker-compose --profile flower config --quiet
	COMPOSE_FILE=infra/compose/mwaa-image.yaml .tools/bin/docker-compose config --quiet
	COMPOSE_FILE=infra/compose/local-runner.yaml LAKE_RUNNER=. .tools/bin/docker-compose config --quiet
	for lock in uv mwaa-image emulator; do for platform in x86_64 aarch64; do \
	  $(UV) pip install --quiet --dry-run --no-deps --require-hashes --only-binary :all: --python .venv \
	    --python-platform $$platform-manylinux_2_34 --target .lake/wheels --requirements $(LOCKS)/$$lock.txt; \
	done; done

synth: setup ## synthesize the templates of every environment into cdk.out/<environment>
	@rm -rf $(ENVIRONMENTS:%=cdk.out/%)
	for environment in $(ENVIRONMENTS); do \
	  node_modules/.bin/cdk synth --quiet --context environment=$$environment --output cdk.out/$$environment; \
	done

docs: setup ## write docs/datasets.md from the models, docs/architecture.md from the templates and a DAG
	.venv/bin/python -m infra.docs

bench: setup ## measure conversions beside pandas, awswrangler, DuckDB and polars (docs/benchmarks.md)
	.venv/bin/python -m infra.bench convert $(BENCH)

down: ## stop the embedded AWS and Airflow; what was deployed comes back with `make run`
	@if [ -x .venv/bin/lake ]; then .venv/bin/lake down; fi

clean: down ## remove what was built: environments, state, templates
	rm -rf .venv .tools .lake node_modules cdk.out *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.tools/.installed: $(LOCKS)/uv.txt
	$(PYTHON) -m venv --clear .tools
	.tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/uv.txt
	@touch $@

# Compose reads its file without an engine.
.tools/.compose: $(LOCKS)/compose.txt .tools/.installed
	VIRTUAL_ENV=.tools $(UV) pip install --quiet --require-hashes --requirements $(LOCKS)/compose.txt
	@touch $@

.venv/.packages: $(LOCKS)/dev.txt .tools/.installed
	$(UV) venv --quiet --clear --python $(PYTHON) .venv
	VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes $(LOCKS)/dev.txt
	@touch $@

.venv/.installed: pyproject.toml .venv/.packages
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --no-build-isolation --offline --editable .
	@touch $@

.lake/emulator-venv/.installed: $(LOCKS)/emulator.txt .tools/.installed
	@mkdir -p .lake
	$(UV) venv --quiet --clear --python $(PYTHON) .lake/emulator-venv
	VIRTUAL_ENV=.lake/emulator-venv $(UV) pip sync --quiet --require-hashes $(LOCKS)/emulator.txt
	@touch $@

# The tests' own: what converts with Spark does so on EMR Serverless.
.lake/spark-venv/.installed: $(LOCKS)/spark.txt .tools/.installed
	@mkdir -p .lake
	$(UV) venv --quiet --clear --python $(PYTHON) .lake/spark-venv
	VIRTUAL_ENV=.lake/spark-venv $(UV) pip sync --quiet --require-hashes $(LOCKS)/spark.txt
	@touch $@

# The linters of `lake preflight` whose packages contradict the laptop's.
.lake/linters-venv/.installed: $(LOCKS)/linters.txt .tools/.installed
	@mkdir -p .lake
	$(UV) venv --quiet --clear --python $(PYTHON) .lake/linters-venv
	VIRTUAL_ENV=.lake/linters-venv $(UV) pip sync --quiet --require-hashes $(LOCKS)/linters.txt
	@touch $@

node_modules/.installed: package-lock.json
	npm ci --silent --no-fund --no-audit
	@touch $@
