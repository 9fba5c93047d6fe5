#!/bin/sh
# Rebuilds the contracts' wasm and compares it with what is committed.
#
#   check-wasm.sh            exit 0: equal, 1: different, 2: cannot compare
#   check-wasm.sh --update   replaces the committed files and their hashes
set -eu
cd "$(dirname "$0")"

contracts="escrow registry anchor"

# What is committed must be whole, whatever compiler is here.
if [ "${1:-}" != --update ]; then
    for contract in $contracts; do
        (cd wasm && sha256sum --quiet -c "$contract.wasm.sha256") || exit 1
    done
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
    for contract in $contracts; do
        cp "$built/berth_$contract.wasm" "wasm/$contract.wasm"
        (cd wasm && sha256sum "$contract.wasm" > "$contract.wasm.sha256")
    done
    rustc --version > wasm/RUSTC
fi

different=0
for contract in $contracts; do
    if cmp -s "$built/berth_$contract.wasm" "wasm/$contract.wasm"; then
        echo "equal: $(cat "wasm/$contract.wasm.sha256")"
    else
        sources="$(sha256sum < "$built/berth_$contract.wasm" | cut -d' ' -f1)"
        committed="$(sha256sum < "wasm/$contract.wasm" | cut -d' ' -f1)"
        echo "different: the sources of $contract give $sources, committed is $committed" >&2
        different=1
    fi
done
exit "$different"
