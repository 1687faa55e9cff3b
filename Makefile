# `make run`  sets up and runs the main job on what is embedded; `make test` sets up and tests.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: run test check setup clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

STREAMS := $(wildcard spec/streams/*.bit spec/streams/*.ogg spec/streams/*.webm spec/streams/*.pcap)

run: setup
	$(BIN)/dredref validate --brief $(STREAMS)
	$(BIN)/dredref run --impl reference --report report
	@echo "open report/report.html in a browser"

# The installed layout as links, for type checkers: they do not follow the build's mapping.
TYPED := build/typed/dredref

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf $(TYPED) && mkdir -p $(TYPED)
	ln -s $(abspath $(wildcard dredref/*)) $(abspath spec vectors conformance) $(TYPED)
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest

clean:
	rm -rf $(VENV) build report
