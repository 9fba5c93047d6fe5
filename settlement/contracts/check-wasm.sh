#!/bin/sh
# Rebuilds the escrow's wasm and compares it with the committed one.
#
#   check-wasm.sh            exit 0: equal, 1: different, 2: cannot compare
#   check-wasm.sh --update   replaces the committed file and its hash
set -eu
cd "$(dirname "$0")"

# What is committed must be whole, whatever compiler is here.
if [ "${1:-}" != --update ]; then
    (cd wasm && sha256sum --quiet -c escrow.wasm.sha256) || exit 1
fi

# Another compiler gives other bytes, and says nothing about the sources.
pinned="$(cat wasm/RUSTC)"
found="$(rustc --version)"
if [ "${1:-}" != --update ] && [ "$found" != "$pinned" ]; then
    echo "cannot compare: the committed wasm was built by '$pinned', here is '$found'" >&2
    exit 2
fi
if ! rustc --print target-libdir --target wasm32v1-none 2>/dev/null | xargs -r test -d; then
    if ! rustup target add wasm32v1-none >/dev/null 2>&1; then
        echo "cannot compare: the target wasm32v1-none is not here and cannot be installed (rustup target add wasm32v1-none)" >&2
        exit 2
    fi
fi

built="$(sh ./build-wasm.sh)"
if [ "${1:-}" = --update ]; then
    cp "$built" wasm/escrow.wasm
    (cd wasm && sha256sum escrow.wasm > escrow.wasm.sha256)
    rustc --version > wasm/RUSTC
fi

if cmp -s "$built" wasm/escrow.wasm; then
    echo "equal: $(cat wasm/escrow.wasm.sha256)"
else
    echo "different: the sources give $(sha256sum < "$built" | cut -d' ' -f1), committed is $(sha256sum < wasm/escrow.wasm | cut -d' ' -f1)" >&2
    exit 1
fi
