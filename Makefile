# Every command of a developer. `make help` lists them.

VENV ?= .venv
BIN = $(abspath $(VENV))/bin
INSTALL = python=$$(requirements/find-python) && "$$python" requirements/install.py $(VENV)
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Set everything up and serve the demo on http://localhost:8000 (PORT, RP_PORT, VAR_DIR)
	@$(INSTALL) demo && exec $(BIN)/python -m idp_site.run

.PHONY: install
install: ## Make .venv with everything a developer needs (PYTHON= chooses the interpreter)
	@$(INSTALL) dev

.PHONY: test
test: install ## Run the tests: on SQLite, on PostgreSQL, from outside, on the other Django, and without each app
	@$(BIN)/python -m tests.run

.PHONY: test-quick
test-quick: install ## Run one case of each test, on SQLite alone, without services and browsers
	@$(BIN)/python -m tests.run --quick

.PHONY: test-long
test-long: install ## Run the tests with many more made-up requests, kills and messages: an hour
	@$(BIN)/python -m tests.run --long

.PHONY: check
check: install ## Lint, types, imports, templates, migrations, deployment checks
	@$(BIN)/python -m tests.check

.PHONY: bench
bench: install ## Measure the endpoints beside peers and the floor (BENCH=jwks,code chooses; GROWTH=1)
	@$(BIN)/python -m tests.bench

.PHONY: docs
docs: install ## Build the documentation into site/
	@$(BIN)/mkdocs build --strict --quiet

.PHONY: screenshots
screenshots: install ## Take pictures of every page into var/screenshots, and those of the README
	@$(BIN)/python -m tests.browser.screenshots

.PHONY: shell
shell: install ## Open Django's shell on the demo's data
	@export DEMO=1; $(BIN)/python manage.py seed_demo --migrate && $(BIN)/python manage.py shell

.PHONY: messages
messages: install ## Collect and compile the translatable texts; LOCALES="de fr" begins languages (needs gettext)
	@export DEMO=1; for app in ostiary accounts oauth mfa passkeys idp_site; do mkdir -p $$app/locale; done; \
	$(BIN)/python manage.py makemessages $(if $(LOCALES),$(LOCALES:%=--locale %),--all) \
		--add-location never --no-obsolete \
		--ignore 'tests/*' --ignore 'examples/*' --ignore '.venv*' --ignore 'build/*' --ignore 'site/*' && \
	$(BIN)/python manage.py compilemessages --ignore '.venv*'

.PHONY: format
format: install ## Put the code into its form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

.PHONY: lock
lock: install ## Choose the newest allowed versions and lock them with hashes
	@cd requirements && set -e; $(LOCK) --upgrade dev.in -o dev.txt; \
	for name in site demo; do $(LOCK) --upgrade $$name.in -c dev.txt -o $$name.txt; done; \
	for name in django52 interop; do $(LOCK) --upgrade $$name.in -o $$name.txt; done
	@git --no-pager diff --stat -- requirements

.PHONY: build
build: install ## Build the wheel and the source archive into dist/
	@$(BIN)/python -m build

.PHONY: clean
clean: ## Remove what the commands made, but for var/
	@rm -rf $(VENV) .venv-* dist build site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
