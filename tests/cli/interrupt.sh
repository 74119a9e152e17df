# A run that is interrupted and resumed is, bit for bit, the run that was not. SIGHUP, SIGUSR1 and
# SIGUSR2 only save.
. "${0%/*}/lib.sh"
pictures data 40
set -- data/pictures --net alexnet-mini --batch 16 --epochs 3 --report 5 --split 2

"$ALEXNET" train "$@" --out whole --threads 2 >out 2>err || fail "the whole run"
grep "^best epoch [1-3] of 3: top-1 error .* on [0-9]* validation pictures$" out >best || fail "no best"

# start RUN ARGUMENTS...: train in the background until the log has a line; the run does not get
# beyond its second epoch.
start() {
    run=$1
    shift
    gated "$work/data/pictures" 1200 train "$@" --out "$run"
    await [ -s "$run/log.jsonl" ]
}

# stopped CODE: the run in the background ends with this exit code and says how to continue.
stopped() {
    : >gate
    wait $pid
    is $? "$1" "exit code of the interrupted run"
    line err "stopped; the run is saved. To continue:" "$ALEXNET train --resume $run"
    [ -s "$run/last.safetensors" ] || fail "no checkpoint"
}

same() {
    cmp whole/best.safetensors "$1/best.safetensors" || fail "$1 has another best model"
    for run in whole "$1"; do
        sed 's/"images_per_second":[^,}]*//; s/"waiting":[^,}]*//' $run/log.jsonl >$run.log
    done
    cmp whole.log "$1.log" || fail "$1 has another log"
    grep "^best epoch" out | cmp - best || fail "$1 reports another best epoch"
}

start term "$@" --threads 2
kill -TERM $pid
stopped 143
expect 0 train --resume term --threads 1
same term

start int "$@" --threads 1
kill -INT $pid
stopped 130
# Twice, the second time in a run that has been resumed.
lines=$(wc -l <int/log.jsonl)
longer() {
    [ "$(wc -l <int/log.jsonl)" -gt "$lines" ]
}
gated "$work/data/pictures" 300 train --resume int
await longer
kill -INT $pid
stopped 130
expect 0 train --resume int
same int
expect 0 train --resume int
has err "int is already complete"
same int

# The signal is acknowledged from the start on, while the data is read and the network is made.
interrupt() { # COMMAND...: interrupt it as soon as it has printed something
    gated "$work/data/pictures" 1200 "$@"
    await [ -s err ]
    kill -INT $pid
    : >gate
    wait $pid
    is $? 130 "exit code of $1"
    has err "; a second signal stops at once"
}
interrupt train "$@" --epochs 1000 --out begun
interrupt train "$@" --find-rate rates.png
interrupt bench --net alexnet-mini --steps 100000
line err "stopping; a second signal stops at once"

start saved "$@" --threads 2
for signal in HUP USR1 USR2; do
    kill -$signal $pid
done
: >gate
wait $pid
is $? 0 "exit code after requests for checkpoints"
has err "checkpoint written"
same saved

# The demo, while it draws and while it trains.
gated "$work/drawing" 1 demo --count 100000 --out drawing
await [ -d drawing/pictures/train ]
kill -INT $pid
wait $pid
is $? 130 "exit code of the demo, interrupted while it draws"
has err "stopped; drawing does not hold all pictures"
is "$(find drawing -name '*.tmp')" "" "temporary files"
run=training/run
gated "$work/training/pictures" 1200 demo --count 40 --out training
await [ -s $run/log.jsonl ]
kill -INT $pid
stopped 130
line err "$ALEXNET eval training/run training/unseen" "$ALEXNET plot curves training/run"
