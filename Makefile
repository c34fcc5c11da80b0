# The two commands of the README: `make demo` and `make test`. Each makes .venv first if it is missing.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all shipped lint clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,tensorboard,parquet,film,chess,hub,analysis]'
	touch $@

demo: .venv/installed
	$(BIN)/longthink quickstart

test: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

test-all: .venv/installed
	$(BIN)/pytest -m ''

# Makes the nets that ship and the figure of the README anew.
shipped: .venv/installed
	rm -rf runs/shipped runs/shipped-mazes
	$(BIN)/longthink train mazes_laptop --seed 3 --threads 1 --accelerator cpu --out runs/shipped-mazes
	cp runs/shipped-mazes/recipe.json runs/shipped-mazes/config.json runs/shipped-mazes/model.safetensors longthink/weights/mazes/
	$(BIN)/longthink quickstart --out runs/shipped
	cp runs/shipped/recipe.json runs/shipped/config.json runs/shipped/model.safetensors longthink/weights/prefix_sums/
	cp runs/shipped/test-32-512.png docs/images/quickstart.png

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv
