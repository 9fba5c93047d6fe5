#!/bin/sh
# Builds the contracts' wasm so that the same sources give the same bytes
# wherever they are checked out, and prints the folder where they lie, as
# berth_NAME.wasm.
set -eu
cd "$(dirname "$0")"

# The compiler writes source paths into panic locations. Each prefix that
# belongs to this machine is replaced by one that belongs to none.
flags=""
remap() { flags="$flags --remap-path-prefix=$1=$2"; }
cargo_home="${CARGO_HOME:-$HOME/.cargo}"
for source in "$cargo_home"/registry/src/*/; do
    remap "${source%/}" /crates
done
remap "$(rustc --print sysroot)/lib/rustlib/src/rust" "/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
remap "$PWD" /berth

unset CARGO_ENCODED_RUSTFLAGS
export RUSTFLAGS="${flags# }"
# A folder of its own: other flags would make cargo build everything again.
export CARGO_TARGET_DIR="${BERTH_WASM_TARGET_DIR:-$PWD/target/wasm}"
cargo build --quiet --locked --release --target wasm32v1-none --workspace >&2
echo "$CARGO_TARGET_DIR/wasm32v1-none/release"
