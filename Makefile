# `make help` says what there is.
SHELL := /bin/sh
# The system's own Python first: one in somebody's home directory cannot be run by the users that tests and the service run as.
PYTHON ?= $(firstword $(shell for each in /usr/bin/python3 python3; do \
    "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && echo "$$each"; done) python3)
VENV := .venv
BIN := $(VENV)/bin

# For `make install`.
PREFIX ?= /opt/vigilog
BINDIR ?= /usr/local/bin
DATADIR ?= /usr/local/share
UNITDIR ?= /etc/systemd/system
DESTDIR ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint bench torture fleet-demo install uninstall clean

help: ## show this list
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)$$/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
	    printf '  %-10s %s\n' "$$target" "$$text"; done
	@echo
	@echo "Everything is kept in $(VENV), but for install (see docs/install.md)."

run: $(VENV)/ready ## read this machine's logs once and show what is unusual
	@$(BIN)/python packaging/run.py

test: $(VENV)/ready-to-test ## set up everything the tests need, then lint and run them all
	@packaging/test-packages
	@$(BIN)/python packaging/kafka/brokers.py fetch || echo "Without Kafka; the tests that need it will be skipped."
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest --numprocesses auto -m "not torture"

lint: $(VENV)/ready-to-test ## style, types, and which room may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready-to-test ## measure beside the tools that it replaces; writes docs/benchmarks.md (20 minutes)
	@packaging/test-packages
	$(BIN)/python -m benchmarks --write

torture: $(VENV)/ready-to-test ## rotate, kill and fill the disk at random, 10,000 times (minutes)
	@packaging/test-packages
	$(BIN)/pytest --numprocesses auto -m torture --timeout 0

fleet-demo: $(VENV)/ready-to-test ## a fleet on this machine: Kafka, three hosts, and an attacker who tries each once (1 minute)
	@packaging/test-packages
	@$(BIN)/python packaging/fleet-demo/demo.py

install: ## install on this host, as root: /opt/vigilog, a user, an hourly timer (docs/install.md)
	@PYTHON="$(PYTHON)" PREFIX="$(PREFIX)" BINDIR="$(BINDIR)" DATADIR="$(DATADIR)" UNITDIR="$(UNITDIR)" DESTDIR="$(DESTDIR)" \
	    packaging/install

uninstall: ## undo install; configuration and state stay
	@PREFIX="$(PREFIX)" BINDIR="$(BINDIR)" DATADIR="$(DATADIR)" UNITDIR="$(UNITDIR)" DESTDIR="$(DESTDIR)" packaging/uninstall

clean: ## remove everything that was made here
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build

$(VENV)/bin/pip:
	@echo "Setting up $(VENV) ..."
	@packaging/make-venv "$(PYTHON)" $(VENV)

$(VENV)/ready: $(VENV)/bin/pip pyproject.toml src/vigilog/__init__.py
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/ready-to-test: $(VENV)/bin/pip pyproject.toml src/vigilog/__init__.py
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[test,zstd,ftp,kafka,fleet,web]"
	@touch $@ $(VENV)/ready
