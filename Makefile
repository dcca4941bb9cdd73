# Needs Python 3.11+, make and the package registries; no Docker, Java, Maven or PostgreSQL.
.DEFAULT_GOAL := help
.PHONY: help setup demo test laws reach fuzz fire mutants check bench serve reset lock fmt

ACCOUNTS ?= 2000
SEED ?= 7
UCI ?=
LIVES ?= 2000
DEPTH ?= 6
CLIENTS ?= 100
FUZZ ?= 10
COUNT ?= 400
ONLY ?=
ARGS ?=

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# The stamp's name says what is installed and where, so a changed lock or a moved folder installs anew.
STAMP := .venv/installed-$(shell (pwd; cat requirements.lock pyproject.toml) | cksum | tr ' ' '-')

help:  ## Say what can be made.
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "  make %-7s %s\n", $$1, $$2}'

setup: $(STAMP)  ## Install everything, PostgreSQL and Kafka included.
	@$(BIN)/credit fetch

$(STAMP):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@# uv installs ten times faster than pip; it comes from the same lock, hashes checked. Without it pip does the work.
	@awk '/^uv==/{on=1;print;next} /^[a-z]/{on=0} on' requirements.lock > .venv/uv.lock
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -q --require-hashes -r .venv/uv.lock || true
	@{ test -x $(BIN)/uv && VIRTUAL_ENV=.venv $(BIN)/uv pip sync -q --require-hashes requirements.lock; } \
	  || $(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@rm -f .venv/installed-*; touch $@

demo: setup  ## Tell the story of a portfolio (ACCOUNTS=2000 SEED=7 UCI=file.csv).
	@$(BIN)/credit demo --accounts $(ACCOUNTS) --seed $(SEED) $(if $(UCI),--uci "$(UCI)") $(ARGS)

test: setup  ## Run the specification (ARGS=-k something).
	@$(BIN)/pytest -n auto --dist loadfile $(ARGS)

laws: setup  ## Try the laws on thousands of lives, others each time (LIVES=2000).
	@LIVES=$(LIVES) $(BIN)/pytest tests/domain/test_laws.py tests/domain/test_late_facts.py tests/domain/test_customer_laws.py $(ARGS)

reach: setup  ## Explore every state that DEPTH steps lead to (DEPTH=6).
	@DEPTH=$(DEPTH) $(BIN)/pytest tests/domain/test_reachable.py $(ARGS)

fuzz: setup  ## Send the HTTP interface whatever its description allows, and what it does not (FUZZ=10 times CI's).
	@FUZZ=$(FUZZ) $(BIN)/pytest tests/http/test_fuzz.py $(ARGS)

fire: setup  ## Let a hundred clients resend the same writes while the service is killed (CLIENTS=100).
	@CLIENTS=$(CLIENTS) $(BIN)/pytest tests/http/test_under_fire.py $(ARGS)

mutants: setup  ## Put small errors into the money and access rooms: do the examples find them (SEED=7 COUNT=400)?
	@$(BIN)/python -m tests.mutants --seed $(SEED) --count $(COUNT) $(ARGS)

check: setup  ## Format, lint, types, arrows between packages, generated files.
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/credit machine diagram --check  # generated files are as they would be generated
	@$(BIN)/credit contract check
	@$(BIN)/credit contract roles --check

bench: setup  ## Measure; nothing is asserted (ONLY=http).
	@$(BIN)/python -m tests.benchmarks $(ONLY) $(ARGS)

serve: setup  ## Run the service: relay, four views, HTTP API.
	@$(BIN)/credit serve $(ARGS)

reset: setup  ## Stop the servers and forget all data.
	@$(BIN)/credit reset --yes

lock: setup  ## Resolve anew after a change of pyproject.toml (ARGS=--upgrade for newer versions).
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes --no-header -q \
	  $(ARGS) -o requirements.lock

fmt: setup  ## Format and mend what can be mended.
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix
