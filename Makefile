# The two commands of the README: `make demo` and `make test`. Each makes .venv first if it is missing.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all fuzz shipped measured lint clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,tensorboard,parquet,film,chess,hub,analysis,games,export]'
	touch $@

demo: .venv/installed
	$(BIN)/longthink quickstart

test: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

# Also the slow tests, and those of trials on a Ray cluster of two nodes on this machine.
test-all: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[ray]'
	$(BIN)/pytest -m ''

# Gives damaged files and odd texts to everything that reads what people bring: `make fuzz MINUTES=30`.
MINUTES ?= 10
fuzz: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz --minutes $(MINUTES)

# Makes the nets that ship and the figure of the README anew.
shipped: .venv/installed
	rm -rf runs/shipped runs/shipped-mazes runs/shipped-chess runs/shipped-sudoku runs/shipped-hex
	$(BIN)/longthink train hex_laptop --seed 101 --threads 1 --accelerator cpu --out runs/shipped-hex
	cp runs/shipped-hex/recipe.json runs/shipped-hex/config.json runs/shipped-hex/model.safetensors longthink/weights/hex/
	$(BIN)/longthink train sudoku_laptop --precision bf16-mixed --seed 0 --threads 1 --accelerator cpu --out runs/shipped-sudoku
	cp runs/shipped-sudoku/recipe.json runs/shipped-sudoku/config.json runs/shipped-sudoku/model.safetensors longthink/weights/sudoku/
	$(BIN)/longthink solve sudoku 530070000600195000098000060800060003400803001700020006060000280000419005000080079 \
		--at 1 --at 4 --at 8 --at 16 -o docs/images/sudoku-thinking.png
	$(BIN)/longthink train chess_laptop --seed 1 --threads 1 --accelerator cpu --out runs/shipped-chess
	cp runs/shipped-chess/recipe.json runs/shipped-chess/config.json runs/shipped-chess/model.safetensors longthink/weights/chess/
	$(BIN)/longthink solve chess "r1bqkb1r/1p1nnp2/p2p3p/1NpPp1p1/2P1P3/6P1/PP2NPBP/R1BQK2R w KQkq - 0 1 b5d6" \
		--at 1 --at 5 --at 10 --at 20 --at 40 -o docs/images/chess-thinking.png
	$(BIN)/longthink train mazes_anywhere_laptop --seed 104 --threads 1 --accelerator cpu --out runs/shipped-mazes
	cp runs/shipped-mazes/recipe.json runs/shipped-mazes/config.json runs/shipped-mazes/model.safetensors longthink/weights/mazes/
	$(BIN)/longthink quickstart --out runs/shipped
	cp runs/shipped/recipe.json runs/shipped/config.json runs/shipped/model.safetensors longthink/weights/prefix_sums/
	cp runs/shipped/test-32-512.png docs/images/quickstart.png

# What `longthink list nets` says that they solve.
measured: .venv/installed
	$(BIN)/longthink test prefix_sums --level 48 --level 512 --iterations 400 --every 400 --out runs/measured/prefix_sums
	$(BIN)/longthink test mazes --level 13 --level 59 --iterations 500 --every 500 --count 50 --out runs/measured/mazes
	$(BIN)/longthink test chess --iterations 40 --every 40 --count 200 --out runs/measured/chess
	$(BIN)/longthink test sudoku --iterations 100 --every 100 --count 200 --out runs/measured/sudoku
	for net in prefix_sums mazes chess sudoku; do cp runs/measured/$$net/test-*.csv longthink/weights/$$net/measured.csv; done

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv
