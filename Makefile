# make run    a virtual environment, the requirements, the studio on http://127.0.0.1:7860
# make test   the same with the test requirements, then every test (the ones in a browser too)
# make hardening   the attacks on the studio, the long ones too

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export OMP_WAIT_POLICY ?= PASSIVE
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_OFFLINE ?= 1

.PHONY: run test hardening lint checksums clean

run: $(VENV)/.run
	$(BIN)/python app.py

test: $(VENV)/.test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest -n 3 --dist loadfile

# The long forms of the attacks in tests/hardening.
hardening: $(VENV)/.test
	$(BIN)/python -m pytest -m "hardening or not hardening" tests/hardening tests/media/test_mutants.py

lint: $(VENV)/.test
	$(BIN)/python -m ruff check .

# After a checkpoint was exported: what every file of the shipped checkpoints must be.
checksums:
	cd checkpoints && find . -type f ! -name README.md | sed 's|^[.]/||' | LC_ALL=C sort | xargs sha256sum \
		> ../studio/checksums.txt

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

$(VENV)/.test: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache
