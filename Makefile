# Two commands set everything up from nothing but Python 3.11+, make and the package registry:
#   make demo   the main job on a simulated company
#   make test   the tests, against the built wheel
PYTHON ?= python3
BIN := .venv/bin
SOURCES := $(shell find okrsync connectors config -type f -not -path '*/__pycache__/*' 2>/dev/null) pyproject.toml README.md LICENSE
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test test-long cover check format schemas docs golden lock bench mutate clean

demo: .make/wheel
	$(BIN)/okrsync demo

test: .make/dev .make/wheel
	OKRSYNC_TESTS_WHEEL=1 $(BIN)/pytest -n 2 -m "not long and not peers" $(ARGS)

test-long: .make/dev .make/wheel
	$(BIN)/pytest -n 2 -m "long or peers" $(ARGS)

cover: .make/dev .make/wheel
	$(BIN)/pytest -n 2 -m "not long and not peers" --cov --cov-report=term --cov-fail-under=90 $(ARGS)

check: .make/dev .make/wheel
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .make/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schemas: .make/wheel
	$(BIN)/python -m okrsync.config.schemas config/schemas
	$(BIN)/python -m okrsync.cli.schemas config/schemas

# The pictures of pages need Chromium.
docs: .make/dev .make/wheel
	$(BIN)/python docs/reference.py docs/cli.md
	$(BIN)/python docs/pictures.py docs/images

# After a word or a number of a report was changed on purpose; then read `git diff tests/golden`.
golden: .make/dev .make/wheel
	OKRSYNC_TESTS_WHEEL=1 OKRSYNC_TESTS_GOLDEN=write $(BIN)/pytest -m "not long" tests/cli/test_golden.py $(ARGS)

bench: .make/dev .make/wheel
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/main_job.py
	$(BIN)/python benchmarks/throughput.py --events 0
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/peers.py
	$(BIN)/python benchmarks/suggest.py
	$(BIN)/python benchmarks/reports.py

mutate: .make/dev .make/wheel
	$(BIN)/python benchmarks/mutation.py

# Pins every dependency with its hashes; the files name no index and no folder.
lock:
	$(PYTHON) -m venv .make/lock
	.make/lock/bin/python -m pip --quiet install pip-tools
	.make/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-header --extra build -o requirements/runtime.txt pyproject.toml
	.make/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-header --extra build --extra dev -c requirements/runtime.txt \
	  -o requirements/dev.txt pyproject.toml

.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "okrsync needs Python 3.11 or newer; say which with PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.make/runtime: requirements/runtime.txt | .venv
	$(PIP) install --require-hashes -r requirements/runtime.txt
	@mkdir -p .make && touch $@

.make/dev: requirements/dev.txt .make/runtime
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

.make/wheel: $(SOURCES) .make/runtime
	@rm -rf dist
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	$(PIP) install --no-deps --force-reinstall dist/okrsync-*.whl
	@touch $@

clean:
	rm -rf .venv .make dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis okrsync-demo
