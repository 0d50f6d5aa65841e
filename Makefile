# Two commands do everything: `make demo` and `make test`. Both make .venv when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test quick check topology format clean help

help:
	@echo "make demo    the whole chain on a small web served on this machine (2 to 4 minutes)"
	@echo "make test    all tests, with coverage"
	@echo "make quick   the tests that take no more than a few seconds each"
	@echo "make topology  docker-compose.yml's processes for real, without Docker (PostgreSQL and Redis must be installed)"
	@echo "make check   ruff, mypy, import-linter, links and sentences of the documents"
	@echo "make clean   remove .venv and what a demo left"

# torch first and alone, by the pin: nothing that comes after may choose another build.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed; name it: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)
	$(BIN)/python tests/demo_web/demo.py

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term

quick: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/check_words.py

topology: $(INSTALLED)
	$(BIN)/python tests/topology/run.py

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) demo
