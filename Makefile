# One command for each loop. Each makes the virtual environment by itself when it is missing or pyproject.toml is newer.
#   PYTHON=python3.12 make test     with another Python (3.11 or later)
#   VENV=/tmp/venv make test        with the environment elsewhere
#   make test WORKERS=1             one test after the other

SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 3
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all fuzz lint bench bench-identify messages clean

help:
	@echo "make install   hatoba in $(VENV): then run $(BIN)/hatoba"
	@echo "make demo      three practice hosts on this machine, scanned and explained"
	@echo "make test      all tests but the exhaustive ones"
	@echo "make test-all  those too, as continuous integration does"
	@echo "make fuzz      what reads strangers' answers, with a coverage-guided fuzzer (atheris); RUNS=2000000 inputs"
	@echo "make lint      ruff, mypy, the rules of the house, the catalogues"
	@echo "make bench     side by side with other scanners"
	@echo "make bench-identify  which programs hatoba -sV and nmap -sV recognise, of over a hundred real daemons"
	@echo "make messages  take new texts into the catalogues"

install: $(STAMP)
	@echo "installed: $(BIN)/hatoba"

demo: $(STAMP)
	$(BIN)/python -m hatoba demo

test: $(DEV_STAMP)
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile -m "not exhaustive"

test-all: $(DEV_STAMP)
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile

RUNS ?= 2000000
CORPUS ?= /tmp/hatoba-services-corpus
fuzz: $(DEV_STAMP)
	$(PIP) 'atheris>=3.0'
	$(BIN)/python -m tests.fuzz.fuzz_services -runs=$(RUNS) -max_len=1024 -rss_limit_mb=6000 $(CORPUS)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/house.py
	$(BIN)/python tools/messages.py check

bench: $(DEV_STAMP)
	$(BIN)/python benchmarks/run.py

bench-identify: $(DEV_STAMP)
	$(BIN)/python -m benchmarks.versions

messages: $(DEV_STAMP)
	$(BIN)/python tools/messages.py update

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The environment itself: made anew where its Python is gone.
VENV_WORKS := $(shell $(BIN)/python -c '' 2>/dev/null && echo yes)
.PHONY: broken-venv
broken-venv:

$(VENV)/pyvenv.cfg: $(if $(VENV_WORKS),,broken-venv)
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or later found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "make: $(PYTHON) could not make $(VENV); on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(STAMP): $(VENV)/pyvenv.cfg pyproject.toml
	$(PIP) --editable .
	@touch $@

$(DEV_STAMP): $(VENV)/pyvenv.cfg pyproject.toml
	$(PIP) --editable '.[dev]'
	@touch $(STAMP) $@
