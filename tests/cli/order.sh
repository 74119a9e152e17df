# Arguments in the wrong order or place are recognised by what they are.
. "${0%/*}/lib.sh"
pictures data 1
picture=data/unseen/red-ring/00001.png
expect 0 train data/pictures --net alexnet-mini --epochs 1 --out run --quiet
model=run/best.safetensors

expect 2 classify $picture run
has err "$picture is a picture; MODEL comes first"
expect 2 classify $picture $model
has err "$picture is a picture; MODEL comes first"
expect 2 classify $model $model
has err "$model is a model; MODEL comes first"
expect 2 classify data/unseen $picture
has err "data/unseen is a folder without best.safetensors" "MODEL comes first"
expect 2 classify run
has err "PICTURE is missing"
expect 2 classify
has err "MODEL is missing"
expect 2 eval data/unseen run
has err "data/unseen is a folder without best.safetensors" "MODEL comes first"
expect 2 eval $picture $model
has err "$model is a model; MODEL comes first"
expect 2 eval $model
has err "DATA is missing"
expect 2 eval
has err "MODEL is missing"
expect 2 eval run data data
expect 2 train run
has err "run is a run folder" "train --resume run"
expect 2 train $model
has err "$model is a model; train takes DATA, and --init-from $model"
expect 2 train $picture
has err "$picture is a picture"
expect 2 train data/pictures --init-from data/unseen --out odd
has err "data/unseen is a folder without best.safetensors" "--init-from takes a MODEL or a RUN"
expect 2 train data/pictures --init-from $picture --out odd
has err "$picture is a picture; --init-from takes a MODEL or a RUN"
expect 3 train data/pictures --init-from nowhere --out odd
has err "cannot open nowhere"
expect 2 train
has err "DATA is missing"
expect 2 train data/pictures data/unseen
has err "train takes one DATA, not also data/unseen"
lacks err "in quotes"
# A pattern without quotes, in whose place the shell has put the names.
for command in train "data check" "data stats" "data pack" "bench --mode loader" "eval run"; do
    expect 2 $command a-0.tar a-1.tar a-2.tar
    has err "takes one DATA, not also a-1.tar" "pattern in quotes"
done
expect 2 train --resume run --net alexnet
has err "so --net cannot be given" "--init-from run"
expect 2 train --resume run --rate 0.1
has err "rate is fixed when a run begins; a resumed run may be given new values of epochs, stop_patience, keep, bad_pictures, report, norms" \
    "--init-from"
expect 2 train --resume run --set conv1.rate=0
has err "conv1.rate is fixed"
expect 2 train --resume run --val 0.5
has err "0.5 is not a data set"
expect 2 train --resume run $picture
has err "$picture is a picture"
expect 2 train data/pictures --accept-changes
has err "--accept-changes needs --resume"
expect 3 train --resume nowhere
has err "nowhere"
expect 3 train nowhere
has err "nowhere"
expect 3 eval nowhere data/unseen
has err "nowhere"
expect 3 classify nowhere $picture
has err "nowhere"
expect 2 train data/pictures --device tpu
has err "tpu"
