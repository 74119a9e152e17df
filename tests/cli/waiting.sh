# A run that the disk refuses to save waits for that to pass, and ends as if it had never happened.
. "${0%/*}/lib.sh"
command -v prlimit >/dev/null || exit 77
pictures data 16
set -- data/pictures --net alexnet-mini --batch 16 --epochs 8 --report 2 --threads 1 --keep 1
expect 0 train "$@" --out plain --quiet

# begin RUN ARGUMENTS...: train in the background, under a limit of file sizes that no model fits in
# from the first line of the log on.
begin() {
    run=$1
    shift
    env --default-signal=INT "$ALEXNET" train "$@" --out "$run" >out 2>err &
    pid=$!
    until [ -s "$run/log.jsonl" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
    prlimit --pid $pid --fsize=100000: || fail "no limit"
}

# until_said TEXT
until_said() {
    for try in $(seq 600); do
        grep -qF -e "$1" err && return
        kill -0 $pid 2>/dev/null || fail "the run ended"
        sleep 0.1
    done
    fail "the run does not say: $1"
}

same() { # RUN
    for file in best.safetensors last.safetensors epoch-8.safetensors; do
        cmp "$1/$file" "plain/$file" || fail "$file of $1 differs"
    done
    for run in plain "$1"; do
        sed 's/"images_per_second":[^,]*,"waiting":[^,}]*//' "$run/log.jsonl" >log
        mv log "$run.log"
    done
    cmp plain.log "$1.log" || fail "the log of $1 differs"
    is "$(find "$1" -name '*.tmp')" "" "temporary files of $1"
}

# A request for a checkpoint ends a pause. The checkpoint of before is untouched meanwhile.
begin short "$@"
until_said "the run waits for this to pass: the next attempt is in 10 s, the last one in 60 min (--wait)"
has err "warning: cannot write " ".safetensors.tmp: File too large"
cp short/last.safetensors before
kill -USR1 $pid
until_said "the next attempt is in 20 s, "
cmp before short/last.safetensors || fail "a checkpoint changed that could not be written"
lacks err "the run goes on"
prlimit --pid $pid --fsize=unlimited: || fail "no end of the limit"
kill -USR1 $pid
wait $pid
is $? 0 "exit code of a run that has waited"
has err "the run goes on, after " "checkpoint written"
same short

# Pictures that are out of reach: it waits for them too. They go while it waits, when none is read ahead.
begin away "$@"
until_said "the run waits for this to pass"
mv data away-data
prlimit --pid $pid --fsize=unlimited: || fail "no end of the limit"
kill -USR1 $pid
until_said "warning: none of the 16 pictures of the next batch can be read"
mv away-data data
kill -USR1 $pid
wait $pid
is $? 0 "exit code of a run whose pictures came back"
lacks err "skipped"
same away

# Ctrl-C ends the wait and the run at once, and says what is kept.
begin stopped "$@"
until_said "the run waits for this to pass"
kill -INT $pid
wait $pid
is $? 1 "exit code of a run that could not be saved"
line err "the last checkpoint is kept. To continue from it:" "$ALEXNET train --resume stopped"
expect 0 train --resume stopped
same stopped

# Ctrl-C with room again saves, as always.
begin saved "$@"
until_said "the run waits for this to pass"
prlimit --pid $pid --fsize=unlimited: || fail "no end of the limit"
kill -INT $pid
wait $pid
is $? 130 "exit code of a run that was saved"
line err "stopped; the run is saved. To continue:"
expect 0 train --resume saved --wait 0
same saved

# Without patience it ends at the first failure.
begin hasty "$@" --wait 0
wait $pid
is $? 1 "exit code of a run that does not wait"
lacks err "the run waits"
line err "the last checkpoint is kept. To continue from it:" "$ALEXNET train --resume hasty"
expect 0 train --resume hasty
same hasty

# A folder that was removed does not come back.
env "$ALEXNET" train "$@" --epochs 1000 --out gone >out 2>err &
pid=$!
until [ -s gone/log.jsonl ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
while [ -e gone ]; do rm -rf gone; done
wait $pid
is $? 1 "exit code of a run whose folder was removed"
has err "gone was removed, and nothing can be saved in it"
lacks err "the run waits"
lacks err "is kept"
expect 2 train "$@" --wait -1
has err "--wait"
