# Two verbs for everybody: `make lab` and `make test`. Both set up what they need, in .venv and nowhere else.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
INSTALL := uv pip install --quiet --python $(BIN)/python --no-deps
PYTEST := $(BIN)/python -m pytest --durations 15 --durations-min 1
# A file's tests stay together, and tests/conftest.py says which files begin. First come the tests marked `alone`, with
# nothing beside them; then the others, four at a time, as they mostly wait; and so those that wait for a
# browser or a kernel.
BY_FILE := --dist loadscope --no-loadscope-reorder
WAITING := tests/e2e tests/test_nbval_guard.py tests/test_restless.py
# A notebook is run once: queued as by Run All, compared, lied to, looked at with its server dead (tests/nbval_guard.py).
NBVAL := -p tests.nbval_guard --nbval --nbval-current-env --nbval-cell-timeout 60 \
	--nbval-sanitize-with tests/nbval_sanitize.cfg
COURSE := notebooks exercises
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE  # servers, kernels and workers start again and again: without .pyc each takes twice as long
test matrix: export LABKIT_HOME := $(CURDIR)/.venv/learner  # what the tests learn is not what you have learned

.PHONY: lab test windows setup setup-e2e bench matrix five docs format lock notebooks clean

lab: $(VENV)/ready-lab  ## open the course in JupyterLab
	$(BIN)/labkit lab

test: setup setup-e2e  ## every test, every notebook
	$(PYTEST) -p no:nbval -m "alone and not matrix" tests
	$(PYTEST) -p no:nbval -n 4 $(BY_FILE) -m "not alone and not matrix" $(WAITING:%=--ignore %) tests
	$(PYTEST) -n 4 $(BY_FILE) $(NBVAL) $(COURSE) $(WAITING)

setup: $(VENV)/ready  ## .venv with everything

# What a learner needs: uv, of 38 MB, leaves when its work is done, and bytecode comes with use.
$(VENV)/ready-lab: requirements-lab.lock pyproject.toml $(BIN)/python
	@$(PIP) --target $(VENV)/uv uv
	$(VENV)/uv/bin/$(INSTALL) --require-hashes --only-binary :all: --requirement requirements-lab.lock
	$(VENV)/uv/bin/$(INSTALL) --editable .
	@rm -rf $(VENV)/uv
	@touch $@

$(VENV)/ready: requirements.lock pyproject.toml $(BIN)/python
	@test -x $(BIN)/uv || $(PIP) uv
	$(BIN)/$(INSTALL) --require-hashes --requirement requirements.lock
	$(BIN)/$(INSTALL) --editable .
	@touch $(VENV)/ready-lab $@

$(BIN)/python:
	@sh new_venv.sh "$(PYTHON)" "$(VENV)"

setup-e2e: setup  ## Chromium and Node's ws, where this machine can have them
	@sh tests/e2e/setup.sh

bench: setup setup-e2e  ## benchmarks: half an hour, alone on the machine
	$(BIN)/python -m benchmarks --plot docs/benchmarks.png
	$(BIN)/python -m benchmarks.holding_up
	$(BIN)/python -m benchmarks.ledger

MATRIX ?= tests
matrix: setup setup-e2e  ## the long, repeated runs; MATRIX=tests/review for those of one folder
	$(PYTEST) -p no:nbval -m matrix --timeout 3600 $(MATRIX)
	$(PYTEST) -n 3 $(BY_FILE) $(NBVAL) --one-at-a-time=1 $(COURSE)

five: setup  ## the notebooks five times; on another Python: make five VENV=.venv-3.13 PYTHON=python3.13
	for run in 1 2 3 4 5; do $(PYTEST) -q -n 3 $(BY_FILE) $(NBVAL) $(COURSE) || exit 1; done

windows: setup setup-e2e  ## what a learner does, on Python for Windows under Wine
	@sh tests/windows/setup.sh
	$(PYTEST) -p no:nbval -m "matrix or not matrix" tests/windows

docs: setup  ## the site, in .docs/html: the pages, the API and the course as it is saved; no network
	$(BIN)/sphinx-build -b html -W --keep-going -q -c docs -d .docs/doctrees . .docs/html

format: setup  ## style
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

notebooks: setup  ## run the course and save it as it is committed
	$(BIN)/python -m tests.save_notebooks

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --quiet
SYSTEMS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-apple-darwin aarch64-apple-darwin \
	x86_64-pc-windows-msvc
lock: setup  ## resolve the pins anew: all of them, and those of a learner, who has no compiler on any system
	$(LOCK) --all-extras --upgrade --output-file requirements.lock
	$(LOCK) --extra lab --constraint requirements.lock --output-file requirements-lab.lock
	for system in $(SYSTEMS); do for python in 3.11 3.12 3.13 3.14; do $(BIN)/uv pip compile requirements-lab.lock \
		--no-deps --only-binary :all: --python-platform $$system --python-version $$python --quiet >/dev/null || exit; \
		done; done

clean:
	rm -rf $(VENV) .e2e .docs
