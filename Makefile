# `make help` lists what can be done. Everything works in a fresh clone: setup comes first, and costs nothing twice.
.DEFAULT_GOAL := help
.PHONY: help setup demo serve check test test-guests test-cloud fix bench soak packages lock

# Without them every start, and the tests start many programs, compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
DATA := data
PORT := 8443
# Machines are made through the system's libvirt, which takes root's rights.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# What to test, such as TESTS="tests/adapters/store -k lease".
TESTS :=
# What a change of the core breaks first; interfaces, database, store and files have slower tests, which are in `make test`.
QUICK_TESTS := $(addprefix tests/,domain actions workflows reconcilers adapters/identity rules guests)

help: ## This list.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

setup: ## Install what Galeria needs on this computer: system packages, .venv, the demo's guests.
	@scripts/setup run

demo: setup ## Demonstrate everything with real machines, in a folder of its own that is removed again.
	@$(AS_ROOT) $(BIN)/galeria demo

serve: setup ## Run the server on https://127.0.0.1:8443 until Ctrl-C. DATA=folder and PORT=number choose others.
	@$(AS_ROOT) $(BIN)/galeria serve --data ./$(DATA) --port $(PORT) --worker-process

check: setup ## Lint, types, direction of imports and the quick tests: under a minute.
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy && $(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -n 2 --dist loadscope -m "not system and not slow" --ignore tests/rules/test_linters.py \
		--ignore tests/rules/test_imports.py $(or $(TESTS),$(QUICK_TESTS))

test: ## Everything, with real machines and servers. The last line is pytest's summary.
	@scripts/setup test
	@$(AS_ROOT) $(BIN)/pytest -n 3 --dist loadscope $(TESTS)

test-guests: ## Real Debian guests of the kinds that people bring, from import to export.
	@scripts/setup guests
	@$(AS_ROOT) $(BIN)/pytest -n 3 --dist loadscope $(or $(TESTS),tests/real_guests)

test-cloud: ## Galeria beside servers of a cloud, which are started here and ended again: object stores, OpenStack.
	@scripts/setup cloud
	@$(AS_ROOT) $(BIN)/pytest -n 3 --dist loadscope $(or $(TESTS),tests/cloud)

fix: setup ## Format, and mend what the linter can mend.
	@$(BIN)/ruff check --fix --show-fixes
	@$(BIN)/ruff format

bench: ## Measure against other tools on this computer, into docs/benchmarks. QUICK=1: little data, under four minutes.
	@scripts/setup bench
	@$(AS_ROOT) $(BIN)/python -m bench --write docs/benchmarks $(if $(QUICK),--quick)

soak: ## 200 clients at two servers and two workers on PostgreSQL for five minutes, with 100 kills. SOAK="--clients 20" and the like.
	@scripts/setup test
	@$(AS_ROOT) $(BIN)/python -m tests.system.many.soak $(SOAK)

packages: setup ## Build the wheel and the Debian package for this release into dist.
	@rm -rf dist && $(BIN)/pip wheel -q --no-deps --no-build-isolation -w dist . && $(BIN)/python deploy/build_deb.py dist/*.whl dist

lock: ## Resolve pyproject.toml's requirements anew into requirements.lock. Needs uv.
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--extra dev pyproject.toml -o requirements.lock
