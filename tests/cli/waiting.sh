# A run that the system refuses something waits for that to pass, and ends as if it had never happened.
. "${0%/*}/lib.sh"
command -v prlimit >/dev/null || exit 77
pictures data 16
set -- --net alexnet-mini --batch 16 --report 2 --threads 1 --keep 3 --schedule constant
expect 0 train data/pictures "$@" --epochs 3 --out plain --quiet
expect 0 train data/pictures "$@" --epochs 1 --out short --quiet

# begin RUN ARGUMENTS...: continue a run from its first epoch in the background, under a limit of file
# sizes that no model fits in.
begin() {
    run=$1
    shift
    cp -r short "$run"
    cp plain/epoch-1.safetensors "$run/last.safetensors"
    : >err # what the run before it has said must not be taken for its own
    env --default-signal=INT prlimit --fsize=100000: "$ALEXNET" train --resume "$run" --wait 60 "$@" >out 2>err &
    pid=$!
}

# limit WHICH=SOFT: change a limit of the run.
limit() {
    prlimit --pid $pid "--$1:" || fail "no limit of $1"
}

# until_said TEXT
until_said() {
    for try in $(seq 3000); do
        grep -qF -e "$1" err && return
        kill -0 $pid 2>/dev/null || fail "the run ended"
        sleep 0.02
    done
    fail "the run does not say: $1"
}

# ends CODE WHAT
ends() {
    wait $pid
    is $? "$1" "exit code of a run $2"
}

same() { # RUN
    for file in best.safetensors last.safetensors epoch-2.safetensors epoch-3.safetensors recipe.ini; do
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
begin full
until_said "the run waits for this to pass: the next attempt is in 10 s, the last one in 60 min (--wait)"
has err "warning: cannot write " ".safetensors.tmp: File too large"
kill -USR1 $pid
until_said "the next attempt is in 20 s, "
cmp plain/epoch-1.safetensors full/last.safetensors || fail "a checkpoint changed that could not be written"
lacks err "the run goes on"
limit fsize=unlimited
kill -USR1 $pid
ends 0 "that has waited"
has err "the run goes on, after " "checkpoint written"
same full

# Files that cannot be opened, and pictures that are out of reach: it waits for them too. The pictures
# go while it waits, when none is read ahead.
begin away
until_said "the run waits for this to pass"
mv data away-data
limit nofile=3
limit fsize=unlimited
kill -USR1 $pid
until_said "the next attempt is in 20 s, " # the step, not only the checkpoint that the signal asks for
has err ".safetensors.tmp: Too many open files"
limit nofile=1024
kill -USR1 $pid
until_said "warning: 16 of the 16 pictures of the next batch cannot be read"
mv away-data data
kill -USR1 $pid
ends 0 "whose pictures came back"
lacks err "left out"
same away

# Ctrl-C ends the wait and the run at once, and says what is kept.
begin stopped
until_said "the run waits for this to pass"
kill -INT $pid
ends 1 "that could not be saved"
line err "the last checkpoint is kept. To continue from it:" "$ALEXNET train --resume stopped"
expect 0 train --resume stopped
same stopped

# Ctrl-C with room again saves, as always.
begin saved
until_said "the run waits for this to pass"
limit fsize=unlimited
kill -INT $pid
ends 130 "that was saved"
line err "stopped; the run is saved. To continue:"
expect 0 train --resume saved
same saved

# Told not to wait, as is the default, it ends at the first failure.
begin hasty --wait 0
ends 1 "that does not wait"
lacks err "the run waits"
line err "the last checkpoint is kept. To continue from it:" "$ALEXNET train --resume hasty"

# What is changed on resume cannot be saved: this is not bad input.
begin changed --wait 0 --report 3
ends 1 "whose changes cannot be saved"
has err "changed/last.safetensors.tmp: File too large"
begin leaving --report 3
until_said "the run waits for this to pass"
kill -INT $pid
ends 1 "whose changes cannot be saved when it is stopped"
line err "the last checkpoint is kept. To continue from it:" "$ALEXNET train --resume leaving"
begin changing --report 3
until_said "changing/last.safetensors.tmp: File too large"
limit fsize=unlimited
kill -INT $pid
ends 130 "whose changes were saved at last"
has changing/recipe.ini "report = 3"
expect 0 train --resume changing --report 2
cmp changing/best.safetensors plain/best.safetensors || fail "the best model differs"

# A folder that was removed does not come back.
begin gone
until_said "the run waits for this to pass"
rm -r gone
kill -USR1 $pid
ends 1 "whose folder was removed"
has err "gone was removed, and nothing can be saved in it"
lacks err "is kept"

# A share that was unmounted does: the run goes on when it is mounted again.
if unshare --map-root-user --mount true 2>/dev/null; then
    mkdir disk share
    cp -r short disk/away
    cp plain/epoch-1.safetensors disk/away/last.safetensors
    cat >mounted <<END
mount --bind "$work/disk" "$work/share" || exit
exec env --default-signal=INT prlimit --fsize=100000: "$ALEXNET" train --resume share/away --wait 60
END
    : >err
    unshare --map-root-user --mount sh mounted >out 2>err &
    pid=$!
    within() { nsenter --target $pid --user --mount --preserve-credentials "$@"; }
    until_said "the run waits for this to pass"
    within umount --lazy "$work/share" || fail "the share is still mounted"
    limit fsize=unlimited
    kill -USR1 $pid
    until_said "share/away is out of reach, and nothing can be saved in it: was its file system unmounted?"
    until_said "the next attempt is in 20 s, "
    within mount --bind "$work/disk" "$work/share" || fail "the share is not mounted again"
    kill -USR1 $pid
    ends 0 "whose share was mounted again"
    has err "the run goes on, after "
    mv disk/away share/away
    same share/away

    # What can be read and not written is no bad input.
    cat >mounted <<END
mount --bind "$work/share" "$work/share" && mount -o remount,ro,bind "$work/share" || exit
exec "$ALEXNET" train --resume share/away --epochs 4
END
    unshare --map-root-user --mount sh mounted >out 2>err
    is $? 1 "exit code of a run that cannot be written"
    has err "Read-only file system"
fi
expect 3 train --resume nowhere
expect 2 train data/pictures "$@" --wait -1
has err "--wait"
