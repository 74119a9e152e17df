# SIGTERM while folders are read and the sizes of files are looked up, before any command's work: it
# ends at once, as work does that is interrupted, and leaves nothing behind. A request for a
# checkpoint is kept until there is one to write.
. "${0%/*}/lib.sh"
: "${SIGNAL_AT:?the library that sends the signal}"
pictures data 16
pictures=$work/data/pictures
train "$pictures" --epochs 1 --out trained
cp -r trained kept

# at CALL NUMBER ARGUMENTS...: the command with the signal at this call; its exit code is in $code.
at() {
    call=$1 number=$2
    shift 2
    rm -f rest
    LD_PRELOAD=$SIGNAL_AT SIGNAL_AT_FOLDER=$pictures SIGNAL_AT_CALL=$call SIGNAL_AT_NUMBER=$number \
        SIGNAL_AT_REST=$work/rest "$ALEXNET" "$@" --threads 2 >out 2>err
    code=$?
}

# stopped WHAT FILE...: the command ended at once, and left none of these files.
stopped() {
    what=$1
    shift
    is $code 143 "exit code of $what"
    line err "stopping; a second signal stops at once"
    lacks err "alexnet: "
    [ "$call" = stat ] || is "$(cat rest)" 0 "calls after the signal in $what"
    for file in "$@"; do
        [ ! -e "$file" ] || fail "$what left $file"
    done
}

# everywhere CALL FILE ARGUMENTS...: interrupt the command at every 17th call until there is none.
everywhere() {
    wanted=$1 file=$2 number=1
    shift 2
    while at "$wanted" $number "$@" && [ -e rest ]; do
        stopped "$1 at $call $number" "$file" "$file.tmp"
        number=$((number + 17))
    done
    is $code 0 "exit code of $1 without a signal"
    [ $number -gt 17 ] || fail "$1 makes no $call"
}

# begins CALL: interrupt a new run at every 17th call until the run has begun before that.
begins() {
    number=1
    while at "$1" $number train "$pictures" --net alexnet-mini --epochs 1 --out runs/new &&
        [ ! -e runs/new/last.safetensors ]; do
        stopped "a new run at $call $number" runs
        number=$((number + 17))
    done
    [ $number -gt 17 ] || fail "a new run makes no $call"
    rm -rf runs
}

at readdir 1 data stats "$pictures"
grep -q 'does not come first' err && exit 77 # a sanitizer, which must be loaded before us

begins readdir
begins stat
for signal in 1 10 12; do # SIGHUP, SIGUSR1, SIGUSR2
    export SIGNAL_AT_SIGNAL=$signal
    at readdir 1 train "$pictures" --net alexnet-mini --epochs 1 --out asked-$signal
    is $code 0 "exit code of a run with signal $signal while its data is read"
    has err "checkpoint written"
    at readdir 1 train --resume asked-$signal
    is $code 0 "exit code of resuming with signal $signal while the data is read"
done
unset SIGNAL_AT_SIGNAL
for call in readdir stat; do
    for number in 1 30 60 90; do
        at $call $number train --resume trained
        stopped "resuming at $call $number"
        diff -r kept trained || fail "the run was changed by resuming at $call $number"
    done
done
everywhere readdir packed data pack "$pictures" packed
rm -rf packed
everywhere stat packed data pack "$pictures" packed
everywhere readdir none data check "$pictures"
everywhere readdir none eval trained "$pictures"
everywhere readdir new.npy features trained "$pictures" --layer fc7 -o new.npy
