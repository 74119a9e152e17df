# Helpers of the tests of the command. A test is a shell script in a fresh folder of its own; ctest
# gives it ALEXNET, the command, and JSON_GET, the reader of what --json prints. It ends at the
# first expectation that does not hold.
set -u
: "${ALEXNET:?the command}" "${JSON_GET:?json_get}"
source=$(cd "${0%/*}/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' TERM
cd "$work" || exit 1

fail() {
    echo "FAILED: $*" >&2
    [ -f out ] && sed 's/^/  stdout: /' out >&2
    [ -f err ] && sed 's/^/  stderr: /' err >&2
    exit 1
}

# expect CODE ARGUMENTS...: run the command; what it printed is in the files out and err.
expect() {
    wanted=$1
    shift
    "$ALEXNET" "$@" >out 2>err
    code=$?
    [ $code -eq "$wanted" ] || fail "alexnet $*: exit code $code, expected $wanted"
}

# has FILE TEXT...: the file contains each text, taken literally.
has() {
    file=$1
    shift
    for text in "$@"; do
        grep -qF -e "$text" "$file" || fail "$file lacks: $text"
    done
}

# line FILE TEXT...: the file has each text as a whole line; leading blanks are ignored.
line() {
    file=$1
    shift
    for text in "$@"; do
        sed 's/^ *//' "$file" | grep -qxF -e "$text" || fail "$file lacks the line: $text"
    done
}

lacks() {
    grep -qF -e "$2" "$1" && fail "$1 has: $2"
    return 0
}

# json LINE PATH: a value of the JSON in the file out. It is mostly called in $(...), a shell of its
# own, from which `exit` would not end the test.
json() {
    "$JSON_GET" out "$1" "$2" || {
        echo "FAILED: out, line $1, has no $2" >&2
        kill -TERM $$
    }
}

# is ACTUAL EXPECTED WHAT
is() {
    [ "$1" = "$2" ] || fail "$3 is '$1', expected '$2'"
}

# less A B WHAT: A < B, as numbers.
less() {
    awk -v a="$1" -v b="$2" 'BEGIN { n = "^[-+]?[0-9]+[.]?[0-9]*(e[-+]?[0-9]+)?$"
        exit !(a ~ n && b ~ n && a + 0 < b + 0) }' || fail "$3: $1 is not below $2"
}

# pictures DIR COUNT: the demo's pictures, COUNT of each class to train on.
pictures() {
    "$ALEXNET" demo --only-pictures --quiet --count "$2" --out "$1" || fail "no pictures"
}

# train ARGUMENTS...: a short training run of the smallest network.
train() {
    expect 0 train "$@" --net alexnet-mini --batch 16
}

# gated FOLDER NUMBER ARGUMENTS...: run the command in the background, as $pid. It waits where it
# opens the file of this number in the folder until there is a file `gate`, and can thus not end before.
# A shell starts background commands with SIGINT ignored; env restores the default.
gated() {
    folder=$1 number=$2
    shift 2
    rm -f gate
    : >err # what the command before it has said must not be taken for its own
    env --default-signal=INT LD_PRELOAD="$SIGNAL_AT" SIGNAL_AT_FOLDER="$folder" SIGNAL_AT_CALL=open \
        SIGNAL_AT_NUMBER="$number" SIGNAL_AT_GATE="$work/gate" \
        ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
        "$ALEXNET" "$@" >out 2>err &
    pid=$!
}

# await COMMAND...: wait until the command holds, while that in the background runs.
await() {
    until "$@"; do
        kill -0 $pid 2>/dev/null || fail "the command ended before: $*"
        sleep 0.02
    done
}
