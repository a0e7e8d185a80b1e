# make setup   the Python environment, in .venv (seconds when nothing changed)
# make lab     JupyterLab on the start page                     PORT=8888  BROWSER=0
# make lesson  lesson 01 without a browser; writes lesson_01.html
# make test    the tests and every notebook                     ARGS="-k heads"  TESTS=tests  JOBS=1
# make notebooks  builds notebooks/ from lessons/ and runs them  ARGS="01 --no-outputs"
# make bench   the measurements in bench/
# make platforms  lessons 01 and 06 as on Colab, Binder and JupyterHub  (root on Linux; see tests/platforms/README.md)
# make site    the course as pages, in site/html                ARGS=check
# make slides  a deck for each lesson, in site/slides            ARGS="01 06"
# make lint    ruff
# make clean   removes .venv, caches and pages; pictures and weights stay
#
# JOBS is how many tests or notebooks run side by side, one thread each; JOBS=1 runs them as a learner does, and so times them.
# CPU=1 takes PyTorch's smaller wheels without CUDA. PYTHON=python3.13 takes another Python.
# Works with GNU make 3.81 and later.

PYTHON ?= python3
PORT ?= 8888
BROWSER ?= 1
CPU ?= 0
ARGS ?=
TESTS ?= tests notebooks

BIN := .venv/bin
STAMP := .venv/installed
SITE_STAMP := .venv/site-installed
INDEX := $(if $(filter 1,$(CPU)),--extra-index-url https://download.pytorch.org/whl/cpu)
NOTEBOOK_TESTS := --nbval-lax --nbval-current-env --nbval-cell-timeout=300
JOBS ?= $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() or 1))' 2>/dev/null || echo 1)
# In their order, each file in one process: the second edition of a lesson finds what the first one remembered.
SIDE_BY_SIDE := $(if $(filter 1,$(JOBS)),,-n $(JOBS) --dist loadfile --no-loadscope-reorder)

# An environment remembers where it was made: in a copied or moved clone it is made again.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
MOVED := moved
endif

.PHONY: help setup lab lesson test notebooks bench platforms site slides lint clean moved

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# A notebook that is saved keeps its widgets as they were: opened again, they are no "model not found".
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(MOVED)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null || { \
	  echo "This course needs Python 3.11, 3.12, 3.13 or 3.14, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>/dev/null || echo 'not on this machine'): install one and run 'make $(or $(MAKECMDGOALS),setup) PYTHON=python3.13'." >&2; \
	  exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check $(INDEX) -c constraints.txt -e '.[lab,test]'
	@mkdir -p .venv/share/jupyter/lab/settings
	@printf '%s\n' '{"@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": true}}' > .venv/share/jupyter/lab/settings/overrides.json
	@printf '%s' '$(CURDIR)' > $(STAMP)

lab: setup
	$(BIN)/python -m jupyterlab --ServerApp.ip=127.0.0.1 --ServerApp.port=$(PORT) --ServerApp.root_dir=. \
	  --ServerApp.kernel_websocket_connection_class=shoulders.course.lab.PromptConnection \
	  --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
	  $(if $(filter 0,$(BROWSER)),--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root)

lesson: setup
	$(BIN)/shoulders lesson 01 --html lesson_01.html

test: setup
	$(if $(SIDE_BY_SIDE),OMP_NUM_THREADS=1 )$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(NOTEBOOK_TESTS) $(TESTS) $(ARGS)

notebooks: setup
	$(BIN)/python lessons/build.py $(ARGS)

bench: setup
	@for script in bench/*.py; do \
	  echo "== $$script"; $(BIN)/python "$$script" $(ARGS) || exit 1; \
	done

platforms: setup
	@for script in colab binder hub; do \
	  echo "== $$script"; $(BIN)/python tests/platforms/$$script.py $(ARGS) || exit 1; \
	done

# In the set-up's environment, and only for who asks: Sphinx and what it needs are 80 MB.
site: setup $(SITE_STAMP)
	$(BIN)/python docs/site/build_site.py $(ARGS)

slides: setup $(SITE_STAMP)
	$(BIN)/python docs/slides/build_slides.py $(ARGS)

$(SITE_STAMP): $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check $(INDEX) -c constraints.txt -e '.[site]'
	@touch $(SITE_STAMP)

lint: setup
	$(BIN)/python -m ruff check .

clean:
	rm -rf .venv site .pytest_cache .ruff_cache *.egg-info lesson_*.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +
