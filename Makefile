# make run: everything for a first look.  make check test: everything before a commit.
PORT ?= 8000
DATA ?= var
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
TORCH ?= torch~=2.13.0
JOBS ?= 2

.PHONY: run install install-dev browser test check format screenshots simulate mutants soak words lock clean

run: $(VENV)/.installed
	@BLINDREAD_DATA_DIR="$(DATA)" $(BIN)/blindread demo --port $(PORT)

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV); the first time takes some minutes."
	$(BIN)/python -m pip install --quiet --constraint constraints.txt $(TORCH)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[worker]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[worker,dev]'
	@touch $@

# Debian's Chromium where we may install it, else Playwright's own download.
browser: $(VENV)/.installed-dev
	@sh tests/browser/install.sh $(BIN)/python

test: $(VENV)/.installed-dev browser
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n $(JOBS) --dist worksteal
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered --sort=cover

soak: $(VENV)/.installed-dev browser
	SOAK_TESTS=1 $(BIN)/python -m pytest --timeout 3600

# How often the 95 % intervals hold the truth (docs/simulations.md): about 20 minutes of one core; goes on where it was stopped.
simulate: $(VENV)/.installed-dev
	nice -n 19 $(BIN)/python -m tests.simulations

# Do tests notice when app/stats is changed by one operator or number? Files and what survives: docs/mutants.md.
mutants: $(VENV)/.installed-dev
	nice -n 19 $(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --check templates
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

# The pictures of docs/reading-room.md and docs/guide.md, taken anew.
screenshots: $(VENV)/.installed-dev browser
	$(BIN)/python -m tests.browser.pictures docs/images

# Sentences that readers see: collects them, and brings each language's catalogue up to date; new ones come empty.
words: $(VENV)/.installed-dev
	@mkdir -p build
	$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --keywords N_ --add-location file --no-wrap --sort-by-file \
		--copyright-holder "The Blindread authors" --project blindread --output-file build/words.pot .
	@for catalogue in app/locale/*.po; do \
		$(BIN)/pybabel --quiet update --input-file build/words.pot --output-file $$catalogue --locale $$(basename $$catalogue .po) \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap || exit 1; \
	done

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint --quiet --reformat templates || $(BIN)/djlint --quiet --check templates  # the first reports what it changed as 1

# The versions that the tests ran with: names and versions only.
lock: $(VENV)/.installed-dev
	$(BIN)/python -m pip freeze --exclude-editable | sed -e 's/+cpu//' | grep '==' | sort -f > constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage dist build
