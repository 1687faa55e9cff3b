# `make run`  sets up and runs the main job on what is embedded; `make test` sets up and tests.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# setuptools warns at length of folders that are named as a package is; here they are mapped.
INSTALL := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable

# Hundreds of processes are started: modules are kept compiled, also where the environment says no.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check setup typed docs man coverage clean kernels

setup: $(VENV)/.ready

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.ready: pyproject.toml setup.py | $(BIN)/pip
	$(INSTALL) '.[test]'
	touch $@ $(VENV)/.runs

# What running needs of it.
$(VENV)/.runs: pyproject.toml setup.py | $(BIN)/pip
	$(INSTALL) '.[compiled,containers,captures,plots]'
	touch $@

STREAMS := $(wildcard spec/streams/*.bit spec/streams/*.ogg spec/streams/*.webm spec/streams/*.pcap)

run: $(VENV)/.runs
	$(BIN)/dredref validate --brief $(STREAMS)
	$(BIN)/dredref run --impl reference --report report
	@echo "open report/report.html in a browser"

# The installed layout as links, for type checkers: they do not follow the build's mapping.
TYPED := build/typed/dredref

typed:
	@rm -rf $(TYPED) && mkdir -p $(TYPED)
	@ln -s $(abspath $(wildcard dredref/*)) $(abspath spec vectors conformance) $(TYPED)

check: setup typed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The site in build/site, where a link that leads nowhere is an error; man pages in build/man.
docs man: setup typed
	$(INSTALL) '.[docs]'
	$(BIN)/python -m tools.docs $@

# Compiled once beforehand, and not by each process of the tests; one after the other, as numba's
# index of a function that two processes compile at a time would keep one of them.
kernels: setup
	$(BIN)/python -m dredref.kernels hardware
	$(BIN)/python -m dredref.kernels integer

test: setup
	$(MAKE) --jobs check kernels
	$(BIN)/python -m pytest

# Branches of the format's definition that no test takes: there may be none.
coverage: setup
	$(BIN)/python -m pytest spec conformance/tests/test_specification.py --hypothesis-seed=0 --cov --cov-report=
	$(BIN)/coverage report --include='spec/*' --fail-under=100

clean:
	rm -rf $(VENV) build report
