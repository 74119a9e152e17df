#!/bin/sh
# Compare alexnet with its peers in their best configuration, on this machine and in one run. Every
# contender runs once in each of ROUNDS rounds; the median counts.
#
#     bench/compare.sh BUILD [CASE...]       CASE is NET:MODE:PRECISION:BATCH
#
#     BUILD     a build folder: its command and bench_bare (cmake --build BUILD --target bench_bare)
#     PYTHONS   interpreters that may have torch or onnxruntime (default "python3")
#     ROUNDS, STEPS, THREADS   3, 5, 2
#
# Peers are set to keep their memory between steps, on huge pages: as installed they lose most of
# their time to page faults, and beating that means nothing. A case that this processor cannot run
# is left out.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
shift
PYTHONS=${PYTHONS:-python3}
ROUNDS=${ROUNDS:-3}
STEPS=${STEPS:-5}
THREADS=${THREADS:-2}
[ $# -gt 0 ] || set -- alexnet:train:fp32:128 alexnet:train:bf16:128 \
    alexnet-owt:train:fp32:128 alexnet-owt:train:bf16:128 \
    alexnet-owt:infer:fp32:128 alexnet-owt:infer:bf16:128 \
    alexnet-owt:infer:fp32:1 alexnet-owt:infer:bf16:1
results=$(mktemp)
trap 'rm -f "$results"' EXIT
keep=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296
keep=$keep:glibc.malloc.trim_threshold=4294967296:glibc.malloc.top_pad=268435456

has() { # PYTHON MODULE
    "$1" -c "import $2" 2>/dev/null
}

# Contenders write "MILLISECONDS NAME".
ours() {
    "$build/cli/alexnet" bench --net "$net" --mode "$mode" --precision "$precision" --batch "$batch" \
        --steps "$STEPS" --threads "$THREADS" --json --quiet |
        awk -v want="$precision" '{
            match($0, /"precision": "[a-z0-9]*"/); got = substr($0, RSTART + 14, RLENGTH - 15)
            match($0, /"median": [0-9.]*/); ms = substr($0, RSTART + 10, RLENGTH - 10)
            if (got == want) print ms, "alexnet"
        }'
}

bare() {
    [ "$mode" = train ] && [ -x "$build/bench/bench_bare" ] || return 0
    "$build/bench/bench_bare" "$net" "$batch" "$STEPS" "$precision" "$THREADS" |
        awk '/ms for a batch/ { print $3, "bare oneDNN: convolutions and inner products alone" }'
}

peer() { # PYTHON SCRIPT ARGUMENTS...
    GLIBC_TUNABLES=$keep OMP_NUM_THREADS=$THREADS "$@" || echo "$2 failed for $name" >&2
}

peers() {
    for python in $PYTHONS; do
        if has "$python" torch; then
            for layout in nchw channels_last; do
                peer "$python" "$here/peer_torch.py" "$net" "$mode" "$precision" "$batch" "$STEPS" \
                    "$THREADS" $layout
            done
        fi
        if [ "$net:$mode:$precision" = alexnet-owt:infer:fp32 ] && has "$python" onnxruntime; then
            peer "$python" "$here/peer_onnxruntime.py" "$net" "$batch" "$STEPS" "$THREADS"
        fi
    done
}

for round in $(seq "$ROUNDS"); do
    for name in "$@"; do
        IFS=: read -r net mode precision batch <<END
$name
END
        echo "round $round of $ROUNDS: $name" >&2
        mine=$(ours)
        [ -n "$mine" ] || continue
        { echo "$mine"; bare; peers; } | sed "s/^/$name /" >> "$results"
    done
done

awk -v names="$*" '
{
    who = $3; for (i = 4; i <= NF; i++) who = who " " $i
    if (!(($1, who) in n)) list[$1, ++count[$1]] = who
    ms[$1, who, ++n[$1, who]] = $2
}
function median(name, who,    i, j, t, a, m) {
    m = n[name, who]
    for (i = 1; i <= m; i++) a[i] = ms[name, who, i]
    for (i = 2; i <= m; i++) for (j = i; j > 1 && a[j - 1] > a[j]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
    return m % 2 ? a[(m + 1) / 2] : (a[m / 2] + a[m / 2 + 1]) / 2
}
END {
    print "| case | contender | ms | images/s | ours is |\n|---|---|---|---|---|"
    cases = split(names, name, " ")
    for (c = 1; c <= cases; c++) {
        split(name[c], part, ":")
        for (i = 1; i <= count[name[c]]; i++) {
            who = list[name[c], i]; t = median(name[c], who)
            if (i == 1) own = t
            printf "| %s | %s | %.1f | %.1f | %s |\n", i == 1 ? name[c] : "", who, t,
                   1000 * part[4] / t, i == 1 ? "" : sprintf("%.2f times as fast", t / own)
        }
    }
}' "$results"
