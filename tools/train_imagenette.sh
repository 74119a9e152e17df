#!/bin/sh
# The training runs of docs/training-results.md on Imagenette, each in its own folder. Existing runs
# are resumed, or left alone if they are complete, so the script may be stopped and started again.
#
# usage: train_imagenette.sh ALEXNET IMAGENETTE OUT [RUN ...]
#   IMAGENETTE has train/ and val/; RUN is one of the names below, else all are made.
set -eu
[ $# -ge 3 ] || { sed -n '5,6s/^# //p' "$0" >&2; exit 2; }
alexnet=$1 data=$2 out=$3
shift 3
wanted=" $* "

run() {
    name=$1
    shift
    case $wanted in
    '  ' | *" $name "*) ;;
    *) return 0 ;;
    esac
    if [ -e "$out/$name/last.safetensors" ]; then
        "$alexnet" train --resume "$out/$name"
    else
        "$alexnet" train "$data" --out "$out/$name" "$@"
    fi
}

for seed in 1 2 3; do
    run "default-$seed" --seed "$seed"
done
run 60-epochs --epochs 60 --label-smoothing 0.1 --mixup 0.2 --crop-area '0.25 1'
run 15-default --epochs 15
run 15-crops-of-one-size --epochs 15 --crop random
run 15-not-mirrored --epochs 15 --mirror no
run 15-colours-as-they-are --epochs 15 --brightness 0 --contrast 0 --saturation 0
run 15-crops-and-mirrors --epochs 15 --crop random --brightness 0 --contrast 0 --saturation 0
run 15-not-averaged --epochs 15 --average 0
run 15-paper --recipe paper --epochs 15
run 15-2012 --net alexnet-2012 --recipe 2012 --epochs 15
"$alexnet" runs "$out"
