# make run     the daemon where there is a config.env, else a mailbox to play with
# make test    everything that must hold: style, types, tests against real servers
# make clean   away with what these two made

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$name && break; done)
BIN := .venv/bin

.PHONY: run test servers clean

run: .venv/installed
	@if [ -n "$$FOLLOWMAIL_CONFIG" ] || [ -f config.env ]; then exec $(BIN)/followmail run; else exec $(BIN)/followmail sandbox; fi

test: .venv/installed-test servers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/pytest -n 2

# The environment. It is made once, and brought up to date when what it is made from changes.
.venv/installed: pyproject.toml setup.py
	@[ -n "$(PYTHON)" ] || { echo "followmail needs Python 3.11 or later, with venv (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@echo "Installing followmail into .venv …"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-test: .venv/installed
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

# The tests start a Dovecot of their own. The service that comes with the package is neither started nor enabled.
SUDO := $(shell if [ "$$(id -u)" != 0 ] && [ "$$CI" = true ]; then echo sudo -n; fi)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -q -y
POLICY := /usr/sbin/policy-rc.d

servers:
	@if PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v dovecot >/dev/null; then exit 0; fi; \
	if command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || [ -n "$(SUDO)" ]; }; then \
		echo "Installing Dovecot …"; \
		if [ ! -e $(POLICY) ]; then \
			trap '$(SUDO) rm -f $(POLICY)' EXIT; \
			printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $(POLICY) >/dev/null; \
			$(SUDO) chmod 755 $(POLICY); \
		fi; \
		if said=$$($(APT) update 2>&1 && $(APT) install --no-install-recommends dovecot-imapd openssl 2>&1); then \
			$(SUDO) systemctl disable dovecot.service dovecot.socket >/dev/null 2>&1; \
			exit 0; \
		fi; \
		echo "$$said" | tail -20 >&2; \
	fi; \
	echo >&2; \
	echo "  Dovecot is not installed, so NOTHING that needs a mailbox is tested: tests/imap, tests/jobs, tests/stories." >&2; \
	echo "  Debian and Ubuntu have it: sudo apt-get install dovecot-imapd" >&2; \
	echo >&2; \
	[ "$$CI" != true ]

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
