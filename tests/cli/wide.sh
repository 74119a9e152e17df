# Class names of any length: tables fit into the terminal, and errors that mean nothing are left out.
. "${0%/*}/lib.sh"
pictures data 2
mkdir two
cp -r data/pictures/train/red-ring data/pictures/train/blue-cross two
printf 'red-ring %0120d\nblue-cross a cross of blue, which 日本語の長い名前です and more words\n' 0 >names.txt
train two --epochs 1 --val two --names names.txt --out run --quiet
lacks out top-5
has out "top-1 error" "4 validation pictures"
export COLUMNS
COLUMNS=70
expect 0 eval run two --per-class --quiet
has out "0..." "top-1 error"
lacks out top-5
is "$(LC_ALL=C.UTF-8 awk 'length > 70' out)" "" "lines wider than the terminal"
COLUMNS=300
expect 0 eval run two --per-class --quiet
lacks out "..."
has out "日本語の長い名前です and more words"
unset COLUMNS
expect 0 eval run two --per-class --quiet
lacks out "..." # without a terminal nothing is cut
has out "日本語の長い名前です and more words"
expect 0 eval run two --json --quiet
[ -n "$(json 1 top5_error)" ] || fail "JSON without top5_error"

# A single thing is named in the singular.
mkdir -p one/red-ring one/blue-cross
cp data/pictures/train/red-ring/00001.png one/red-ring
cp data/pictures/train/blue-cross/00001.png one/blue-cross
expect 0 train one --net alexnet-mini --epochs 1 --val two --out other --threads 1
has err "2 classes, 2 pictures to train on" "1 thread"
lacks err "1 threads"
is "$(sed -n '/^recipe/,/ seed 1$/p' err | awk 'length > 80')" "" "lines of the recipe wider than 80"
COLUMNS=40 "$ALEXNET" train one --net alexnet-mini --epochs 1 --val two --out narrow 2>err >out ||
    fail "training on a narrow terminal"
sed -n '/^recipe/,/ seed 1$/p' err >recipe
less 20 "$(sed -n '$=' recipe)" "lines of the recipe on a narrow terminal"
is "$(awk 'length > 40' recipe)" "" "lines of the recipe wider than a narrow terminal"

# A model says what it knows, and where it comes from.
expect 0 info run
has out "made by" "alexnet " "pictures  short side resized to 64" "a cross of blue, which"
expect 0 info run --json
is "$(json 1 classes.#)" 2 "classes"
is "$(json 1 classes.0.id)" blue-cross "identifier of the first class"
is "$(json 1 format)" safetensors "format"
[ -n "$(json 1 provenance)" ] || fail "no provenance"
