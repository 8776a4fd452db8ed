# Needs Python 3.11 or newer, nothing else; everything is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
# One thread a process: as fast for small nets, and the same numbers on every machine.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: help demo test test-all lint nbval browser hub site site-check graders hostile lab bench notebooks clean

help:
	@echo "make demo       a sample class: release, collection, autograding, feedback, gradebook"
	@echo "make test       all that a commit must pass"
	@echo "make test-all   the same and the long repeats"
	@echo "make browser    a day of an instructor and two students, in a real browser; pictures in screenshots/"
	@echo "make hub        the JupyterHub example with an instructor and two students; needs root and makes users"
	@echo "make graders    the checks graded: every known mistake and every accepted alternative"
	@echo "make hostile    attacks and damaged submissions, graded by stock nbgrader and by tips"
	@echo "make lab        JupyterLab with the lectures"
	@echo "make notebooks  run the notebooks' text forms and store the outputs"
	@echo "make site       the course as web pages: open site/index.html"
	@echo "make bench      speed, as ratios"

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tips needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; use make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

demo: .venv/installed
	rm -rf demo
	$(BIN)/tips demo --out demo

lint: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python tools/build_notebooks.py --check

test: lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests
	$(MAKE) nbval

nbval: .venv/installed
	$(BIN)/python -m pytest -p tests.nbcompare --nbval --nbval-current-env -n $(WORKERS) --dist loadfile notebooks assignments/source

test-all: test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --hypothesis-profile=thorough tests --ignore tests/grading
	TIPS_LONG=1 $(BIN)/python -m pytest tests/grading/test_crashes.py tests/grading/test_attacks.py tests/grading/test_demo.py tests/grading/test_damage.py
	$(BIN)/python -m pytest --hypothesis-profile=thorough tests/grading/test_damage.py -k fuzz
	$(MAKE) graders
	$(MAKE) hostile
	$(MAKE) browser
	$(MAKE) site-check
	$(MAKE) nbval
	ATEN_CPU_CAPABILITY=default $(MAKE) nbval
	OPENBLAS_CORETYPE=Haswell $(MAKE) nbval

browser: .venv/browser
	$(BIN)/python -m pytest -x --durations=0 -o python_files=days.py tests/browser

hub: .venv/browser
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt jupyterhub jupyterhub-idle-culler
	$(BIN)/python -m pytest -x --durations=0 -o python_files=classroom.py tests/hub

.venv/browser: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[browser]'
	touch $@

site: .venv/site
	$(BIN)/python tools/build_site.py

site-check: site .venv/browser
	$(BIN)/python -m pytest tests/test_site.py
	$(BIN)/python tools/check_site.py

.venv/site: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[site]'
	touch $@

graders: .venv/installed
	$(BIN)/python tools/graders.py --workers $(WORKERS) --json graders.json
	$(BIN)/python tools/mutants.py

hostile: .venv/installed
	$(BIN)/python tools/hostile.py --workers $(WORKERS)

lab: .venv/installed
	$(BIN)/tips lab

bench: .venv/installed
	$(BIN)/python tools/bench.py --json bench.json
	$(BIN)/python tools/bench_grading.py --json bench_grading.json

notebooks: .venv/installed
	$(BIN)/python tools/build_notebooks.py

clean:
	rm -rf .venv demo build site screenshots *.egg-info bench.json bench_grading.json graders.json
