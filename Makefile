# The verbs. CI calls these and nothing else; each installs what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test conformance check budgets bench soak attack subscribers schema walls fmt node-modules redis-server

# Options for what is run: `make run ARGS="--scale 50000"`, `make bench ARGS="--seconds 10"`.
ARGS ?=
BFFS := $(patsubst schema/%/,%,$(wildcard schema/*/))

help: ## Say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: ## Build and start everything, with demo data; Ctrl-C stops it
	cargo build --workspace --bins --exclude bench
	./target/debug/bff dev $(ARGS)

test: node-modules redis-server ## All tests
	cargo build --workspace --bins --exclude bench
	@if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --workspace --no-fail-fast $(ARGS); \
	else \
	  cargo test --workspace --no-fail-fast $(ARGS); \
	fi
	cargo test --workspace --doc

conformance: node-modules chromium ## Published suites against each BFF: all 61 audits of GraphQL over HTTP, one line each
	cargo build --workspace --bins --exclude bench
	@if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --workspace --no-fail-fast --no-capture -E 'package(kit) & test(/^conformance::/)'; \
	else \
	  cargo test -p kit --test it --no-fail-fast conformance:: -- --nocapture --test-threads 1; \
	fi

check: ## Format, lints, docs, bans and licences, walls
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items
	@command -v cargo-deny >/dev/null || cargo install cargo-deny --locked --debug --quiet
	cargo deny --workspace check bans licenses sources
	$(MAKE) --no-print-directory walls
	$(MAKE) --no-print-directory budgets

budgets: ## What every registered operation costs, with few rows and with many, against schema/<bff>/budgets.toml
	cargo build --workspace --bins --exclude bench
	./target/debug/bff budgets $(ARGS)

walls: ## The platform, the benchmark and the tools build without the example domain
	./.ci/without-domain

# Node's servers take part where npm is; `make bench PEERS=` leaves them out.
PEERS ?= $(if $(shell command -v npm 2>/dev/null),bench/peers)

bench: $(if $(PEERS),$(PEERS)/node_modules/.package-lock.json) ## The posts-and-users benchmark: ours and what it is compared with, goals
	cargo build --release -p bench
	./target/release/bench run $(if $(PEERS),--peers $(PEERS)) $(ARGS)

soak: ## Ten minutes of mixed load with faults: memory flat, no task leaked (`ARGS="--minutes 1"` for less)
	cargo build --release -p bench
	./target/release/bench soak $(ARGS)

attack: ## Slow, endless, multiplying: each attack in turn, while a polite client must not notice (`ARGS="--only bombs"`)
	cargo build --release -p bench
	./target/release/bench attack $(ARGS)

subscribers: ## Ten thousand idle subscribers on one process: what each takes, and one event for all (`ARGS="--subscribers 500"`)
	cargo build --release -p bench
	./target/release/bench subscribers $(ARGS)

schema: ## Write schema/<bff>/schema.graphql and schema/errors.md from the code
	cargo build --workspace --bins --exclude bench
	@for bff in $(BFFS); do ./target/debug/$$bff schema > schema/$$bff/schema.graphql && echo "schema/$$bff/schema.graphql"; done
	@./target/debug/$(firstword $(BFFS)) errors > schema/errors.md && echo "schema/errors.md"

fmt: ## Format everything
	cargo fmt --all

# The judge of the differential tests is graphql-js; published suites audit the BFFs.
node-modules: tests/judge/node_modules/.package-lock.json tests/conformance/node_modules/.package-lock.json tests/browser/node_modules/.package-lock.json

tests/%/node_modules/.package-lock.json: tests/%/package.json tests/%/package-lock.json
	@command -v npm >/dev/null || { \
	  echo "The judge of the differential tests and the audits need Node: installing it."; \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  { $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq nodejs npm; } || { \
	    echo "It could not be installed. Install Node 20 or newer (with npm), then run this again."; exit 1; }; }
	npm ci --no-audit --no-fund --ignore-scripts --prefix tests/$*

# Tests of what replicas share start servers of their own, on free ports.
redis-server:
	@command -v redis-server >/dev/null || { \
	  echo "Tests of what replicas share need redis-server: installing it."; \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  { $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends redis-server; } || { \
	    echo "It could not be installed. Install Redis 6 or newer, then run this again."; exit 1; }; }

# The browser of tests/browser: Debian's.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || [ -n "$$CHROMIUM" ] || { \
	  echo "Signing in is tried with a real browser: installing Chromium."; \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  { $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium; } || { \
	    echo "It could not be installed. Install Chromium, or name one in CHROMIUM, then run this again."; exit 1; }; }

bench/peers/node_modules/.package-lock.json: bench/peers/package-lock.json
	npm ci --no-audit --no-fund --ignore-scripts --prefix bench/peers
