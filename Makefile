# Everything starts here. Each target makes the environment it needs; the second call starts at once.

ifndef SCALE
SCALE := $(if $(wildcard /dev/nvidia0),gpu,cpu)
CHOSEN := SCALE=$(SCALE), since there is $(if $(wildcard /dev/nvidia0),a,no) GPU here
endif
SEEDS ?=
OUT ?=
JOBS ?=
WITHHOLD ?=
SHARE ?= 1
PYTHON ?= python3
TORCH ?= torch

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# what was typed reaches a command as it is, whatever the shell or make would make of it: one word, or several
quoted = '$(subst ','\'',$(value $(1)))'
parts = $(foreach part,$(value $(1)),'$(subst ','\'',$(part))')
option = $(if $(value $(1)),--$(2) $(call quoted,$(1)))
OPTIONS = --scale $(call quoted,SCALE) $(call option,SEEDS,seeds) $(call option,OUT,out) $(call option,JOBS,jobs) $(if $(value WITHHOLD),--withhold $(call parts,WITHHOLD))

KNOWN := SCALE SEEDS OUT JOBS WITHHOLD SHARE PYTHON TORCH CHROME
GIVEN := $(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name)))
STRANGE := $(filter-out $(KNOWN) VENV SHELL OMP_NUM_THREADS MAKE% -%,$(GIVEN))
ifeq ($(MAKELEVEL),0)
ifneq ($(STRANGE),)
$(error there is no variable $(STRANGE); there are $(KNOWN), as in: make plan SCALE=smoke SEEDS=3)
endif
endif

ANALYSIS := $(BIN)/python -m analysis
NEW := 'import sys; sys.version_info >= (3, 11) or sys.exit("synthtasks needs Python 3.11 or newer, and this is " + sys.version.split()[0] + ": make PYTHON=python3.11")'
ABLE := 'import sys, pip; sys.exit(sys.version_info < (3, 11))'  # an environment that is not is made anew, or it would stand in the way for ever
# torch from PyTorch's index of CPU builds where there is no GPU, unless pip is told of another place
export OMP_NUM_THREADS ?= 1
unexport SCALE SEEDS OUT JOBS WITHHOLD SHARE PYTHON TORCH  # make would expand them for it
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install grid demo plan watch report test check bench gpu bridges hf lessons loggers ray browser campaign faults mutants clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  variables   SCALE=smoke|cpu|gpu|large SEEDS=n OUT=folder JOBS=n WITHHOLD=\"mul add\" TORCH=requirement PYTHON=python3.11"

install: $(READY)  ## make .venv

$(READY): pyproject.toml constraints.txt
	@$(BIN)/python -c $(ABLE) 2>/dev/null || { $(call quoted,PYTHON) -c $(NEW) && $(call quoted,PYTHON) -m venv --clear $(VENV); }
	@$(BIN)/python -c 'import torch' 2>/dev/null || { echo "installing torch"; $(BIN)/python -m pip install -q -c constraints.txt $(call parts,TORCH); }
	@echo "installing the rest"
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[study,test]'
	@touch $@

grid: $(READY)  ## the factorial study: run what is missing, judge, report
	@$(if $(CHOSEN),echo '$(CHOSEN)')
	@$(ANALYSIS) run grid $(OPTIONS)

demo: $(READY)  ## one seed of it, live, act by act
	@$(ANALYSIS) demo grid $(OPTIONS)

plan: $(READY)  ## what would run, and for how long
	@$(ANALYSIS) plan grid $(OPTIONS)

watch: $(READY)  ## a page in the browser that shows the study while it runs
	@$(ANALYSIS) watch grid $(OPTIONS)

report: $(READY)  ## judge and report again, from what has run
	@$(ANALYSIS) report grid $(OPTIONS)

test: $(READY)  ## the test suite
	@$(BIN)/python -m pytest -n 3 --dist worksteal  # one more than cores: some tests wait for processes that they start

check: $(READY)  ## lint and types
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(READY)  ## speed, as ratios measured side by side
	@$(BIN)/python -m tests.bench.bench

gpu: $(READY)  ## what needs a GPU, checked and measured; without one, the part that a CPU can show
	@$(BIN)/python -m tests.gpu

bridges: $(READY)  ## install what the bridges lead to, and test each against the real package
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[datasets,parquet,trl,verifiers,reasoning-gym]'
	@$(BIN)/python -m pytest -q -rs tests/test_bridges.py

hf: $(READY)  ## install transformers and TRL, and test that models travel
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[hf,trl]'
	@$(BIN)/python -m pytest -q -rs tests/test_hub.py

lessons: $(READY)  ## install Jupyter, and run the notebook of every lesson
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[lessons]'
	@$(BIN)/python -m analysis.lessons.performing.notebooks run

loggers: $(READY)  ## install tensorboard and wandb, and test that metrics reach them
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[tensorboard,wandb]'
	@$(BIN)/python -m pytest -q -rs tests/test_trackers.py

browser: $(READY)  ## look at the dashboard with chromium (CHROME=path), where there is one
	@$(BIN)/python -m tests.browser.browser || test $$? -eq 77

ray: $(READY)  ## install Ray, and test the engine that runs stages on it
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[ray]'
	@$(BIN)/python -m pytest -q -rs tests/test_ray.py

campaign: $(READY)  ## 100,000 mistakes and 1,000,000 odd completions before the judge, against independent interpreters
	@$(BIN)/python -m tests.campaign.campaign

faults: $(READY)  ## 712 faults into a small study (SHARE of them), then kill -9 of a smoke grid: no bit may change
	@CUDA_VISIBLE_DEVICES= $(BIN)/python -m tests.faults.campaign $(call quoted,SHARE)
	@$(BIN)/python -m tests.faults.kill

mutants: $(READY)  ## plant bugs in the judge, credit, statistics and what keeps results whole; the tests must find them
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[mutation]'
	@$(BIN)/python -m tests.faults.mutants

clean:  ## remove the environment and caches; results in runs/ stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
