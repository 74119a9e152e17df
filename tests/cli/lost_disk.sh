# A run whose disk loses what was not flushed, or becomes full, at a call that changes the run's
# folder: it can be resumed each time, and ends with the bits of the undisturbed run. With ALEXNET_LONG
# every call is tried, otherwise about six of each.
. "${0%/*}/lib.sh"
: "${LOST_DISK:?the library that loses}"
pictures data 8
set -- data/pictures --net alexnet-mini --batch 16 --epochs 3 --report 2 --threads 1 --quiet

# A log without its times, which differ from run to run.
timeless() {
    sed 's/"images_per_second":[^,]*,"waiting":[^,}]*//' "$1"
}

# disk AT FULL ARGUMENTS...: the command on such a disk; its exit code is in $code.
disk() {
    at=$1 full=$2
    shift 2
    rm -rf shadow
    mkdir shadow
    LD_PRELOAD=$LOST_DISK LOST_DISK_FOLDER=$work/run LOST_DISK_SHADOW=$work/shadow \
        LOST_DISK_AT=$at LOST_DISK_FULL=$full LOST_DISK_COUNT=$work/count \
        "$ALEXNET" "$@" >out 2>err
    code=$?
}

# Resume the run, or begin it again if it has no checkpoint yet.
go_on() {
    if [ -e run/last.safetensors ]; then
        expect 0 train --resume run --threads 1 --quiet
        lacks err "the log"
    else
        expect 0 train "$@" --out run
    fi
    for file in best.safetensors last.safetensors recipe.ini; do
        cmp -s run/$file plain/$file || fail "$file differs after $what"
    done
    timeless run/log.jsonl >log
    cmp -s log plain.log || fail "the log differs after $what"
}

expect 0 train "$@" --out plain
timeless plain/log.jsonl >plain.log
disk 0 '' train "$@" --out run
grep -q 'does not come first' err && exit 77 # a sanitizer, which must be loaded before us
[ $code -eq 0 ] || fail "the run on a disk that keeps everything"
# What the run needs is said, and whether it is there. A run that is resumed has a part of it.
small() { # ARGUMENTS...: train on a disk with a thousand bytes left
    LD_PRELOAD=$LOST_DISK LOST_DISK_FREE=1000 "$ALEXNET" train "$@" >out 2>err ||
        fail "a run on a disk that says that it is small"
    has err "disk     5.64 MiB, at most 9.85 MiB: 4.21 MiB a checkpoint, 1.43 MiB the best model"
}
small data/pictures --net alexnet-mini --epochs 1 --out small
has err "warning: the disk of small has 1000 B free, and the run needs 5.63 MiB more"
small --resume small
has err "warning: the disk of small has 1000 B free, and the run needs 4.19 MiB more"
expect 0 train data/pictures --net alexnet-mini --epochs 1 --keep 3 --out enough
has err "disk     9.85 MiB, at most 14.1 MiB: "
lacks err "warning: the disk"

# A file system without locks: every command that takes one writes all the same.
for command in "train data/pictures --net alexnet-mini --epochs 1 --out unlocked/run" \
    "data pack data/pictures unlocked/pack" "eval plain --images unlocked/rows.csv" \
    "features plain data/unseen -o unlocked/fc7.npy" "features plain data/pictures/val -o unlocked/fc7.npy --resume"; do
    mkdir -p unlocked
    LD_PRELOAD=$LOST_DISK LOST_DISK_LOCKS=none "$ALEXNET" $command --quiet >out 2>err ||
        fail "without locks: $command"
done

calls=$(cat count)
[ "$calls" -gt 40 ] || fail "the disk saw $calls calls"
step=$((calls / 6))
[ -z "${ALEXNET_LONG:-}" ] || step=1

at=1
while [ "$at" -le "$calls" ]; do
    what="a power failure at call $at of $calls"
    rm -rf run
    disk $at '' train "$@" --out run
    is $code 137 "$what: exit code"
    rm -rf run
    mkdir run
    [ ! -e shadow/names ] || while read -r name inode; do
        if [ -e "shadow/$inode" ]; then cp "shadow/$inode" "run/$name"; else : >"run/$name"; fi
    done <shadow/names
    go_on "$@"

    what="a full disk from call $at of $calls on"
    rm -rf run
    disk $at yes train "$@" --out run
    if [ $code -ne 0 ]; then
        is $code 1 "$what: exit code"
        has err "No space left"
        if grep -q 'cannot write .*/run/best.safetensors.tmp' err; then
            line err "the last checkpoint is kept. To continue from it:" \
                "$ALEXNET train --resume run"
        fi
    elif [ "$at" -eq 1 ]; then
        fail "a run whose disk was full from the beginning"
    fi
    go_on "$@"
    at=$((at + step))
done
echo "$calls calls, every ${step}th of them lost and full"

# What the command writes elsewhere is on the disk, under its name, when the command ends.
rm -rf run
mkdir run
disk 0 '' eval plain --images run/rows.csv --quiet
[ $code -eq 0 ] || fail "rows on a disk that keeps everything"
inode=$(sed -n 's/^rows.csv //p' shadow/names)
cmp "shadow/${inode:-none}" run/rows.csv || fail "rows.csv is not on the disk"
