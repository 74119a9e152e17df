# A run that is killed (SIGKILL) at random moments, and resumed each time, ends with the bits of the
# undisturbed run. A hundred times with ALEXNET_LONG, otherwise eight.
. "${0%/*}/lib.sh"
pictures data 16
set -- data/pictures --net alexnet-mini --batch 16 --epochs 4 --report 2 --threads 1 --quiet
kills=${ALEXNET_LONG:+100}
kills=${kills:-8}
expect 0 train "$@" --out plain

# Moments from a table of random numbers, the same in every test: up to 1.2 s after the start.
moments() {
    awk -v n="$kills" 'BEGIN { srand(2012); for (i = 0; i < n; i++) printf "%.3f\n", 1.2 * rand() }'
}
same_bits() {
    for file in best.safetensors last.safetensors; do
        cmp -s run/$file plain/$file || fail "$file differs after $killed kills"
    done
}

killed=0 finished=0
for moment in $(moments); do
    if [ -e run/last.safetensors ]; then
        "$ALEXNET" train --resume run --threads 1 --quiet >out 2>err &
    else
        "$ALEXNET" train "$@" --out run >out 2>err &
    fi
    pid=$!
    sleep "$moment"
    kill -9 $pid 2>/dev/null
    if wait $pid 2>/dev/null; then # it ended first: compare, and begin another
        finished=$((finished + 1))
        same_bits
        rm -rf run
    else
        killed=$((killed + 1))
    fi
done
[ -e run/last.safetensors ] || expect 0 train "$@" --out run
expect 0 train --resume run --threads 1 --quiet
same_bits
is "$(sed 's/"images_per_second":[^,]*,"waiting":[^,}]*//' run/log.jsonl)" \
    "$(sed 's/"images_per_second":[^,]*,"waiting":[^,}]*//' plain/log.jsonl)" "the log"
[ "$killed" -gt 0 ] || fail "nothing was killed"
echo "$killed kills, $((finished + 1)) runs"
