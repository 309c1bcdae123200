# Mailstead's two commands: `make run` and `make test`. `make` alone lists all.
SHELL := /bin/sh
PY := .venv/bin/python
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

install: ## install into .venv from the lock file
	@tools/install.sh run

run: install ## install what is needed, then start the local sandbox
	@exec .venv/bin/mailstead dev

install-dev:
	@tools/install.sh dev
	@tools/daemons.sh test

test: install-dev ## install what is needed, daemons included, and run every test
	@$(PY) -m pytest $(ARGS)

check: install-dev ## formatting, lint, types, import contracts, generated pages
	@.venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@$(PY) tools/sizes.py
	@$(PY) tools/refpages.py --check

format: ## format the code and sort imports
	@.venv/bin/ruff format --quiet . && .venv/bin/ruff check --quiet --fix .

docs: install-dev ## write the generated reference pages
	@$(PY) tools/refpages.py

bench: install-dev ## side by side with Debian's Postfix, Dovecot and opendkim
	@tools/daemons.sh bench
	@$(PY) -m bench.run $(ARGS)
	@$(PY) -m bench.sending $(ARGS)
	@$(PY) -m bench.judging

soak: install-dev ## the long runs; the dated result goes to docs/soak.md
	@tools/daemons.sh bench
	@tools/node.sh
	@$(PY) tools/soak.py $(ARGS)

clean: ## remove what was made here, but not the data of `make run`
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help install run install-dev test check format docs bench soak clean
