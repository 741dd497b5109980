# Everything starts here. Each target makes the environment it needs; the second call starts at once.

GPU := $(firstword $(wildcard /dev/nvidia[0-9]* /usr/lib/wsl/lib/nvidia-smi))
ifndef SCALE
SCALE := $(if $(GPU),gpu,cpu)
CHOSEN := SCALE=$(SCALE), since there is $(if $(GPU),a,no) GPU here
endif
SEEDS ?=
OUT ?=
JOBS ?=
WITHHOLD ?=
SHARE ?= 1
N := 1
NAME := clock
PYTHON ?= python3
TORCH ?= torch

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTED := $(VENV)/.ready-test
# what was typed reaches a command as it is, whatever the shell or make would make of it: one word, or several
quoted = '$(subst ','\'',$(value $(1)))'
parts = $(foreach part,$(value $(1)),'$(subst ','\'',$(part))')
option = $(if $(value $(1)),--$(2) $(call quoted,$(1)))
OPTIONS = --scale $(call quoted,SCALE) $(call option,SEEDS,seeds) $(call option,OUT,out) $(call option,JOBS,jobs) $(if $(value WITHHOLD),--withhold $(call parts,WITHHOLD))

# --- what is mistyped is refused, before anything is installed

SCALES := smoke cpu gpu large
KNOWN := SCALE SEEDS OUT JOBS WITHHOLD SHARE N NAME PYTHON TORCH CHROME
TARGETS := help install grid demo plan watch report lesson lessons family test check docs bench gpu bridges hf loggers ray browser campaign faults mutants newcomer picture clean
strip_digits = $(subst 0,,$(subst 1,,$(subst 2,,$(subst 3,,$(subst 4,,$(subst 5,,$(subst 6,,$(subst 7,,$(subst 8,,$(subst 9,,$(1)))))))))))
number = $(if $(strip $(call strip_digits,$(value $(1))))$(filter-out 0 1,$(words $(value $(1)))),$(error $(1) is a whole number, as in $(1)=3; found '$(value $(1))'))

GIVEN := $(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name)))
STRANGE := $(firstword $(filter-out $(KNOWN) VENV SHELL OMP_NUM_THREADS MAKE% -%,$(GIVEN)))
UNKNOWN := $(firstword $(filter-out $(TARGETS) $(READY) $(TESTED),$(MAKECMDGOALS)))
ifeq ($(MAKELEVEL),0)
ifneq ($(STRANGE),)
$(error there is no variable $(STRANGE); there are $(KNOWN), as in: make plan SCALE=smoke SEEDS=3)
endif
endif
ifneq ($(UNKNOWN),)
$(error there is no target $(UNKNOWN); there are $(TARGETS); `make` says what each does)
endif
ifneq ($(words $(value SCALE)) $(filter $(SCALES),$(value SCALE)),1 $(value SCALE))
$(error SCALE is one of $(SCALES); found '$(value SCALE)')
endif
ifneq ($(and $(filter gpu large,$(value SCALE)),$(filter grid demo plan,$(MAKECMDGOALS))),)
ifeq ($(wildcard $(READY) /dev/nvidia[0-9]* /dev/dxg /dev/kfd),)  # once installed, torch says which it can use
$(error SCALE=$(SCALE) needs a GPU, and there is none here. SCALE=cpu takes about twenty minutes on two CPU cores, SCALE=smoke about two)
endif
endif
$(call number,SEEDS)$(call number,JOBS)$(call number,N)
$(if $(strip $(call strip_digits,$(subst .,,$(value SHARE)))),$(error SHARE is a number from 0 to 1, as in SHARE=0.1; found '$(value SHARE)'))

# --- the environment

ANALYSIS := $(BIN)/python -m analysis
# an environment whose Python is gone, or that was made elsewhere, and holds the paths of there
STALE := $(if $(wildcard $(READY)),$(shell $(BIN)/python -ISc 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || echo 'its Python is gone'; made=$$(cat $(READY)); test -z "$$made" || test "$$made" = "$$(pwd -P)" || echo 'it was made for another folder'))
PIP = $(BIN)/python -m pip install $$(test -t 1 || echo -q) -c constraints.txt
export OMP_NUM_THREADS ?= 1
unexport SCALE SEEDS OUT JOBS WITHHOLD SHARE N NAME PYTHON TORCH  # make would expand them for it
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: $(TARGETS) $(if $(STALE),$(READY))

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  variables      SCALE=smoke|cpu|gpu|large SEEDS=n OUT=folder JOBS=n N=1 NAME=x'
	@echo '                 WITHHOLD="mul add" TORCH=requirement PYTHON=python3.11'

install: $(READY)  ## make .venv

$(READY): pyproject.toml constraints.txt .ci/environment
	@NAMED=$(if $(findstring file,$(origin PYTHON)),,$(call quoted,PYTHON)) GPU=$(GPU) .ci/environment $(VENV) '$(STALE)' $(call parts,TORCH)
	@pwd -P > $@
	@echo "ready: from now on every command starts at once"

$(TESTED): $(READY)
	@echo "downloading the tools that test and check it (about 130 MB, once)"
	@$(PIP) -e '.[study,test]'
	@touch $@

grid: $(READY)  ## the factorial study: run what is missing, judge, report
	@$(if $(CHOSEN),echo '$(CHOSEN)')
	@$(ANALYSIS) run grid $(OPTIONS)

demo: $(READY)  ## the study for a class: questions to guess, answers, curves
	@$(ANALYSIS) demo grid $(OPTIONS)

plan: $(READY)  ## what would run, and for how long
	@$(ANALYSIS) plan grid $(OPTIONS)

watch: $(READY)  ## a page in the browser that shows the study while it runs
	@$(ANALYSIS) watch grid $(OPTIONS)

report: $(READY)  ## judge and report again, from what has run
	@$(ANALYSIS) report grid $(OPTIONS)

lesson: $(READY)  ## lesson N; its figures go to runs/lessons
	@$(ANALYSIS) lesson $(call quoted,N)

family: $(READY)  ## write a family of your own, NAME, with its test; run the test
	@$(BIN)/python -c 'import pytest, pytest_timeout' 2>/dev/null || $(BIN)/python -m pip install -q -c constraints.txt pytest pytest-timeout
	@test -e test_$(call quoted,NAME).py || $(BIN)/python -m synthtasks new $(call quoted,NAME)
	@$(BIN)/python -m pytest -q test_$(call quoted,NAME).py

test: $(TESTED)  ## the test suite
	@$(BIN)/python -m pytest -n 3 --dist worksteal  # one more than cores: some tests wait for processes that they start

check: $(TESTED)  ## lint and types
	@$(BIN)/ruff check .
	@$(BIN)/mypy

docs: $(READY)  ## the site of the docs, in build/site
	@$(PIP) -e '.[docs]'
	@$(BIN)/python -m analysis.site build/site

bench: $(TESTED)  ## speed, as ratios measured side by side
	@$(BIN)/python -m tests.bench.bench

gpu: $(TESTED)  ## what needs a GPU, checked and measured (a part without one)
	@$(BIN)/python -m tests.gpu

bridges: $(TESTED)  ## install what the bridges lead to, and test each against it
	@$(PIP) -e '.[datasets,parquet,trl,verifiers,reasoning-gym]'
	@$(BIN)/python -m pytest -q -rs tests/test_bridges.py tests/test_foreign.py

hf: $(TESTED)  ## install transformers and TRL, and test that models travel
	@$(PIP) -e '.[hf,trl]'
	@$(BIN)/python -m pytest -q -rs tests/test_hub.py

lessons: $(READY)  ## install Jupyter, and run the notebook of every lesson
	@$(PIP) -e '.[lessons]'
	@$(BIN)/python -m analysis.lessons.performing.notebooks run

loggers: $(TESTED)  ## install tensorboard and wandb; test that metrics reach them
	@$(PIP) -e '.[tensorboard,wandb]'
	@$(BIN)/python -m pytest -q -rs tests/test_trackers.py

browser: $(TESTED)  ## look at the pages with chromium (CHROME=path), if there is one
	@$(BIN)/python -m tests.browser.browser || test $$? -eq 77

ray: $(TESTED)  ## install Ray, and test the engine that runs stages on it
	@$(PIP) -e '.[ray]'
	@$(BIN)/python -m pytest -q -rs tests/test_ray.py

campaign: $(TESTED)  ## a million odd completions before the judge, and 100,000 errors
	@$(BIN)/python -m tests.campaign.campaign

faults: $(TESTED)  ## 712 faults into a small study (SHARE of them), then kill -9
	@CUDA_VISIBLE_DEVICES= $(BIN)/python -m tests.faults.campaign $(call quoted,SHARE)
	@$(BIN)/python -m tests.faults.kill

mutants: $(TESTED)  ## plant bugs; the tests must find them
	@$(PIP) -e '.[mutation]'
	@$(BIN)/python -m tests.faults.mutants

newcomer: $(READY)  ## a fresh clone, README's first commands, and their minutes
	@$(BIN)/python tests/newcomer/newcomer.py

picture: $(READY)  ## draw README's picture again, from the findings that are kept
	@$(BIN)/python -m analysis.site.banner

clean:  ## remove the environment and caches; results in runs/ stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
