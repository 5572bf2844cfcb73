# Two commands set everything up from nothing but Python 3.11+, make and the package registry:
#   make demo   the main job on a simulated company
#   make test   the tests, against the built wheel
PYTHON ?= python3
BIN := .venv/bin
SOURCES := $(shell find okrsync connectors config -type f -not -path '*/__pycache__/*' 2>/dev/null) pyproject.toml README.md LICENSE
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# A lock is complete, so nothing is resolved: pip before 23.3 refuses a pin of `name` for a requirement of `name[extra]`.
INSTALL := $(PIP) install --no-deps --require-hashes
SITE := NO_MKDOCS_2_WARNING=true $(BIN)/mkdocs
# Python keeps bytecode where it is told to write none, too: without it each process compiles every test file again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest
# Each process gets half of the list in its order, so that what a file prepares is prepared once; who is done first takes
# from the other's end.
TWO := -n 2 --dist worksteal

.PHONY: demo test test-long cover check check-workflows format schemas docs docs-serve reference notices golden lock hooks unhook bench mutate clean

demo: .make/wheel
	$(BIN)/okrsync demo

test: .make/dev .make/wheel
	OKRSYNC_TESTS_WHEEL=1 $(PYTEST) $(TWO) -m "not long and not peers" $(ARGS)

# Here properties are tried on all of their examples, in `make test` on a third.
test-long: .make/docs .make/wheel
	$(PYTEST) $(TWO) --hypothesis-profile=long -m "long or peers or hypothesis" $(ARGS)

cover: .make/dev .make/wheel
	$(PYTEST) $(TWO) -m "not long and not peers" --cov --cov-report=term --cov-fail-under=90 $(ARGS)

# mypy also reads tools/site_pages.py, which needs what the site is built with.
check: .make/dev .make/docs .make/wheel
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory check-workflows

# Before a commit: formatting and lint of what is staged; before a push: make check. `make unhook` removes them.
hooks: .make/dev
	git config core.hooksPath .githooks

unhook:
	git config --unset core.hooksPath || true

# Workflows, issue forms and Dependabot's settings: schemas and known dangers, offline.
check-workflows: .make/dev
	$(BIN)/python tools/check_workflows.py .github

format: .make/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schemas: .make/wheel
	$(BIN)/python -m okrsync.config.schemas config/schemas
	$(BIN)/python -m okrsync.cli.schemas config/schemas

# The site, in build/site; a link, an anchor or a page that is missing fails it.
docs: .make/docs
	$(SITE) build --strict --quiet --clean
	$(BIN)/python tools/check_site.py build/site

docs-serve: .make/docs
	$(SITE) serve --strict --dev-addr 127.0.0.1:8000

# The page of commands and the pictures, from the program itself. The pictures of pages need Chromium.
reference: .make/dev .make/wheel
	$(BIN)/python docs/reference.py docs/cli.md
	$(BIN)/python docs/pictures.py docs/images

# After `make lock` has changed a version.
notices: .make/dev
	$(BIN)/python tools/third_party_notices.py THIRD_PARTY_NOTICES.md

# After a word or a number of a report was changed on purpose; then read `git diff tests/golden`.
golden: .make/dev .make/wheel
	OKRSYNC_TESTS_WHEEL=1 OKRSYNC_TESTS_GOLDEN=write $(PYTEST) -m "not long" tests/cli/test_golden.py $(ARGS)

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

# Pins every dependency for Python 3.11 to 3.14 on every system, with hashes and without an index. Pins stay as they are
# where they can; `make lock UPGRADE=--upgrade` takes the newest.
COMPILE = .make/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url \
  --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)
HASHED = $(COMPILE) --generate-hashes --no-strip-extras --constraints requirements/pins.txt
EXTRAS := postgresql parquet testing

lock: .make/lock
	$(COMPILE) --strip-extras --no-annotate $(EXTRAS:%=--extra %) --group build --group dev --group docs \
	  -o requirements/pins.txt pyproject.toml
	$(HASHED) --group build -o requirements/runtime.txt pyproject.toml
	$(HASHED) $(EXTRAS:%=--extra %) --group build --group dev -o requirements/dev.txt pyproject.toml
	$(HASHED) --group pyproject.toml:docs -o requirements/docs.txt
	for extra in $(EXTRAS); do $(COMPILE) --strip-extras --no-annotate --constraints requirements/pins.txt \
	  --extra $$extra -o requirements/constraints-$$extra.txt pyproject.toml || exit 1; done
	$(COMPILE) --strip-extras --no-annotate --constraints requirements/pins.txt -o requirements/constraints.txt pyproject.toml
	echo uv | $(COMPILE) --generate-hashes -o requirements/uv.txt -

.make/lock: requirements/uv.txt
	$(PYTHON) -m venv --clear $@
	$@/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes -r $<

.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "okrsync needs Python 3.11 or newer; say which with PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.make/runtime: requirements/runtime.txt | .venv
	$(INSTALL) -r $<
	$(PIP) check
	@mkdir -p .make && touch $@

.make/dev: requirements/dev.txt .make/runtime
	$(INSTALL) -r $<
	$(PIP) check
	@touch $@

.make/docs: requirements/docs.txt .make/dev
	$(INSTALL) -r $<
	$(PIP) check
	@touch $@

.make/wheel: $(SOURCES) .make/runtime
	@rm -rf dist
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	$(PIP) install --no-deps --force-reinstall dist/okrsync-*.whl
	$(PIP) check
	@touch $@

clean:
	rm -rf .venv .make dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis okrsync-demo
