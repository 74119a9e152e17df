# Archives as data: the same training, evaluation and answers as from folders, resumed and moved.
. "${0%/*}/lib.sh"
pictures data 6
pack() { tar --sort=name -cf "$1" -C "$2" .; }

# ImageNet's form: an archive of one archive for each class.
nest() {
    mkdir -p nest
    for class in "$2"/*/; do
        name=$(basename "$class")
        tar --sort=name -cf "nest/$name.tar" -C "$class" .
    done
    tar -cf "$1" -C nest $(ls nest)
    rm -r nest
}

# Shards of every third picture, in no particular order.
shards() {
    mkdir "$1"
    (cd "$2" && find . -name '*.png' | sort -r) >names
    for i in 0 1 2; do
        awk "NR % 3 == $i" names >part
        tar -cf "$1/x-00$i.tar" -C "$2" -T part
    done
}

photos=data/pictures
pack train.tar $photos/train
pack val.tar $photos/val
mkdir nested && nest nested/ILSVRC2012_img_train.tar $photos/train
shards shards $photos/train

# One epoch, and a second after resuming, give the same bits whatever the pictures are in.
both() {
    run=$1
    shift
    train "$@" --schedule constant --epochs 1 --seed 3 --out "$run"
    expect 0 train --resume "$run" --epochs 2 --quiet
}
both run-folder $photos/train --val $photos/val
both run-tar train.tar --val val.tar
has run-tar/log.jsonl '"epoch":2'
both run-nested nested/ILSVRC2012_img_train.tar --val val.tar
both run-shards shards --val $photos/val
both run-pattern 'shards/x-{000..002}.tar' --val val.tar
for run in run-tar run-nested run-shards run-pattern; do
    cmp run-folder/best.safetensors $run/best.safetensors || fail "$run ends with other bits"
done

# The share that is held back for validation is the same too.
train $photos/train --val 0.3 --epochs 1 --out share-folder
train 'shards/x-00{0,1,2}.tar' --val 0.3 --epochs 1 --out share-shards
cmp share-folder/best.safetensors share-shards/best.safetensors || fail "another share is held back"
expect 0 eval share-folder --json
loss=$(json 1 loss)
expect 0 eval share-shards --json
is "$(json 1 loss)" "$loss" "loss on the share held back"

# --order shards is reported, recorded in the recipe, kept by a resumed run, and refused for folders.
expect 0 train shards --net alexnet-mini --batch 16 --epochs 2 --seed 3 --val $photos/val \
    --schedule constant --order shards --out ordered
has err "order = shards: archives are read in 3 stretches of up to 16 MiB"
has ordered/recipe.ini "order = shards"
train shards --epochs 1 --seed 3 --val $photos/val --schedule constant --order shards --out halted
expect 0 train --resume halted --epochs 2 --quiet
cmp ordered/best.safetensors halted/best.safetensors || fail "a resumed order of shards has other bits"
cmp run-shards/best.safetensors ordered/best.safetensors >/dev/null &&
    fail "order = shards changes nothing"
expect 2 train $photos/train --net alexnet-mini --val 0 --order shards
has err "order = shards is for archives" "alexnet data pack"

# A run is named after its archives.
expect 0 train 'shards/x-{000..002}.tar' --net alexnet-mini --epochs 1 --batch 16
expect 0 train val.tar --net alexnet-mini --epochs 1 --batch 16
[ -d runs/x-1 ] && [ -d runs/val-1 ] || fail "no runs/x-1 and runs/val-1 but $(ls runs)"

# Shards in folders called train and val are found as class folders are.
mkdir -p split/train split/val
cp shards/*.tar split/train
cp val.tar split/val/x.tar
expect 0 train split --net alexnet-mini --epochs 1 --batch 16 --out run-split
expect 0 eval run-split --json
is "$(json 1 images)" "$(find $photos/val -name '*.png' | wc -l | tr -d ' ')" "pictures of split/val"

# A run finds its archives again, also when they have moved, and says if they have changed.
expect 0 eval run-tar val.tar --json
is "$(json 1 images)" "$(find $photos/val -name '*.png' | wc -l | tr -d ' ')" "pictures of val.tar"
mkdir elsewhere
mv train.tar val.tar elsewhere
expect 3 train --resume run-tar --epochs 3
has err "train.tar" "if the pictures have moved"
expect 0 train --resume run-tar elsewhere/train.tar --val elsewhere/val.tar --epochs 3 --quiet
mv $photos/train/*/00001.png .
pack elsewhere/train.tar $photos/train
expect 3 train --resume run-tar --epochs 4
has err "accept-changes"

# The index is kept, and mentioned once; where it cannot be kept, this only costs time.
rm elsewhere/*.alexnet-index
expect 0 eval run-tar elsewhere/val.tar
has err "searching $work/elsewhere/val.tar for pictures, once"
[ -f elsewhere/val.tar.alexnet-index ] || fail "no index was kept"
expect 0 eval run-tar elsewhere/val.tar
lacks err "searching"
rm elsewhere/val.tar.alexnet-index
mkdir elsewhere/val.tar.alexnet-index
expect 0 eval run-tar elsewhere/val.tar
has err "warning: the index of an archive is not kept"

# This is logged once per archive, however often it is opened; in a folder with a link to it the
# index is kept beside the link.
mkdir far near far/both.tar.alexnet-index far/val.tar.alexnet-index
pack far/both.tar $photos
pack far/val.tar $photos/val
expect 0 train far/both.tar --net alexnet-mini --epochs 1 --batch 16 --out run-far --quiet
is "$(grep -c "index of an archive is not kept" err)" 1 "warnings of train"
has err "a symbolic link to the archive"
expect 0 data check far/both.tar --quiet
is "$(grep -c "index of an archive is not kept" err)" 1 "warnings of data check"
ln -s ../far/val.tar near
expect 0 data check near --quiet
lacks err "not kept"
[ -f near/val.tar.alexnet-index ] || fail "no index beside the link"

# A folder with nothing but a link to an archive of both parts is that archive.
rm near/*
ln -s ../far/both.tar near
expect 0 data check near --quiet
lacks err "not kept"
has out "val: "
expect 0 train near --net alexnet-mini --epochs 1 --batch 16 --out run-near --quiet
lacks err "not kept"
cmp run-far/best.safetensors run-near/best.safetensors || fail "a link to an archive gives other bits"
expect 0 eval run-near near/val --quiet

# Pictures in archives are pictures to classify.
expect 0 classify run-tar elsewhere/val.tar --top 1 --quiet
is "$(wc -l <out | tr -d ' ')" "$(find $photos/val -name '*.png' | wc -l | tr -d ' ')" "answers"
has out "val.tar/"

# An archive that is named twice is used once, and said to be.
expect 0 eval run-tar 'elsewhere/{val,val}.tar' --json
is "$(json 1 images)" "$(find $photos/val -name '*.png' | wc -l | tr -d ' ')" "pictures of an archive that is named twice"
has err "warning: " "names 1 archive again; each archive is used once"

# What cannot be read in place says what to do.
gzip elsewhere/val.tar
expect 3 eval run-tar elsewhere/val.tar.gz
has err "decompress it with gunzip"
for kind in lz lzo lzma Z; do
    echo LZIP >packed.tar.$kind
    expect 3 train packed.tar.$kind
    has err "packed.tar.$kind is a compressed archive" "decompress it with lzip -d"
done
mkfifo pipe
expect 3 train pipe
has err "pipe is a pipe; a folder with one folder of pictures per class"
expect 3 train /dev/null
has err "/dev/null is a device; a folder with"
expect 3 train 'none-{0..3}.tar'
has err "none-0.tar"
expect 2 train 'none-{a..b}.tar'
has err "is not a pattern"
