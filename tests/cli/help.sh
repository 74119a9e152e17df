# Help, versions, and what is said about commands and options that do not exist.
. "${0%/*}/lib.sh"

for command in info train data eval classify explain features rdm similar convert distance plot runs \
    bench selftest demo help manual completion version; do
    expect 0 "$command" --help
    cp out by_option
    is "$(head -c 14 out)" "Usage: alexnet" "the start of the help of $command"
    is "$(sed -n '/^Examples:/,$p' out | grep -c '^  alexnet ')" 2 "examples of $command"
    is "$(awk 'length > 80' out)" "" "lines of $command wider than a terminal"
    [ -s err ] && fail "help of $command writes to stderr"
    expect 0 help "$command"
    cmp -s out by_option || fail "help $command differs from $command --help"
    expect 0 "$command" -h
    cmp -s out by_option || fail "$command -h differs from $command --help"
done

# A command of `data`, by either way to ask.
for command in check pack stats; do
    expect 0 data "$command" --help
    cp out by_option
    is "$(head -n 1 out | cut -d" " -f1-4)" "Usage: alexnet data $command" "the start of the help of data $command"
    is "$(sed -n '/^Examples:/,$p' out | grep -c '^  alexnet ')" 2 "examples of data $command"
    is "$(awk 'length > 80' out)" "" "lines of data $command wider than a terminal"
    expect 0 help data "$command"
    cmp -s out by_option || fail "help data $command differs from data $command --help"
done
expect 0 help data
has out "  check " "  pack "
expect 2 data
has err "COMMAND is missing" "'alexnet help data' says more"
expect 2 data chek
has err "there is no command 'data chek'; did you mean '" "alexnet data check'?"
expect 2 help data chek
has err "alexnet data check'?"
expect 2 data xyzzy
has err "there is no command 'data xyzzy'; '" "help data' lists them"
expect 2 help data check more

expect 0 --version
has out "alexnet " "oneDNN "
expect 0 -V
expect 0 version --json
[ -n "$(json 1 version)" ] || fail "no version"
[ -n "$(json 1 libraries.oneDNN)" ] || fail "no version of oneDNN"

expect 0 --help
has out "info" "train" "classify"
expect 2
has out "Usage: alexnet COMMAND"
expect 0 help
expect 2 help info train
expect 2 --json info
has err "options come after the command"

# Commands: an unknown one gets a suggestion, by its spelling or by what other programs call it.
suggests() {
    expect 2 "$1"
    has err "there is no command '$1'; did you mean '" "alexnet $2'?"
    expect 2 help "$1"
    has err "alexnet $2'?"
}
suggests test eval
suggests tset eval
suggests finetune "train --init-from"
suggests predict classify
suggests clasify classify
suggests trian train
suggests inof info
suggests recipes info
suggests verify "data check"
suggests man manual
expect 2 xyzzy
has err "there is no command 'xyzzy'; '" "help' lists them"

# Options: the nearest, the kind and range of a value, a value that was forgotten.
expect 2 info --jsn
has err "unknown option --jsn; did you mean --json?" "Usage: alexnet info" "'alexnet help info'"
expect 2 train data --epoch 3
has err "unknown option --epoch; did you mean --epochs?"
# meant OPTION COMMAND WORD...: for each word, as other programs have it, our option is suggested.
meant() {
    ours=$1 command=$2
    shift 2
    for word in "$@"; do
        expect 2 "$command" data "$word" 1
        has err "unknown option $word; did you mean $ours?"
    done
}
meant --rate train --lr --learning-rate --learning_rate --base_lr --rat
meant --decay train --weight-decay --weight_decay --wd
meant --batch train --batch-size --batch_size -b
meant --batch eval --batch-size -b
meant --batch classify --batch-size
meant --epochs train --num-epochs --max_iter
meant --threads train --workers --num_workers -j
meant --threads eval --workers
meant --device train --gpu --gpus --no-cuda
meant --precision train --fp16 --half --amp
meant --init-from train --pretrained --weights --finetune
meant --freeze train --freeze-layers --frozen
meant --net train --arch --model
meant --val train --validation-split
meant --schedule train --lr-scheduler
meant --step-factor train --gamma --lr-decay
meant --out train --output --out-dir --output-dir
meant --brightness train --color-jitter
meant --mirror train --flip --horizontal-flip
meant --top classify --topk --top-k
meant --out distance --output --save
meant --views eval --ten-crop
meant --text info --source
meant --batch bench --batch-size
meant --rule train --adam --sgd --nesterov
meant --schedule train --cosine
meant --seed train --random-state
# A longer word whose beginning is an option.
meant --resume train --resume-from
meant --freeze train --freeze-backbone
meant --average train --model-ema-decay
meant --confusion eval --confusion-matrix
meant --per-class eval --per_class_accuracy
# What is set elsewhere is said to be.
expect 2 classify run a.jpg -o answers.csv
has err "there is no option -o: the answers are printed; to keep them: --csv > FILE.csv"
for command in classify similar distance; do
    expect 2 $command run --format json
    has err "there is no option --format: for programs to read there are --csv and --json"
done
expect 2 train data --dropout 1
has err "there is no option --dropout: dropout is set in the network file" "Usage: alexnet train"
expect 2 train data --img_size=64
has err "there is no option --img_size: the size of pictures is set in the network file"
expect 2 train data --num-classes 10
has err "there is no option --num-classes: the classes are those of DATA"
expect 2 train data --crop_size 224
has err "there is no option --crop_size: the size of pictures is set in the network file"
expect 2 train --data-dir photos
has err "there is no option --data-dir: DATA is given without an option, as in 'alexnet train photos'"
expect 2 train photos --overwrite
has err "there is no option --overwrite: --out takes a folder that is new or empty"
# A suggestion that shares only half of the letters would mislead.
for word in --xyzzy --verbose --csv --hyp --yes --format; do
    expect 2 train data "$word"
    has err "unknown option $word"
    lacks err "did you mean"
done
expect 2 info -x
has err "unknown option -x"
expect 2 info --json=yes
has err "--json takes no value"
expect 2 eval run --batch none
has err "--batch takes an integer from 1 to 65536, not 'none'"
expect 2 eval run --batch 0
expect 2 eval run --batch 12x
expect 2 eval run --batch 99999999999999999999
expect 2 eval run --views 2
has err "--views takes one of 1|10, not '2'"
lacks err "did you mean"
expect 2 similar model a.png --in photos --metric l2
has err "--metric takes one of euclidean|cosine, not 'l2'; did you mean euclidean?"
expect 2 rdm model photos -o out --metric pearson
has err "did you mean correlation?"
expect 2 rdm model photos -o out --metric euclidian
has err "did you mean euclidean?"
expect 2 train data --precision fp16
has err "--precision takes one of auto|fp32|tf32|bf16, not 'fp16'"

# A script for CUDA runs without it: its options are known in every build, and change nothing where
# only other devices compute.
expect 0 help train
has out "auto|fp32|tf32|bf16" "--deterministic"
expect 0 bench --net alexnet-mini --batch 2 --steps 1 --device cpu --deterministic --precision tf32 --json
has err "warning: device cpu has no tf32: it computes in fp32"
is "$(json 1 precision)" fp32 "precision of a processor that is asked for tf32"
expect 2 train data --out --quiet
has err "--out needs a value (DIR), but --quiet follows"
expect 2 train data --out
has err "--out needs a value (DIR)"
expect 2 train data --out=
expect 2 train data --set rate
has err "--set takes KEY=VALUE"
expect 2 selftest file
expect 2 demo file
expect 2 version file

# Both ways to give a value, letters, negated flags, and the end of the options.
expect 0 info --no-json alexnet-mini
has out "conv1"
expect 0 info --json --no-json alexnet-mini
has out "conv1  conv"
expect 3 eval --batch=8 --views=10 -- --odd-name
has err "cannot open --odd-name: no such file"
expect 2 info -- --json
has err "--json is neither a built-in network or recipe nor a file"
