# make setup | test | check | docs | fuzz | demo | bench | bench-models | bench-neural | bench-measure | bench-judge | gallery   (Python 3.11 to 3.13, make, gcc, pip; nothing else)

VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.hasten-setup
JOBS   ?= 2
# The first interpreter that answers and is new enough; `make PYTHON=...` says otherwise.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: setup test check docs fuzz demo bench bench-models bench-neural bench-measure bench-judge gallery clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "hasten needs Python 3.11, 3.12 or 3.13 on the PATH (or: make PYTHON=/path/to/python)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow" tests

# All of the tests, and what is checked without running.
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	HASTEN_DOCS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests

# The site, in build/docs; every warning is an error. The network is used once, to install docs/requirements.txt.
docs: setup $(VENV)/.hasten-docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "open build/docs/index.html"

$(VENV)/.hasten-docs: docs/requirements.txt $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r docs/requirements.txt
	@touch $@

# Thousands of generated programs, original against optimised; another seed each night.
fuzz: setup
	$(BIN)/python -m tests.fuzz --cases $(or $(HASTEN_FUZZ),2000) --seed $(or $(SEED),$(shell date +%Y%m%d))

# A real slow program with real data; ends with the gain and the path of its report.
demo: setup
	$(BIN)/hasten run $(or $(DEMO),$(firstword $(sort $(wildcard examples/*.py))))

# Original, hasten and expert versions of benchmarks/scripts, interleaved, warm and cold.
bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

# Trained models: hasten's artifact beside each backend alone, interleaved (needs the extra `models`).
bench-models: setup
	$(BIN)/python -m benchmarks.models $(ARGS)

# Neural nets: hasten's artifact beside the module and each single tool (needs the extra `neural`).
bench-neural: setup
	$(BIN)/python -m benchmarks.neural $(ARGS)

# How often the measuring is wrong (the same code twice), what it finds of true gains, and what naive timing would say.
bench-measure: setup
	$(BIN)/python -m benchmarks.measure $(ARGS)

# The cases of docs/gallery: real runs, and the pages made from their results (about 10 minutes on a quiet machine).
gallery: setup
	$(BIN)/python -m examples.gallery $(ARGS)

# Small faults put into changes that are right: how many does verification let through?
bench-judge: setup
	$(BIN)/python -m benchmarks.judge $(ARGS)

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache src/*.egg-info
