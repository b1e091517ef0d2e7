# CV Notes. `make book` and `make test` are the two commands; each sets up what it needs from Python 3.11 and make.

VENV   ?= .venv
PYTHON ?= python3
PORT   ?= 8000
JOBS   ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
NAME   ?=
ONLY   ?=

BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BACKENDS_READY := $(VENV)/.backends-ready
HAVE_UV := $(shell command -v uv 2>/dev/null)

# One thread for one process, several processes side by side: two with two each, on two cores, mostly wait for one
# another. In CI notebooks are run with two threads all the same, and without oneDNN, as a stand-in for another
# processor: a stored text that survives both does not hang on last digits.
threads  = OMP_NUM_THREADS=$(1) TF_NUM_INTRAOP_THREADS=$(1) TF_NUM_INTEROP_THREADS=$(1) OPENBLAS_NUM_THREADS=1
SINGLE  := $(call threads,1)
FIXED   := $(call threads,$(if $(CI),2,1))
ifneq ($(CI),)
export TF_ENABLE_ONEDNN_OPTS := 0
endif
PYTEST  := $(BIN)/python -m pytest

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# the tree that is built is the tree that is imported, whatever else is installed
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
export TF_CPP_MIN_LOG_LEVEL ?= 3
export PYDEVD_DISABLE_FILE_VALIDATION := 1
export PYTHONDONTWRITEBYTECODE := 1
unexport PIP_CONSTRAINT

.PHONY: help book test env env-backends lab serve chapter snapshot results gpu-check bench lock clean \
        test-code test-notebooks test-site test-canaries test-backends

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the environment -------------------------------------------------------------------------------------------------

env: $(READY) ## install everything the book needs into .venv

# The stamp comes last and goes first, so that half an installation is never taken for a whole one.
# Compiled once, TensorFlow and Keras are imported in half the time; here no run writes bytecode of its own.
$(READY): requirements.lock pyproject.toml
	@rm -f $@ $(BACKENDS_READY)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV) with $(if $(HAVE_UV),uv,pip) (a minute or two)"
ifneq ($(HAVE_UV),)
	@test -x $(BIN)/python || uv venv --quiet --seed --python $(PYTHON) $(VENV)
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
endif
	@touch $@

env-backends: $(BACKENDS_READY) ## the same, and JAX and PyTorch beside TensorFlow

$(BACKENDS_READY): $(READY) requirements-backends.txt constraints.txt
	@rm -f $@
	@echo "adding JAX and PyTorch to $(VENV)"
	@$(BIN)/python -m pip install --quiet -c constraints.txt -r requirements-backends.txt
	@touch $@

# --- the book --------------------------------------------------------------------------------------------------------

book: $(READY) ## build the site into _build/html (warnings are errors)
	@rm -f _build/failures.txt
	@$(BIN)/jupyter-book build . -W -n --keep-going -q || { \
	    test ! -e _build/failures.txt || { echo; cat _build/failures.txt; } >&2; exit 1; }

serve: book ## build, then show the site on this machine (PORT=8000)
	@echo "http://localhost:$(PORT)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: $(READY) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir notebooks

chapter: $(READY) ## run, test and preview one chapter: make chapter NAME=pooling
	@test -n "$(NAME)" || { echo "which one? make chapter NAME=pooling" >&2; exit 2; }
	@if test -e tests/test_$(NAME).py; then $(PYTEST) -q tests/test_$(NAME).py; fi
	@$(MAKE) test-notebooks ONLY=notebooks/$(NAME).ipynb
	@$(MAKE) book
	@echo "file://$(CURDIR)/_build/html/notebooks/$(NAME).html"

snapshot: $(READY) ## refresh the text outputs of the notebooks, or of one: make snapshot NAME=pooling
	@OMP_NUM_THREADS=1 $(BIN)/python book/_tools/snapshot.py $(NAME)

results: $(READY) ## run the experiments over all seeds and store their numbers (NAME=pooling for one chapter)
	@$(BIN)/python -m cvnotes.experiments $(NAME)

gpu-check: $(READY) ## say which device Keras computes on, and run one notebook on it
	@$(BIN)/python book/_tools/gpu_check.py $(NAME)

bench: $(READY) ## measure the book against its peers
	@for script in tests/benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script; done

# --- the tests -------------------------------------------------------------------------------------------------------

test: test-code test-notebooks test-site test-canaries ## everything that can be wrong: code, notebooks, site, canaries

test-code: $(READY) ## unit, property, hygiene and ledger tests (ONLY=path for some)
	@echo "== code"
	@$(SINGLE) $(PYTEST) -q -n $(JOBS) --dist worksteal -m "not canary and not site" $(if $(ONLY),$(ONLY),tests)

# What passes is kept, pictures too, and `make book` need not run it again.
test-notebooks: $(READY) ## run all notebooks and compare every text output with the committed one (ONLY=path for one)
	@echo "== notebooks"
	@$(FIXED) CVNOTES_OUTPUT=static $(PYTEST) -q -n $(JOBS) --dist loadfile --nbval --nbval-current-env \
	    --nbval-cell-timeout 300 -p tests.nbval_names -p tests.nbval_keeps \
	    $(if $(ONLY),$(ONLY),notebooks)

test-site: book ## the built pages, in headless Chromium
	@echo "== site"
	@$(PYTEST) -q -n $(JOBS) --dist loadgroup -m "not canary" tests/site

test-canaries: book ## break the book on purpose, nine ways: each must turn the commands red
	@echo "== canaries"
	@$(PYTEST) -q -n $(JOBS) --dist loadgroup -m canary tests/build

# JAX compiles anew for every shape that a test has: it need not polish what runs once.
test-backends: $(BACKENDS_READY) ## the tests of what touches Keras, on JAX and on PyTorch
	@for backend in jax torch; do \
	    echo "== $$backend"; \
	    JAX_DISABLE_MOST_OPTIMIZATIONS=1 KERAS_BACKEND=$$backend $(SINGLE) $(PYTEST) -q -n $(JOBS) --dist worksteal -m "not canary and not site" \
	        $$($(BIN)/python book/_tools/keras_tests.py); \
	done

# --- upkeep ----------------------------------------------------------------------------------------------------------

COMPILE := uv pip compile pyproject.toml - --quiet --extra book --extra lab --extra test \
           --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11

lock: ## resolve the newest versions into requirements.lock and constraints.txt (needs uv)
	@printf 'setuptools>=77\npip\n' | $(COMPILE) --upgrade --generate-hashes -o requirements.lock
	@printf 'setuptools>=77\npip\n' | $(COMPILE) -c requirements.lock -o constraints.txt

clean: ## forget all that was built, the runs of notebooks too (the environment stays)
	@rm -rf _build .pytest_cache .hypothesis .ruff_cache build
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
