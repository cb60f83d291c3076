# make        the demo: recordings in examples/ to a corpus in corpus/
# make test   lint and all tests, as CI runs them
PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
CONFIG ?=
WORK ?= work
CORPUS ?= corpus
DECISIONS ?= decisions
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes

.PHONY: all environment weights environments config test lint verify review bench lock
.DELETE_ON_ERROR:

all: environment weights
	$(BIN)/snakemake -j $(CORES) $(if $(CONFIG),--configfile $(CONFIG))

environment: .venv/complete

.venv/complete: requirements.lock
	$(PYTHON) -c "import sys; sys.exit(None if sys.version_info >= (3, 11) else 'voxsieve needs Python 3.11 or later (make PYTHON=python3.11), this is ' + sys.version.split()[0])"
	$(PYTHON) -m venv .venv
	$(PIP) -r requirements.lock
	touch $@

weights: environment
	@$(BIN)/python -m install.weights

# All that runs apart from the main environment: the original packages, the crawl, the recognisers, the review ...
environments: environment
	@$(BIN)/python -m install.environments

.venv/dev: .venv/complete requirements-dev.lock
	$(PIP) -r requirements-dev.lock
	touch $@

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile crawl install
	$(BIN)/lint-imports
	@$(BIN)/python -m pipeline.config | diff - config.yaml || (echo "config.yaml is not what the settings say: run make config"; exit 1)

# config.yaml, from the settings of the stages.
config: environment
	$(BIN)/python -m pipeline.config > config.yaml.new && mv config.yaml.new config.yaml

test: lint weights environments
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Every file of work/ and corpus/ by its SHA-256; WORK and CORPUS name other folders.
verify: environment
	$(BIN)/python -m pipeline.verify --work $(WORK) --corpus $(CORPUS)

# The page where a person listens and decides; WORK and CORPUS name other folders, DECISIONS where decisions go.
review: environment
	@$(BIN)/python -m review --work $(WORK) --corpus $(CORPUS) --decisions $(DECISIONS) $(if $(PORT),--port $(PORT))

bench: weights environments
	$(BIN)/python -m benchmarks.engines

# Locks: versions and hashes, no addresses. Needs uv on the PATH; torch's CPU build from pip's find-links.
LOCK := uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
lock:
	$(LOCK) --overrides envs/num2words.overrides pyproject.toml -o requirements.lock
	$(LOCK) --overrides envs/num2words.overrides --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(LOCK) --overrides envs/spleeter.overrides envs/spleeter.in -o envs/spleeter.lock
	$(LOCK) --overrides envs/ina.overrides envs/ina.in -o envs/ina.lock
	$(LOCK) envs/crawl.in -o envs/crawl.lock
	$(LOCK) --overrides envs/num2words.overrides envs/recognizers.in -o envs/recognizers.lock
	$(LOCK) envs/review.in -o envs/review.lock
	$(LOCK) --find-links "$$PIP_FIND_LINKS" envs/consumers.in -o envs/consumers.lock
	$(LOCK) envs/tone.in -o envs/tone.lock
	$(LOCK) --find-links "$$PIP_FIND_LINKS" envs/laboratory.in -o envs/laboratory.lock
	$(LOCK) --overrides envs/resemblyzer.overrides --find-links "$$PIP_FIND_LINKS" envs/resemblyzer.in -o envs/resemblyzer.lock
