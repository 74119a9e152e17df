# Conversion: what is written is read again and answers the same; what cannot be is refused.
. "${0%/*}/lib.sh"
pictures data 4
train data/pictures --epochs 1 --out run --quiet
picture=$(find data/pictures -name '*.png' | sort | head -n 1)

# Best probabilities of a model.
answer() {
    expect 0 classify "$1" "$picture" --json --quiet
    json 1 predictions.0.class >"$2"
    json 1 predictions.0.probability >>"$2"
}
answer run wanted

expect 0 convert run whole.safetensors
line out "read     run: safetensors, network alexnet-mini, 10 classes"
has out "wrote    whole.safetensors: safetensors, "
lacks out without
cmp -s run/best.safetensors whole.safetensors || fail "a model changes when it is copied"
answer whole.safetensors got
cmp -s wanted got || fail "whole.safetensors answers otherwise"

# Half the size, nearly the same answer.
for type in fp16 bf16; do
    expect 0 convert run $type.safetensors --weights $type --json
    is "$(json 1 to)" safetensors "the format"
    is "$(json 1 bytes)" "$(wc -c <$type.safetensors)" "the size"
    less "$(wc -c <$type.safetensors)" "$(($(wc -c <whole.safetensors) * 6 / 10))" "the size of $type"
    answer $type.safetensors got
    is "$(head -n 1 got)" "$(head -n 1 wanted)" "the class by $type"
    expect 0 convert $type.safetensors again.safetensors --weights $type
    cmp -s $type.safetensors again.safetensors || fail "$type is rounded twice"
done

# What is assumed is said, with the mean that is given too, unless no notes are wanted.
expect 0 info whole.safetensors --net alexnet-mini --mean fp16.safetensors
has err "is recognised as alexnet-mini, as requested" "pictures are prepared as for alexnet-mini: "
printf 'GIF89a' >animal.gif
expect 3 info whole.safetensors --net alexnet-mini --mean animal.gif
has err "animal.gif is not a mean (.npy, .binaryproto or a model) but a GIF picture"
lacks err "give a model"
for command in "info whole.safetensors" "plot filters whole.safetensors -o filters.png" \
    "convert whole.safetensors quiet.safetensors"; do
    expect 0 $command --net alexnet-mini --quiet
    [ -s err ] && fail "'$command --quiet' has notes"
done

# An ending, a name, or neither.
expect 0 convert run named --to safetensors
cmp -s run/best.safetensors named || fail "--to does not hold"
expect 2 convert run x.pth
has err "pickle" ".safetensors"
expect 2 convert run x --to saftensors
has err "did you mean safetensors?"
expect 2 convert run x.txt
has err "this program writes no format with this ending" ".safetensors" "or name the one to write with --to"
expect 2 convert --list --to onnx
has err "--to needs IN and OUT, not --list"
expect 2 convert none.safetensors x.npz --weights bf16 # before the model is read
has err "npz files have no bf16; fp16"
expect 2 convert run x.safetensors --preprocessing
has err "--preprocessing: safetensors files do not compute"
for format in npz.npz caffemodel.caffemodel; do
    expect 2 convert run x.${format#*.} --preprocessing
    has err "--preprocessing: ${format%.*} files do not compute"
done
expect 2 convert run x.caffemodel --weights fp16
has err "--weights: caffemodel files hold fp32 only"
for format in caffemodel.caffemodel onnx.onnx; do
    expect 2 convert missing x.${format#*.} --names towers
    has err "--names: ${format%.*} files have names of their own"
done
[ -e x.safetensors ] && fail "a refused option leaves a file"

# Places to read from and to write to.
expect 2 convert run run/best.safetensors
has err "are the same file"
expect 2 convert whole.safetensors ./whole.safetensors
has err "are the same file"
expect 2 convert
has err "IN and OUT are missing"
expect 2 convert run
has err "OUT is missing"
expect 2 convert run a.safetensors b.safetensors
has err "one IN and one OUT"
expect 1 convert run nowhere/x.safetensors
has err "nowhere/x.safetensors"
expect 3 convert run data --to safetensors
has err "a folder, not a file"
expect 3 convert missing x.safetensors
has err "cannot open missing"
expect 3 convert "$source/README.md" x.safetensors
has err "README.md"
echo old >x.safetensors
(ulimit -f 8 && "$ALEXNET" convert run x.safetensors >out 2>err)
is $? 1 "exit code on a full disk"
is "$(cat x.safetensors)" old "a file whose replacement failed"
[ -e x.safetensors.tmp ] && fail "a temporary file is left"

# What the formats are.
expect 0 convert --list
has out "safetensors"
expect 0 convert --list --json
is "$(json 1 name)" safetensors "the first format"
expect 2 convert --list run
for word in export import onnx; do
    expect 2 $word run
    has err "did you mean '" "convert'?"
done
expect 2 convert run x.safetensors --dtype fp16
has err "did you mean --weights?"
