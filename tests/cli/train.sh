# From a folder of pictures to a model that classifies: train, eval, classify, info.
. "${0%/*}/lib.sh"
pictures data 16

# Without options: the data's own division, a run folder of its own, all of it said first.
train data/pictures --epochs 2
has err "alexnet train data/pictures --net alexnet-mini --recipe default --val data/pictures/val" \
    "--out runs/pictures-1 --set epochs=2 --set batch=16" "device " "threads" \
    "10 classes, 160 pictures to train on, 20 to validate with" "memory " "363,562 parameters" \
    "epoch 2/2" "the best so far"
has out "runs/pictures-1/best.safetensors" "20 validation pictures"
for file in best.safetensors last.safetensors recipe.ini log.jsonl; do
    [ -s runs/pictures-1/$file ] || fail "the run has no $file"
done
cp runs/pictures-1/log.jsonl out
is "$(json 1 epoch)" 1 "epoch of the first line of the log"
is "$(sed -n '$=' out)" 4 "lines of the log: 20 updates make a report, and each epoch one"
is "$(json 4 val.images)" 20 "validated pictures"
is "$(sed -n 's/^epoch 2.*  error \([0-9.]*\)%.* top-1 error \([0-9.]*\)%.*/\1 \2/p' err)" \
    "$(awk -v a="$(json 4 top1_error)" -v b="$(json 4 val.top1_error)" \
        'BEGIN { printf "%.2f %.2f", 100 * a, 100 * b }')" "errors of the last epoch, in percent"
expect 0 info runs/pictures-1 --json
is "$(json 1 layers.14.output)" "[10,1,1]" "output of the trained network"

train data/pictures --epochs 1 --out idle --patience 3 --step-factor 0.5 --set erase_area=0.1,0.2
has err "warning: patience has no effect with schedule = cosine" \
    "warning: step_factor has no effect with schedule = cosine" \
    "warning: erase_area has no effect with erase = 0"
train data/pictures --epochs 1 --out busy --schedule plateau --patience 3 --step-factor 0.5 --erase 0.5 \
    --erase-area 0.1,0.2 --restart-epochs 2
has err "warning: restart_epochs has no effect with schedule = plateau"
is "$(grep -c "no effect" err)" 1 "warnings"
train data/pictures --epochs 1 --out growth --restart-growth 2
has err "warning: restart_growth has no effect with restart_epochs = 0"
train data/pictures --epochs 1 --out periods --restart-growth 2 --restart-epochs 1
is "$(grep -c "no effect" err)" 0 "warnings of periods that grow"

train data/pictures --epochs 1 --quiet --json
[ -s err ] && fail "--quiet is not quiet"
is "$(json 1 run)" runs/pictures-2 "second run"
is "$(json 1 best.images)" 20 "validated pictures"

# A share to validate with, none, another folder; a run folder that is taken.
train data/pictures/train --epochs 1 --val 0.25 --out share
has err "115 pictures to train on, 45 to validate with" # of the names' hashes, a quarter
has err "from so few, a network learns more with --recipe small"
train data/pictures/train --epochs 1 --out standard/
line out "run standard/, model standard/best.safetensors, report standard/report.html"
has err "--val 0.1" "143 pictures to train on, 17 to validate with" \
    "warning: 1 of 10 classes, such as \"blue-cross\", has no picture to validate with"
train data/pictures/train --epochs 1 --val 0 --out none --recipe small
has err "160 pictures to train on, 0 to validate with"
lacks err "from so few"
lacks out "validation"
train data/pictures/train --epochs 1 --val data/unseen --out other --recipe default
has err "20 to validate with"
lacks err "from so few" # whoever names a recipe has chosen it
expect 2 train nowhere --out other
has err "other already holds files of a run" "train --resume other"
lacks err "nowhere" # refused before the pictures are looked for
mkdir begun && cp other/best.safetensors begun
expect 2 train data/pictures --out begun --net alexnet-mini
has err "begun already holds files of a run"
mkdir mine empty
for name in command.txt log.csv; do
    echo mine >mine/$name
    expect 2 train data/pictures --out mine --net alexnet-mini
    has err "mine has other files in it, such as $name"
    is "$(ls mine)" $name "files beside those of the user"
    is "$(cat mine/$name)" mine "a file of the user"
    rm mine/$name
done
train data/pictures --epochs 1 --out empty
expect 2 train data/pictures --val 0.2
has err "data/pictures holds train and val"
expect 2 train data/pictures/train --val 1.5
has err "--val takes a share"
expect 3 train data/pictures/train --val nowhere
has err "nowhere"

# Pictures that a run was trained on are counted, unless they were moved or held back.
expect 0 eval share data/pictures/train
has err "warning: 115 of 160 pictures are training pictures of share, so errors on them look too low" \
    "those that were held back: alexnet eval share"
for file in best last; do
    expect 0 eval share/$file.safetensors data/pictures/train
    has err "warning: 115 of 160 pictures are training pictures of share, so errors on them look too low"
done
expect 0 eval none share data/pictures/train
has err "160 of 160 pictures are training pictures of none, so errors on them look too low" "115 of 160"
lacks err "alexnet eval none"
expect 0 eval other data/unseen
lacks err "training pictures"
expect 0 eval share
lacks err "training pictures"
lacks err "since the run began"
mv data/pictures/train/red-ring aside # pictures of both parts
expect 0 eval share
has err "data/pictures/train has changed since the run began: pictures may have moved"
mv aside data/pictures/train/red-ring
mkdir modelled
cp share/best.safetensors modelled
expect 0 eval modelled data/pictures/train
expect 0 eval share/best.safetensors data/pictures/train

# Evaluation: the run's own pictures, others, ten views, per class, the confusion matrix.
# Training computes in bf16 where the processor has it, eval in float32 unless told otherwise.
expect 0 eval runs/pictures-1 --json --quiet --precision bf16
cp out own
is "$(json 1 images)" 20 "pictures"
is "$(json 1 skipped)" 0 "skipped pictures"
is "$(json 1 views)" 1 "views"
own_loss=$(json 1 loss)
own_error=$(json 1 top1_error)
is "$own_loss" "$("$JSON_GET" runs/pictures-1/log.jsonl 4 val.loss)" "loss in eval and in the log"
less "$(json 1 top5_error)" "$(json 1 top1_error)1" "top-5 error"
expect 0 eval runs/pictures-1/best.safetensors data/pictures --json --batch 7 --precision bf16
is "$(json 1 top1_error)" "$own_error" "error of the model file on the same pictures"
expect 0 eval runs/pictures-1 data/unseen --views 10 --per-class --confusion matrix.csv --json
is "$(json 1 views)" 10 "views"
is "$(json 1 classes.#)" 10 "classes"
is "$(json 1 classes.0.class)" blue-cross "first class"
is "$(json 1 classes.0.images)" 2 "pictures of the first class"
is "$(wc -l <matrix.csv | tr -d ' ')" 11 "lines of the confusion matrix"
is "$(awk -F, 'NR > 1 { for (i = 2; i <= NF; i++) n += $i } END { print n }' matrix.csv)" 20 \
    "sum of the confusion matrix"
is "$(awk -F, 'NR > 1 { n = 0; for (i = 2; i <= NF; i++) n += $i; print n }' matrix.csv | uniq)" 2 \
    "sum of each row of the confusion matrix: the pictures of its class"
right=$(awk -F, 'NR > 1 { n += $NR } END { print 1 - n / 20 }' matrix.csv)
is "$(awk -v a="$right" -v b="$(json 1 top1_error)" 'BEGIN { print a - b < 1e-6 && b - a < 1e-6 }')" \
    1 "agreement of the matrix with the error"
expect 0 eval runs/pictures-1 --per-class
has out "top-1 error" "blue-cross" "most often taken for"
expect 1 eval runs/pictures-1 --confusion nowhere/matrix.csv
has err "cannot write nowhere/matrix.csv"

# Classification: files, folders, a list; the order of the files is kept.
picture=data/unseen/red-ring/00001.png
expect 0 classify runs/pictures-1 $picture --json
is "$(json 1 file)" $picture "file"
is "$(json 1 predictions.#)" 5 "predictions"
less "$(json 1 predictions.4.probability)" "$(json 1 predictions.0.probability)" "order"
best=$(json 1 predictions.0.class)
expect 0 classify runs/pictures-1 $picture --top 99 --json
is "$(json 1 predictions.#)" 10 "predictions of ten classes"
expect 0 classify runs/pictures-1 $picture --top 1
has out "$best  $picture"
expect 0 classify runs/pictures-1 $picture
has out "$picture" "%  $best"
expect 0 classify runs/pictures-1 data/unseen $picture --json
is "$(wc -l <out | tr -d ' ')" 21 "lines"
is "$(json 1 file)" data/unseen/blue-cross/00001.png "first picture of the folder"
is "$(json 21 file)" $picture "last picture"
# Every ending that training takes, in capitals too.
mkdir endings
for ending in jpg jpeg jpe png JPE; do
    cp $picture endings/picture.$ending
    mkdir -p ends/$ending
    cp $picture ends/$ending/picture.$ending
done
cp $picture endings/picture.tga
expect 0 classify runs/pictures-1 endings --json
is "$(wc -l <out | tr -d ' ')" 5 "pictures of a folder, by their endings"
train ends --epochs 1 --val 0 --out ends-run
has err "5 classes, 5 pictures to train on"
printf '%s\n\n%s\n' $picture data/unseen/red-ring/00002.png |
    "$ALEXNET" classify runs/pictures-1 - --json --quiet >out || fail "list on standard input"
is "$(json 1 predictions.0.class)" "$best" "class of the first of a list"
is "$(wc -l <out | tr -d ' ')" 2 "lines for a list"

# Recipe keys, for all layers and for one; names for people; a model to begin from.
expect 2 train data/pictures --set xyzzy=1
has err "xyzzy is not a key of a recipe"
expect 2 train data/pictures --set epoch=1
has err "did you mean epochs?"
expect 2 train data/pictures --set conv9.rate=0 --net alexnet-mini --out odd
has err "conv9.rate, but conv9 is not a layer of the network"
expect 2 train data/pictures --set pool1.rate=0 --net alexnet-mini --out odd
has err "pool1.rate, but pool1 has no parameters; layers with parameters are conv1, conv2"
[ -e odd ] && fail "a run that could not begin left a folder"
expect 2 train data/pictures --rate fast
has err "rate = fast: expected a number"
expect 2 train data/pictures --net alexnet-mino
has err "did you mean alexnet-mini?"
printf 'red-ring a ring of red\ngreen-ring a ring of green\n' >names.txt
train data/pictures --epochs 1 --names names.txt --init-from runs/pictures-1 --out second \
    --set conv1.rate=0 --set conv1.rate_bias=0 --set conv1.decay=0
has err "copied 17 of 17 tensors from runs/pictures-1/best.safetensors" \
    "--init-from runs/pictures-1" "--set conv1.rate=0"
expect 0 classify second $picture --top 10 --json
has out "a ring of red" "a ring of green" "blue-cross"

# Names in the model stay, except for classes named again; a model of other classes gets none of them.
printf 'red-ring the red ring\n' >names.txt
train data/pictures --epochs 1 --init-from second --out third
expect 0 classify third $picture --top 10 --json
has out "a ring of red" "a ring of green" "blue-cross"
train data/pictures --epochs 1 --init-from second --names names.txt --out fourth
expect 0 classify fourth $picture --top 10 --json
has out "the red ring" "a ring of green"
lacks out "a ring of red"
mkdir two
cp -R data/pictures/train/red-ring data/pictures/train/green-ring two
train two --epochs 1 --init-from second --out fifth
expect 0 classify fifth $picture --json
has out "red-ring"
lacks out "a ring of"

# A run that ends early says after how many epochs it ended, not for how many it was planned.
train data/pictures --epochs 3 --rate 0 --rate-bias 0 --stop-patience 1 --out early
has out "best epoch 1 of 2:"
expect 0 train --resume early --json
is "$(json 1 epochs)" 2 "epochs of a run that ended early"

# A complete run has nothing left to do. Resuming it reports the same best epoch as when it ended.
expect 0 train --resume second --json
has err "second is already complete"
is "$(json 1 epochs)" 1 "epochs"
is "$(json 1 best.epoch)" 1 "best epoch"
is "$(json 1 best.images)" 20 "validated pictures"
error=$(json 1 best.top1_error)
last=$(wc -l <second/log.jsonl | tr -d ' ')
is "$error" "$("$JSON_GET" second/log.jsonl "$last" val.top1_error)" "error of the best epoch"

# Classes of equal size: it is reported that weights change nothing.
train data/pictures --epochs 1 --class-weights balanced --out weighed
has err "class_weights = balanced: classes are of equal size, every picture counts 1"

# Weights from a file, which the command of the run names, and which resuming does not need.
printf '# twice\nred-ring\t2\n' >'my weights.txt'
train data/pictures --epochs 1 --class-weights 'my weights.txt' --out counted
has err "my weights.txt names 1 of 10 classes; pictures of the others count 1" \
    "a picture of \"red-ring\" counts 2, one of"
has counted/command.txt "--set 'class_weights=my weights.txt'"
has counted/recipe.ini "class_weights = my weights.txt"
rm 'my weights.txt'
expect 0 train --resume counted --epochs 2
has err "a picture of \"red-ring\" counts 2, one of"
expect 2 train --resume counted --class-weights balanced
has err "class_weights is fixed when a run begins"
expect 2 train data/pictures --class-weights balancd
has err "class_weights = balancd: neither none nor balanced" "did you mean balanced?"
echo 'red-rings 2' >weights.txt
expect 3 train data/pictures --class-weights weights.txt
has err "weights.txt:1: the data has no class \"red-rings\"; did you mean \"red-ring\"?"
