# Two commands matter: `make demo` shows the first lease, `make test` passes the
# tests. Each installs what it needs itself and says so.

DATA ?= berth-demo
ARGS ?=

.PHONY: demo test build lint wasm clean

demo: ## One lease from order to payment, on this machine.
	@scripts/setup demo
	cargo build --workspace --locked
	BERTH_DEMO_DATA="$(DATA)" target/debug/berth demo $(ARGS)

test: ## Formatting, lints, and every test.
	@scripts/setup test
	cargo xtask ci

build: ## The optimised binary, target/release/berth.
	@scripts/setup build
	cargo build --release --package berth

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

wasm: ## Rebuilds the contracts and compares them with what is committed.
	sh settlement/contracts/check-wasm.sh

clean: ## Build outputs and the demo's data.
	cargo clean
	rm -rf $(DATA)
