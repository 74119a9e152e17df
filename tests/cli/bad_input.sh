# Bad input: the error names the file, the exit code is 3, and what is good is still done.
. "${0%/*}/lib.sh"
pictures data 11
good=data/unseen/red-ring/00001.png
head -c 2000 $good >cut.png
echo "not a picture" >text.jpg

# One bad picture in 110 is below 1%: it is named and counted. Two are above, and allowed: the
# larger of 1% and bad_pictures.
cp cut.png data/pictures/train/red-ring/cut.png
train data/pictures --epochs 1 --out one
has err "left out: " "red-ring/cut.png" \
    "warning: unreadable training pictures were left out 2 times, once in each pass; one/skipped.txt"
is "$(grep -c . one/skipped.txt)" 1 "pictures that could not be read in two passes, for the mean and to train"
cp text.jpg data/pictures/train/red-ring/text.jpg
expect 3 train data/pictures --net alexnet-mini --epochs 1 --out two --bad-pictures 1
has err "red-ring/text.jpg" "2 of 112" "more than 1%" "bad_pictures = 2" "the reasons are in /" "/two/skipped.txt"
has two/skipped.txt "red-ring/text.jpg" "red-ring/cut.png"
train data/pictures --epochs 1 --out three
has err "red-ring/text.jpg"

# Evaluation reports and says so; classification continues.
cp cut.png data/pictures/val/red-ring/cut.png
expect 0 eval one data/pictures --json
is "$(json 1 images)" 20 "pictures"
is "$(json 1 skipped)" 1 "skipped pictures"
has err "red-ring/cut.png"
for i in 1 2 3 4 5; do cp cut.png data/pictures/val/red-ring/cut$i.png; done
expect 3 eval one data/pictures --json
is "$(json 1 skipped)" 6 "skipped pictures"
has err "6 of 26 pictures could not be read"
rm data/pictures/val/red-ring/cut[1-5].png
# Where no picture could be read, there is no error and no loss.
for class in data/unseen/*; do
    mkdir -p "unread/${class##*/}"
    echo text >"unread/${class##*/}/a.png"
done
expect 3 eval one unread
lacks out "error"
lacks out "loss"
expect 3 eval one unread --json
has out '"images": 0' '"top1_error": null' '"loss": null'
expect 3 classify one cut.png $good text.jpg nowhere.png --json
is "$(json 1 file)" cut.png "first file"
has err "cut.png" "text.jpg" "nowhere.png" "3 of 4 pictures could not be read"
[ -n "$(json 1 error)" ] || fail "no error"
is "$(json 2 predictions.#)" 5 "predictions of the good picture"
[ -n "$(json 3 error)" ] && [ -n "$(json 4 error)" ] || fail "no error"
expect 3 classify one cut.png
has err "cut.png"
mkdir no_pictures
expect 3 classify one no_pictures
has err "no_pictures holds no .jpg, .jpeg, .jpe, .jfif, .jif, .png, .webp, .gif, .bmp, .tif, .tiff, .heic, .heif, .hif or .avif file"

# Data that is no data set.
mkdir empty
expect 3 train empty
has err "empty is empty"
mkdir -p single/class && cp $good single/class
expect 3 train single --val 0
has err "single" "1 class"
mkdir -p hollow/a hollow/b && cp $good hollow/a
expect 3 train hollow
has err "hollow/b"
mkdir loose && cp $good loose
expect 3 train loose
has err "no class folders"
expect 3 train data/pictures/train --val single --net alexnet-mini
has err "single" "same classes"

# Files that are no models. Nothing that a header says is trusted.
head -c 5000 one/best.safetensors >short.safetensors
expect 3 classify short.safetensors $good
has err "short.safetensors"
{ printf '\377\377\377\377\377\377\377\177' && tail -c +9 one/best.safetensors; } >lies.safetensors
expect 3 classify lies.safetensors $good
has err "lies.safetensors"
expect 2 classify text.jpg $good

# A file that is given as a model by mistake is named for what it is, with what to do about it.
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n' >lfs.safetensors
expect 3 classify lfs.safetensors $good
has err "a pointer of Git LFS" "git lfs pull"
printf '\211HDF\r\n\032\n....' >weights.h5
expect 3 eval weights.h5 data/pictures
has err "an HDF5 file" "convert it to safetensors"
printf '<!DOCTYPE html><html></html>' >page.safetensors
expect 3 train data/unseen --net alexnet-mini --init-from page.safetensors --out odd
has err "a web page"

expect 3 info lfs.safetensors
has err "lfs.safetensors is not a network file but a pointer of Git LFS"
expect 3 info weights.h5
has err "weights.h5 is not a network file but an HDF5 file"
# A file that begins like one of PyTorch, and would make Python run "touch gone" when opened.
printf '\200\002\212\012\154\374\234\106\371\040\152\250\120\031.' >evil.pth
printf '\200\002cposix\nsystem\nX\012\0\0\0touch gone\205R.' >>evil.pth
expect 3 classify evil.pth $good
has err "evil.pth: posix.system: refused; nothing in a model file is executed"
[ -e gone ] && fail "a pickle was run"
"$ALEXNET" train data/unseen --recipe one/best.safetensors --out odd >out 2>err && fail "no recipe"
has err "one/best.safetensors is not a recipe file but a model"

# The name of a built-in network is not a file: the error says where weights come from.
for command in "classify alexnet $good" "eval alexnet data/pictures" "eval alexnet" \
    "convert caffenet out.onnx" "distance alexnet $good $good" "plot filters alexnet" \
    "features alexnet $good -o f.npy" "train data/unseen --init-from alexnet --out odd"; do
    expect 2 $command
    has err "is a built-in network, which has no weights" "docs/models.md"
done
has err "'alexnet train DATA --net alexnet'"
expect 3 classify alexnett $good
has err "cannot open alexnett: no such file or folder"

# The error names the reason why a path cannot be opened.
ln -s loop loop
for command in "classify loop $good" "eval loop" "train data/unseen --init-from loop --out odd" \
    "train data/unseen --net loop --out odd" "train data/unseen --recipe loop --out odd"; do
    "$ALEXNET" $command >out 2>err && fail "$command: exit code 0"
    has err "cannot open loop: Too many levels of symbolic links"
done
mkdir looped
ln -s best.safetensors looped/best.safetensors
expect 3 classify looped $good
has err "cannot open looped/best.safetensors: Too many levels"
expect 3 train data/unseen --net alexnet-mini --init-from short.safetensors --out odd
has err "short.safetensors"
[ -e odd ] && fail "a run that could not begin left a folder"

# No memory for the batch, on machines of less than 64 GB: what would fit is named, before anything
# is computed.
if [ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -lt 64000000 ]; then
    expect 1 train data/unseen --batch 7000 --out big
    has err "memory" "batch"
    [ -e big ] && fail "a run that does not fit left a folder"
fi

# A batch that is too large whatever the memory.
expect 2 train data/unseen --batch 20000 --out big
has err "batch = 20000 is too large for alexnet: layer input" "the largest batch that works is 7394"
[ -e big ] && fail "a run that cannot begin left a folder"

# A device or feature that this machine does not have.
expect 4 train data/unseen --device cuda --out cuda
has err "cuda"

# One of several paths that is no good does not hide the results of the others.
pictures sound 4
picture=$(find "$work/sound/unseen" -name "*.png" | sort | head -n 1)
train sound/pictures --epochs 1 --out ours --quiet
mkdir empty
expect 3 classify ours "$picture" empty missing.png
has out "$picture"
has err "empty holds no " "missing.png" "2 of 3 pictures could not be read"
expect 3 features ours empty "$picture" -o ours.npy --json
is "$(json 1 rows)" 1 "rows"
expect 3 classify ours empty
has err "empty holds no "

# A picture is one, whatever it is called; a list is not one because its first letters are.
cp "$picture" called.txt
echo "BM$picture" >list.txt
expect 0 classify ours called.txt
has out "called.txt"
expect 2 train called.txt
has err "called.txt is a picture"
expect 3 data check called.txt
lacks err "zero byte"
expect 3 classify ours list.txt
has err "BM$picture"

# Folders that we may not read, as someone who is not root: an error where all pictures are needed,
# else reported, and the others are shown.
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
chmod 755 "$work"
if [ "$(id -u)" -ne 0 ] || ! $nobody "$ALEXNET" version >out 2>err; then
    echo "skipped: folders without permission need root and setpriv"
    exit 0
fi
as_nobody() { # CODE ARGUMENTS...
    wanted=$1
    shift
    $nobody "$ALEXNET" "$@" >out 2>err
    code=$?
    [ $code -eq "$wanted" ] || fail "alexnet $*, as nobody: exit code $code, expected $wanted"
}
class=sound/pictures/train/red-ring
mkdir -p $class/locked runs/locked
chmod 700 $class/locked runs/locked
as_nobody 3 classify ours/best.safetensors $class --top 1
is "$(wc -l <out | tr -d " ")" "$(find $class -name '*.png' | wc -l | tr -d ' ')" "pictures classified"
has err "red-ring/locked: Permission denied" "1 of "
as_nobody 1 data check sound/pictures
has out "red-ring/locked" "Permission denied" "pictures that cannot be read: 1" "Not ready"
as_nobody 3 train sound/pictures --out "$work/none"
has err "red-ring/locked: Permission denied"
cp -r ours runs/ours
as_nobody 0 runs runs
has out "ours"
has err "cannot read runs/locked: Permission denied"
chmod 700 $class
as_nobody 1 data check sound/pictures
has out "class red-ring of train: cannot read the folder" "holds nothing that can be read" "Permission denied" "Not ready"
chmod 700 runs sound
as_nobody 3 runs runs
as_nobody 3 train sound
has err "sound" "Permission denied"
exit 0
