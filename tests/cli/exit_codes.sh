# The exit codes, as docs/command.md says what they mean. interrupt.sh has 130 and 143.
. "${0%/*}/lib.sh"
pictures data 2
train data/pictures --epochs 1 --out run --quiet
model=run/best.safetensors
picture=data/unseen/red-ring/00001.png
printf '[recipe]\nbatch = x\n' >wrong-recipe.ini
printf '[conv1]\ntype = conf\n' >wrong-net.ini
printf '\377\330\377' >cut.jpg
head -c 1000 $model >cut.safetensors

expect 0 info run
expect 0 classify run $picture

# 1: failed. An output cannot be written.
expect 1 plot curves run -o nowhere/curves.png
expect 1 eval run --confusion nowhere/confusion.csv
expect 1 bench --net alexnet-mini --tune nowhere/tuning.ini
expect 1 eval run --confusion "$(printf '%0252d' 1).csv"
has err "1.csv: File name too long"
is "$(cat out)" "" "what is measured for a file whose name is too long"
: >file
expect 1 train data/pictures --net alexnet-mini --epochs 1 --out file/run
"$ALEXNET" eval run >/dev/full 2>err
is $? 1 "exit code with a full disk"

# 2: wrong usage. Commands, options, values, keys, layers and names that do not exist.
expect 2
expect 2 tain data
expect 2 train
expect 2 train data/pictures --lr 1
expect 2 bench --mode loader data/pictures --tune tune.ini
has err '--tune measures layers'
expect 2 bench --precision BF16
has err 'did you mean bf16?'
expect 2 bench --precision TF32
has err 'did you mean tf32?'
expect 2 bench --device CPU
has err 'unknown device "CPU"; did you mean cpu?'
expect 2 train data/pictures --batch 0
expect 2 train data/pictures --set lr=1
expect 2 train data/pictures --set 'convolution*.rate=1' --net alexnet-mini --out odd
has err "convolution*.rate" "layers with parameters are conv1"
expect 2 train data/pictures --freeze pool1 --net alexnet-mini --out odd
has err "freeze = pool1, but pool1 has no parameters"
expect 2 train data/pictures --net alexnt --out odd
lacks err "alexnet train data/pictures" # said before the pictures are looked for
expect 2 train data/pictures --recipe defualt --out odd
expect 2 info alexnt
expect 2 eval run --device tpu
expect 2 classify run ""
has err "argument 2 is empty"
expect 2 train "" --net alexnet-mini
has err "argument 1 is empty"

# 3: bad input. Files that are not there, are damaged, or are something else.
expect 3 classify run nowhere.png
expect 3 classify run cut.jpg
expect 3 classify cut.safetensors $picture
expect 3 classify nowhere $picture
expect 3 eval run nowhere
expect 3 info wrong-net.ini
expect 3 info wrong-recipe.ini
expect 3 train nowhere
expect 3 train data/pictures --net wrong-net.ini --out odd
expect 3 train data/pictures --recipe wrong-recipe.ini --out odd
expect 3 train data/pictures --names nowhere.txt --out odd
expect 3 train data/pictures --init-from cut.safetensors --out odd
expect 3 train --resume nowhere
ln -s nowhere dangling
expect 3 train --resume dangling
has err "dangling: no such folder"
expect 3 eval run --tuning nowhere.ini
expect 3 eval run --tuning $picture

# 4: not available.
expect 4 eval run --device cuda:99
has err 'no device "cuda:99"'
[ -e odd ] && fail "a run that did not start left a folder"
exit 0
