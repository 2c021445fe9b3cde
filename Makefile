# The ways to build, try and test Usher. `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

export PATH := $(PATH):$(HOME)/.cargo/bin
# A snapshot that differs fails the test; INSTA_UPDATE=new keeps it for review.
export INSTA_UPDATE ?= no

# One process for all tests of a kind: what they share is made once. Most of them wait for something.
export RUST_TEST_THREADS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: demo
demo: ## install what is missing, build, and play the main job (ARGS=--exit ends it)
	@scripts/setup
	@cargo build --locked --release
	@./target/release/usher demo $(ARGS)

.PHONY: check
check: ## formatting, lints, docs, dependencies, the suite on SQLite
	@scripts/setup
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --document-private-items
	@if command -v cargo-deny >/dev/null; then \
		cargo deny --locked check bans licenses sources; \
	else \
		echo 'check: cargo-deny is not installed, so licences and sources were not checked'; \
	fi
	@unset TEST_DATABASE_URL; cargo test --locked

.PHONY: test
test: ## everything of check, the suite on PostgreSQL, and other people's programs
	@scripts/setup test
	@# What others wrote is fetched while we build: the one waits for the network, the other does not.
	@scripts/interop --fetch & trap 'wait' EXIT; $(MAKE) check && $(MAKE) test-postgres
	@$(MAKE) interop

.PHONY: test-postgres
test-postgres: ## the suite on a PostgreSQL server of its own
	@echo 'The suite on PostgreSQL:'
	@scripts/postgres cargo test --locked --test gateway

.PHONY: fuzz
fuzz: ## what a fuzzer makes of messages and metadata (FUZZ_SECONDS=60 each)
	@scripts/setup
	@scripts/fuzz $(or $(FUZZ_SECONDS),60)

.PHONY: coverage
coverage: ## which lines of the SAML gate and policy the corpus reaches (needs cargo-tarpaulin)
	@scripts/coverage

.PHONY: interop
interop: ## identity providers and clients that others wrote, against a running Usher
	@scripts/interop

# What takes long: properties with many cases, on both engines. PROOF tells tests to take their time.
.PHONY: proof
proof: export PROOF := 1
proof: export PROPTEST_CASES ?= 10000
proof: ## the suite with many more cases, on both engines, and interop
	@scripts/setup test
	@unset TEST_DATABASE_URL; cargo test --locked
	@$(MAKE) test-postgres
	@$(MAKE) interop
	@scripts/fuzz 900
	@scripts/kill-test
	@scripts/postgres scripts/kill-test
	@scripts/mail-test
	@scripts/hook-test
