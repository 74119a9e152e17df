#!/bin/sh
# The permitted include arrows (docs/architecture.md, "Folders"):
#
#     base <- tensor <- op <- {data, format, backend} <- model <- infer <- train <- speed <- api
#
# A folder includes itself and earlier ones; folders in braces do not include each other, nor do
# backends, except that cpu may fall back to ref; backend/parity, which compares any of them with
# ref, may be included by later folders. Kernels of a backend do not include what is built on them.
# The folders of data have an order of their own, in which "." is the files of data itself:
#
#     picture <- source <- tar <- . <- {loader, check, pack}
#
# The command, its tests and the examples include only include/alexnet/alexnet.h.
#
#     check_arrows.sh [ROOT]        print what breaks the rule; exit 1 if anything does
#     check_arrows.sh --self-check  show that planted violations are found
set -eu
tools=$(cd "$(dirname "$0")" && pwd)

# "file: #include line" for each quoted include below the given folders, without comments.
includes() {
    for file in $(find "$@" -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' -o -name '*.in' \
                       2>/dev/null | LC_ALL=C sort); do
        # Names of include files are strings, so only comments may be removed.
        awk '{
            line = $0
            while (match(line, /\/\*([^*]|\*+[^*\/])*\*+\//))
                line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
            if (match(line, /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/)) {
                split(line, part, "\"")
                print FILENAME, part[2]
            }
        }' "$file"
    done
}

check() {
    cd "$1"
    includes src cli tests/cli examples | awk '
    BEGIN {
        n = split("base tensor op data format backend model infer train speed api", folder, " ")
        split("0 1 2 3 3 3 4 5 6 7 8", level, " ")
        for (i = 1; i <= n; i++) rank[folder[i]] = level[i]
        n = split("picture source tar . loader check pack", folder, " ")
        split("0 1 2 3 4 4 4", level, " ")
        for (i = 1; i <= n; i++) data_rank[folder[i]] = level[i]
    }
    function say(why) { printf "%s includes \"%s\": %s\n", $1, $2, why; bad = 1 }
    $2 == "alexnet/alexnet.h" { next }
    {
        from_parts = split($1, from, "/")
        to_parts = split($2, to, "/")
        inside = index($2, "/") == 0 || $2 ~ /^\.\.?\//
    }
    from[1] != "src" {
        if (index($2, "/")) say("only alexnet/alexnet.h and files beside it are open to " from[1])
        next
    }
    inside { say("write the path from src/"); next }
    !(to[1] in rank) { say("no such layer"); next }
    !(from[2] in rank) { say(from[2] " has no place among the layers"); next }
    rank[to[1]] > rank[from[2]] { say(from[2] " stands before " to[1]); next }
    rank[to[1]] == rank[from[2]] && to[1] != from[2] { say("siblings do not know each other"); next }
    from[2] == "data" && to[1] == "data" {
        room = from_parts > 3 ? from[3] : "."
        other = to_parts > 2 ? to[2] : "."
        if (!(room in data_rank) || !(other in data_rank))
            say("a folder of data has no place in the order")
        else if (data_rank[other] > data_rank[room])
            say("data/" room " stands before data/" other)
        else if (data_rank[other] == data_rank[room] && other != room)
            say("siblings do not know each other")
    }
    to[1] == "backend" && to[3] != "" {
        room = from[2] == "backend" && from[4] != "" ? from[3] : ""
        open_room = to[2] == "parity" && (from[2] != "backend" || room == "parity")
        if (room != to[2] && !(room == "cpu" && to[2] == "ref") && !open_room)
            say("what is inside backend/" to[2] " is its own")
        if (from[4] == "kernels" && to[3] != "kernels")
            say("kernels know nothing of the operators over them")
    }
    END { exit bad }'
}

plant() { # FILE INCLUDE: a tree with this one include breaks the rule
    folder=$(mktemp -d)
    mkdir -p "$folder/$(dirname "$1")" "$folder/cli" "$folder/tests/cli" "$folder/examples"
    printf '/* */\n#include <stdio.h>\n  #  include "%s" /* x */\n' "$2" > "$folder/$1"
    if (check "$folder") > "$folder/out"; then found=no; else found=yes; fi
    rm -rf "$folder"
}

self_check() {
    while read -r expected file include; do
        plant "$file" "$include"
        if [ "$found" != "$expected" ]; then
            echo "check_arrows: $file with \"$include\": violation found: $found, not $expected"
            exit 1
        fi
    done <<'LIST'
yes src/base/a.c tensor/tensor.h
yes src/op/a.h backend/backend.h
yes src/data/a.c format/safetensors.h
yes src/data/picture/a.c data/source/source.h
yes src/data/picture/codec/a.c data/tar/tar.h
yes src/data/source/a.c data/tar/tar.h
yes src/data/source/a.c data/dataset.h
yes src/data/tar/a.c data/pack/pack.h
yes src/data/a.c data/loader/loader.h
yes src/data/check/a.c data/pack/pack.h
yes src/data/other/a.c data/dataset.h
yes src/format/a.c backend/layout.h
yes src/model/a.c infer/session.h
yes src/train/a.c api/handles.h
yes src/backend/ref/a.c backend/cpu/cpu.h
yes src/backend/cuda/a.cu backend/ref/ref.h
yes src/backend/registry.c backend/cpu/cpu.h
yes src/model/a.c backend/cpu/cpu.h
yes src/train/a.c speed/bench.h
yes src/backend/a.c backend/parity/parity.h
yes src/backend/cpu/a.c backend/parity/parity.h
yes src/backend/parity/a.c backend/ref/ref.h
yes src/backend/cpu/kernels/a.c backend/cpu/cpu.h
yes src/backend/cpu/kernels/a.h backend/cpu/onednn/primitive.h
yes src/base/a.c status.h
yes src/base/a.c ../tensor/tensor.h
yes src/base/a.c utils/x.h
yes src/extra/a.c base/status.h
yes cli/a.c base/status.h
yes cli/a.c ../src/base/status.h
yes tests/cli/a.c model/network/network.h
yes examples/a.c base/status.h
no src/api/a.c train/trainer.h
no src/api/a.c alexnet/alexnet.h
no src/op/a.c op/op.h
no src/data/picture/codec/a.c data/picture/codec.h
no src/data/source/store/a.c data/source/store.h
no src/data/tar/a.c data/source/source.h
no src/data/a.c data/tar/tar.h
no src/data/pack/a.c data/tar/tar.h
no src/data/pack/a.c data/dataset.h
no src/backend/cpu/a.c backend/ref/ref.h
no src/backend/cpu/a.c backend/cpu/cpu.h
no src/backend/cpu/a.c backend/layout.h
no src/backend/cpu/a.c backend/cpu/kernels/kernels.h
no src/backend/cpu/onednn/a.c backend/cpu/cpu.h
no src/backend/cpu/kernels/a.c backend/cpu/kernels/bf16.h
no src/backend/parity/a.c backend/parity/parity.h
no src/infer/a.c backend/parity/parity.h
no src/speed/a.c train/trainer.h
no src/model/a.c format/safetensors.h
no cli/a.c cli.h
no examples/a.c alexnet/alexnet.h
LIST
}

case "${1:-}" in
--self-check) self_check ;;
*) check "${1:-$tools/..}" ;;
esac
