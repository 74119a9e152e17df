#!/bin/sh
# The tests that take long (make test-long): each fuzz target for SECONDS, under the sanitizers,
# then every test again with real data. DATA is the folder of the data archives. With it a skipped
# test fails, unless it was skipped because of the processor.
#
#     test_long.sh BUILD [DATA [SECONDS]]
set -eu
build=$1 data=${2:-} seconds=${3:-60}
[ -z "$data" ] || data=$(cd "$data" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v clang > /dev/null || { echo "test-long: the fuzz targets need clang"; exit 1; }
LSAN_OPTIONS=suppressions=$PWD/tests/cli/lsan.supp
export LSAN_OPTIONS
cmake --preset fuzz > "$work/log" || { cat "$work/log"; exit 1; }
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    cmake --build build/fuzz --target "$name" > "$work/log" || { cat "$work/log"; exit 1; }
    mkdir "$work/$name"
    echo "== $name, $seconds seconds"
    # New inputs go to the first folder, crashing ones to the working folder.
    "build/fuzz/tests/$name" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=4096 \
        "$work/$name" "tests/fuzz/corpus/${name#fuzz_}" 2> "$work/log" ||
        { tail -n 40 "$work/log"; exit 1; }
    tail -n 1 "$work/log"
done

echo "== tests${data:+ with the data of $data}"
[ -z "$data" ] || export ALEXNET_DATA="$data"
export ALEXNET_LONG=1 # tests that can do more then do
failed=0
ctest --test-dir "$build" --output-on-failure > "$work/tests" 2>&1 || failed=1
cat "$work/tests"
if [ -n "$data" ]; then
    log=$build/Testing/Temporary/LastTest.log
    grep '^skipped: ' "$log" | sort | uniq -c > "$work/reasons" || true
    if grep -v 'this processor' "$work/reasons" ||
        [ "$(grep -c '\*\*\*Skipped' "$work/tests")" -gt "$(grep -c '^skipped: ' "$log")" ]; then
        echo "test-long: tests were skipped"
        failed=1
    fi
fi
exit $failed
