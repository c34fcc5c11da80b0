# The two commands of the README: `make demo` and `make test`. Each makes .venv first if it is missing.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all lint clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,tensorboard,parquet]'
	touch $@

demo: .venv/installed
	$(BIN)/longthink quickstart

test: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

test-all: .venv/installed
	$(BIN)/pytest -m ''

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv
