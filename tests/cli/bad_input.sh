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
has err "skipped" "red-ring/cut.png" \
    "warning: unreadable training pictures were left out 2 times, once in each pass; one/skipped.txt"
is "$(grep -c . one/skipped.txt)" 1 "pictures that could not be read in two passes, for the mean and to train"
cp text.jpg data/pictures/train/red-ring/text.jpg
expect 3 train data/pictures --net alexnet-mini --epochs 1 --out two --bad-pictures 1
has err "red-ring/text.jpg" "2 of 112" "more than 1%" "bad_pictures = 2" "the reasons are in two/skipped.txt"
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
has err "no_pictures holds no .jpg, .jpeg, .jpe, .jfif, .jif, .png, .webp, .gif, .bmp, .tif, .tiff, .heic, .heif or .avif file"

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

# A folder that we may not read, as someone who is not root.
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
chmod 755 "$work"
if [ "$(id -u)" -eq 0 ] && $nobody "$ALEXNET" version >out 2>err; then
    chmod 700 data
    $nobody "$ALEXNET" train data >out 2>err
    is $? 3 "exit code without permission"
    has err "data" "Permission denied"
fi
exit 0
