# make run    start the portal (PORT=8001, DATA_DIR=…, DATABASE_URL=…, REDIS_URL=…, PG_BINDIR=…, DEMO=0)
# make test   all checks and tests, browser tests included
# make check  the checks alone
# make attack 10 000 calls made from the API's own document, against a stack of its own (CASES=…)
# make bench  measured speed
.PHONY: run test check suite attack bench environment tools
# The system's own 3.11 where it can make an environment: its distributor mends its faults, every user may run it, and it is
# built with optimisations that one built by hand often lacks (docs/decisions/0870-which-python.md). PYTHON=… says another.
PYTHON := $(shell /usr/bin/python3.11 -c 'import ensurepip, venv' 2>/dev/null && echo /usr/bin/python3.11 \
	|| command -v python3.11 || command -v python3)
BIN := .venv/bin/python
# What is compiled once is read by every later process, whatever the shell says: a start takes half the time.
export PYTHONDONTWRITEBYTECODE :=
SOURCES := accounts audit bench correspondence documents fmu_portal launcher orders regions reimbursement rules tests manage.py
FOUND := $(wildcard $(SOURCES))

run:
	@$(PYTHON) launcher/venv.py requirements.txt
	@exec $(BIN) -m launcher

# Side by side: the packages and the browser, then the checks and the tests. What fails in either fails the whole.
test:
	@$(MAKE) --no-print-directory --jobs 2 environment tools
	@$(MAKE) --no-print-directory --jobs 2 check suite

suite: environment
	@$(BIN) -m pytest -n 3 --dist loadgroup

check: environment
	@$(BIN) -m ruff format --check --quiet $(FOUND) || { echo "Formatera med: .venv/bin/ruff format"; exit 1; }
	@$(BIN) -m ruff check --quiet $(FOUND)
	@FMU_CHECK_ONLY=1 $(BIN) -m mypy $(FOUND)
	@$(BIN) -c "from importlinter.cli import lint_imports_command as c; c()" --cache-dir .import_linter_cache
	@find templates */templates -name '*.html' -not -path '*/jinja/*' -print0 2>/dev/null | xargs -0 -r .venv/bin/djade --check --target-version 5.2
	@FMU_CHECK_ONLY=1 $(BIN) -W ignore manage.py makemigrations --check --dry-run

attack: environment
	@$(BIN) -m tests.attacks.schema $(or $(CASES),10000)

bench: environment
	@$(BIN) -m bench

environment:
	@$(PYTHON) launcher/venv.py requirements-dev.txt

tools:
	@$(PYTHON) -m launcher.system
