# What a newcomer needs: `make run`, `make test`. Every target makes its environment first, from requirements.lock.
PYTHON ?= python3
PORT ?= 8000
DATA ?= .dev
KAFKA ?=
JOBS ?= 3
ARGS ?=

BIN = .venv/bin
READY = .venv/ready
PYTEST = $(BIN)/python -m pytest -q

.PHONY: run test prove lint spectral format bench kafka lock clean

run: $(READY)
	@exec $(BIN)/totetaxi run --port "$(PORT)" --data "$(DATA)" $(if $(filter-out 0 no,$(KAFKA)),--kafka)

test: $(READY)
	$(PYTEST) -n $(JOBS) --dist worksteal $(ARGS)

# The long proofs, each at full length and alone: `make test` has a short turn of them.
prove: $(READY)
	TOTETAXI_PROVE=1 $(PYTEST) $(or $(ARGS),tests/proofs $(shell grep -rl TOTETAXI_PROVE tests --include='test_*.py'))

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/lint-imports
	$(BIN)/mypy domain

# The reference of the API by Spectral's rules and ours (.spectral.yaml). Needs node; `make test` doesn't.
spectral: $(READY)
	@npm ci --silent --no-audit --no-fund --ignore-scripts
	@mkdir -p build && $(BIN)/python -m api.openapi > build/openapi.json
	npx --no-install spectral lint build/openapi.json --fail-severity=hint

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	@for bench in append feed project http; do echo "== bench.$$bench"; $(BIN)/python -m bench.$$bench || exit 1; done

# A broker alone, on DATA/kafka; the first start of a machine fetches Kafka and trains its archive of classes.
kafka: $(READY)
	@exec $(BIN)/totetaxi kafka --data "$(DATA)/kafka"

# After a change of dependencies in pyproject.toml. Versions that are locked stay, unless `make lock ARGS=--upgrade`.
# requirements.run.lock is the part of them that a production image needs.
COMPILE = build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url pyproject.toml
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv
	$(COMPILE) --extra embedded --extra dev $(ARGS) --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --no-annotate --output-file requirements.run.lock

# All but the data folder.
clean:
	rm -rf .venv build node_modules *.egg-info .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@echo 'installing into .venv what requirements.lock names: about a minute'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--config-settings editable_mode=compat --editable .
	touch $(READY)
