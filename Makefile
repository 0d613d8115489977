# Everything a person or a machine does with this repository. A bare machine needs Python 3.11 and make.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-long check check-types check-code bench format messages install-production sbom audit licences browser-present

# The first one that runs and is new enough; a name on the path may be an empty promise of a version manager.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$name && break; done)
# Where nothing compiled may be kept, each of the site's processes and each test worker would compile all of it again.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
UV := $(BIN)/uv
# Compiled at once, so that no start has to do it again.
SYNC := umask 022 && $(UV) sync --locked --no-default-groups --compile-bytecode --quiet
PYTEST := $(BIN)/python -m pytest
# One more than there are cores: a worker that drives a browser or waits for a lease leaves its core to another.
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
TEMPLATES = $(shell find templates -name '*.html')

# Enough of an environment to look at settings and models; nobody listens on port 1.
WITHOUT_SERVICES := DATABASE_URL=postgres://gkec@127.0.0.1:1/gkec REDIS_URL=redis://127.0.0.1:1/0 \
	EMAIL_URL=smtp://127.0.0.1:1
PRODUCTION := $(WITHOUT_SERVICES) DJANGO_SETTINGS_MODULE=gkec.settings.production \
	SECRET_KEY=only-to-look-at-the-settings-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ \
	BASE_URL=https://gkec.example ALLOWED_HOSTS=gkec.example

help: ## Show what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/synced-dev ## Run the whole site with demo content on 127.0.0.1:$PORT (8000)
	@exec $(BIN)/python -m gkec.devstack --stop-with-parent

test: .venv/synced-test browser-present ## Run every test but the long ones
	@$(BIN)/python -m gkec.catalogues
	@$(PYTEST) -n $(WORKERS) --dist loadgroup -m "not long"

test-long: .venv/synced-test browser-present ## Run the long races, faults and campaigns
	@$(BIN)/python -m gkec.catalogues
	@$(PYTEST) -n0 -m long --timeout 1800

check: .venv/synced-test ## Check formatting, lint, types, layers, migrations, catalogues and production's settings
	@$(MAKE) --no-print-directory -j2 --output-sync=target check-types check-code

# Both at once, since types take as long as everything else.
check-types:
	$(BIN)/mypy

check-code:
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/hadolint Dockerfile
	@$(BIN)/djade --check --target-version 5.2 $(TEMPLATES)
	$(BIN)/lint-imports
	@$(WITHOUT_SERVICES) DJANGO_SETTINGS_MODULE=gkec.settings.test \
		$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(BIN)/python -m gkec.catalogues
	@$(if $(wildcard tests/catalogues),$(PYTEST) -n0 -q tests/catalogues tests/architecture/test_migrations.py,true)
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: .venv/synced-test ## Run the benchmarks: one JSON object a line
	@$(BIN)/python -m gkec.catalogues
	@exec $(BIN)/python -m benchmarks

format: .venv/synced-test ## Format code and templates
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	@$(BIN)/djade --target-version 5.2 $(TEMPLATES)

messages: .venv/synced-test ## Collect translatable strings into the catalogues (needs GNU gettext)
	@$(PRODUCTION) $(BIN)/python manage.py makemessages $(foreach code,fr es pt ar,-l $(code)) -e html,txt,py,mjml --no-wrap \
		--ignore .venv --ignore var --ignore tests --ignore benchmarks

install-production: $(UV) ## Install what production needs, compile catalogues, collect static files
	$(SYNC) $(foreach name,$(EXTRAS),--extra $(name))
	@$(BIN)/python -m gkec.catalogues
	@$(PRODUCTION) $(BIN)/python manage.py collectstatic --no-input --clear
	@# Our own code, too: whoever runs it may not write beside it.
	@umask 022 && $(BIN)/python -m compileall -q -x '^\./(\.venv|var)/' .

# What production installs, from the lock alone; hashes and all.
DIST := dist
EXPORT := $(UV) export --frozen --no-default-groups --all-extras --no-emit-project --quiet

sbom: $(UV) ## Write the list of everything production installs to dist/sbom.cdx.json (CycloneDX)
	@mkdir -p $(DIST)
	@$(EXPORT) --format cyclonedx1.5 --preview-features sbom-export --output-file $(DIST)/sbom.cdx.json >/dev/null
	@echo "$(DIST)/sbom.cdx.json"

audit: $(UV) ## Ask PyPI's advisories about everything production installs (needs the network)
	@mkdir -p $(DIST) && rm -f $(DIST)/audit.txt
	@$(EXPORT) --format requirements.txt --output-file $(DIST)/requirements.txt >/dev/null
	@# Strict: a package that could not be asked about would count as clean.
	@if $(UV) tool run --quiet 'pip-audit==2.10.1' --requirement $(DIST)/requirements.txt --require-hashes --disable-pip \
		--strict --progress-spinner off --output $(DIST)/audit.txt 2>$(DIST)/audit.log; then \
		echo "No advisory is known about what production installs."; \
	elif test -s $(DIST)/audit.txt; then \
		cat $(DIST)/audit.txt; echo "There are advisories: see above." >&2; exit 1; \
	else \
		echo "Nothing was audited, since PyPI's advisories could not be read: see $(DIST)/audit.log." >&2; exit 1; \
	fi

licences: .venv/synced-test ## Write the licences of everything production installs to docs/licences.md
	@$(BIN)/python -m gkec.licences

browser-present:
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests."; \
		export DEBIAN_FRONTEND=noninteractive; apt-get update -qq \
			&& { apt-get install -y -qq --no-install-recommends chromium-headless-shell 2>/dev/null \
				|| apt-get install -y -qq --no-install-recommends chromium; }; \
	else \
		echo "The browser tests need Chromium: run 'sudo apt-get install chromium', then try again." >&2; exit 1; \
	fi

$(UV):
	@test -n "$(PYTHON)" \
		|| { echo "GKEC needs Python 3.11, 3.12 or 3.13: run 'make PYTHON=/path/to/python3.11'." >&2; exit 1; }
	@umask 022 && $(PYTHON) -m venv .venv \
		|| { echo "Python's venv module is missing: run 'sudo apt-get install python3-venv'." >&2; exit 1; }
	@umask 022 && $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: --requirement installer.txt

# Inexact, so that the demo does not take away what the tests had installed.
.venv/synced-dev: $(UV) uv.lock pyproject.toml
	@echo "Installing what GKEC stands on."
	@$(SYNC) --group dev --inexact
	@touch $@

.venv/synced-test: $(UV) uv.lock pyproject.toml
	@echo "Installing what GKEC and its tests stand on."
	@$(SYNC) --group test
	@touch $@ .venv/synced-dev
