# Two verbs for everybody: `make lab` and `make test`. Both set up what they need, in .venv and nowhere else.

PYTHON ?= python3
BIN := .venv/bin
NOTEBOOKS := tests/test_notebook_guards.py tests/test_run_all.py
# Browsers and notebooks mostly wait, so two at a time; a notebook's cells stay together.
TWO := -n 2 --dist loadscope
export UV_PYTHON_DOWNLOADS := never

.PHONY: lab test setup setup-e2e bench matrix format lock notebooks clean

lab: setup  ## open the course in JupyterLab
	$(BIN)/labkit lab

test: setup setup-e2e  ## every test, every notebook
	$(BIN)/python -m pytest -p no:nbval --ignore tests/e2e $(NOTEBOOKS:%=--ignore %) tests
	$(BIN)/python -m pytest -p no:nbval $(TWO) $(NOTEBOOKS) tests/e2e
	$(BIN)/python -m pytest -p tests.nbval_guard $(TWO) --nbval --nbval-current-env --nbval-cell-timeout 60 \
		--nbval-sanitize-with tests/nbval_sanitize.cfg notebooks exercises

setup: .venv/ready  ## .venv with everything

.venv/ready: requirements.lock pyproject.toml
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes --requirements requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

setup-e2e: setup  ## Chromium and Node's ws, where this machine can have them
	@sh tests/e2e/setup.sh

bench: setup  ## benchmarks
	$(BIN)/python -m benchmarks

matrix: setup setup-e2e  ## the long, repeated runs
	$(BIN)/python -m pytest -p no:nbval -m matrix --timeout 3600 tests

format: setup  ## style
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

notebooks: setup  ## run the course and save it as it is committed
	$(BIN)/python -m tests.save_notebooks

lock: setup  ## resolve the pins anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --upgrade --quiet --output-file requirements.lock

clean:
	rm -rf .venv .e2e
