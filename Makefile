# Two commands do everything: `make demo` and `make test`. Both make .venv when it is missing.
PYTHON ?= python3
VENV := .venv
# test processes at a time; more than there are cores make a busy machine of a quiet one
WORKERS ?= 2
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test coverage quick check topology format clean help

help:
	@echo "make demo    the whole chain on a small web served on this machine (2 to 4 minutes)"
	@echo "make test    all tests"
	@echo "make coverage  the same, and which lines they reach: half as long again"
	@echo "make quick   four tests of five, those that take no more than about a second: 55 s"
	@echo "make topology  docker-compose.yml's processes for real, without Docker (PostgreSQL and Redis must be installed)"
	@echo "make check   ruff, mypy, import-linter, links, sentences and banned words"
	@echo "make clean   remove .venv and what a demo left"

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed; name it: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || { echo "making an environment in $(VENV)" && $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python .ci/install.py
	@touch $@

demo: $(INSTALLED)
	$(BIN)/python tests/shared/demo_web/demo.py

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --durations=20

coverage: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term

quick: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow"

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/check_words.py

topology: $(INSTALLED)
	$(BIN)/python tests/shared/topology/run.py

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) demo
