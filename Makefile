# make run     the daemon where there is a config.env, else a mailbox to play with
# make test    everything that must hold: style, types, tests against real servers
# make proof   all that takes longer than a commit can wait, and its figures into docs/proof.md: ON="smtp kills" some of it
# make faults  every moment at which it may die, or a link or a disk fail, where make test takes samples
# make lives   20,000 lives of a consultant, with habits and misfortunes at random (make test plays 200): FROM=0 COUNT=20000
# make fuzz    foreign bytes into everything that reads them, a minute each: FOR=300 longer, ON="classify quote" some
# make bench   how fast it is, and the figures into docs/performance.md: ON="whole_index" some of it, N=10000 fewer messages, MILLION=1 more
# make install-proof   a wheel, installed by pip, pipx and uv into clean environments, each tried; asks the package index
# make man     the man page and docs/reference.md anew, from the program itself
# make clean   away with what these made

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$name && break; done)
BIN := .venv/bin

.PHONY: run test proof faults lives fuzz bench install-proof man servers clean

run: .venv/installed
	@if [ -n "$$FOLLOWMAIL_CONFIG" ] || [ -f config.env ]; then exec $(BIN)/followmail run; else exec $(BIN)/followmail sandbox; fi

test: .venv/installed-test servers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/pytest -n 2 --dist worksteal

proof: .venv/installed-test .venv/installed-fuzz servers
	$(BIN)/python -m tests.proof --count $(or $(COUNT),20000) --seconds $(or $(FOR),60) $(ON)

faults: .venv/installed-test servers
	EVERY_MOMENT=1 $(BIN)/pytest -n 2 tests/faults tests/oauth

lives: .venv/installed-test
	$(BIN)/python -m tests.simulation $(or $(FROM),0) $(or $(COUNT),20000)

bench: .venv/installed-test servers
	$(BIN)/python -m bench $(if $(N),--messages $(N),--page) $(if $(MILLION),--million) $(ON)

fuzz: .venv/installed-fuzz
	$(BIN)/python -m tests.fuzz --seconds $(or $(FOR),60) $(ON)

install-proof: .venv/installed-test
	$(BIN)/python -m tests.installs

man: .venv/installed
	$(BIN)/python -m followmail.cli.manual deploy/followmail.1
	$(BIN)/python -m followmail.cli.reference docs/reference.md

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

.venv/installed-fuzz: .venv/installed
	@echo "Installing the fuzzer …"
	@$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	@touch $@

# The tests start a Dovecot of their own. The service that comes with the package is neither started nor enabled. Cyrus
# and Courier cannot be installed beside it: their packages are unpacked into a cache.
SUDO := $(shell if [ "$$(id -u)" != 0 ] && [ "$$CI" = true ]; then echo sudo -n; fi)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -q -y
POLICY := /usr/sbin/policy-rc.d

servers:
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin"; missing=; \
	command -v dovecot >/dev/null || missing="dovecot-imapd openssl"; \
	command -v strace >/dev/null || missing="$$missing strace"; \
	command -v systemd-analyze >/dev/null || missing="$$missing systemd"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || [ -n "$(SUDO)" ]; }; then \
		echo "Installing $$missing …"; \
		if [ ! -e $(POLICY) ]; then \
			trap '$(SUDO) rm -f $(POLICY)' EXIT; \
			printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee $(POLICY) >/dev/null; \
			$(SUDO) chmod 755 $(POLICY); \
		fi; \
		if said=$$($(APT) update 2>&1 && $(APT) install --no-install-recommends $$missing 2>&1); then \
			case "$$missing" in dovecot*) $(SUDO) systemctl disable dovecot.service dovecot.socket >/dev/null 2>&1;; esac; \
			exit 0; \
		fi; \
		echo "$$said" | tail -20 >&2; \
	fi; \
	echo >&2; \
	echo "  Not installed: $$missing. So NOTHING that needs a mailbox, or dies, is tested: tests/imap, tests/jobs, tests/stories, tests/faults." >&2; \
	echo "  Debian and Ubuntu have it: sudo apt-get install $$missing" >&2; \
	echo >&2; \
	[ "$$CI" != true ]
	@$(or $(PYTHON),python3) -m tests.servers.packages || { \
		echo "  So NOTHING is tested against Cyrus or Courier, where they are missing. Debian and Ubuntu have them." >&2; \
		[ "$$CI" != true ]; \
	}

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
