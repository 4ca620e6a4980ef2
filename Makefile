# Everything on a machine with nothing but Python 3.11 or 3.12. Nothing in songhe needs make:
# README.md shows the same as plain lines.

FITS = import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python; do \
	$$p -c '$(FITS)' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
LOCKED := .venv/locked
READY := .venv/ready
PACKAGES := parameters agents model runs analysis
# Tests of loops and rules that also run, and soon end, with compilation off.
NOJIT := tests/agents/test_luck.py tests/agents/test_frame.py tests/agents/test_families.py \
	tests/agents/test_integerise.py

.PHONY: run test lint nojit long faults soak bench bench-peers bench-page assumptions clean

run: $(READY)
	$(BIN)/songhe run

test: lint nojit
	$(BIN)/python -m pytest

# mypy wants the package's folder to be called songhe, whatever the clone is called.
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p .venv/lint && ln -sfn ../.. .venv/lint/songhe
	MYPYPATH=.venv/lint $(BIN)/mypy -m songhe $(PACKAGES:%=-p songhe.%)
	$(BIN)/yamllint --strict .

nojit: $(READY)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q $(NOJIT)

long: $(READY)
	$(BIN)/python -m pytest -m long

# Real processes that are killed or starved; needs Linux with user namespaces.
faults: $(READY)
	$(BIN)/python -m pytest -m faults tests/faults tests/runs

soak: $(READY)
	$(BIN)/python -m pytest -m soak -s tests/faults

# A table of figures, kept in .venv/benchmarks.json too; BENCH=--large adds 20 million persons.
bench: $(READY)
	$(BIN)/python -m pytest tests/benchmarks -o addopts=--import-mode=importlib --benchmark-only \
		$(BENCH)

# Other packages, each in an environment of its own under .venv/peers; no part of the checks.
bench-peers: $(READY)
	$(BIN)/python -m songhe.tests.benchmarks.bench_peers

# The figures of the last run into docs/benchmarks.md.
bench-page: $(READY)
	$(BIN)/python -m songhe.tests.benchmarks.page

assumptions: $(READY)
	$(BIN)/python -m songhe.parameters.assumptions > .venv/assumptions.md
	cp .venv/assumptions.md docs/assumptions.md

$(LOCKED): requirements.lock
	@test -n "$(PYTHON)" || { echo "songhe needs Python 3.11 or 3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

$(READY): $(LOCKED) pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

clean:
	rm -rf .venv build *.egg-info
