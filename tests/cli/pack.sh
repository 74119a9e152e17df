# Packed data trains and evaluates as its source does; packing that is interrupted in any way, and
# started again, ends with the same bytes.
. "${0%/*}/lib.sh"
pictures data 30
photos=data/pictures

# ---- The same training, split and evaluation ----
side=$("$ALEXNET" info --text alexnet-mini | sed -n 's/^side = //p')
expect 0 data pack $photos raw --raw --side "$side" --shard-size 1MB --quiet
has out "pictures in " " archives of raw, "
train $photos --epochs 1 --crop random --out run-folder
train raw --epochs 1 --crop random --out run-raw
cmp run-folder/best.safetensors run-raw/best.safetensors || fail "packed pixels train another network"
expect 0 eval run-folder $photos/val --json
loss=$(json 1 loss)
expect 0 eval run-folder raw/val --json
is "$(json 1 loss)" "$loss" "loss on packed pictures"
expect 0 eval run-raw "raw/val-000000.tar" --json
is "$(json 1 loss)" "$loss" "loss on one archive"

# Where classes do not matter, both parts are pictures, as they are in the folder.
for data in $photos raw; do
    expect 0 classify run-raw $data --json --quiet
    is "$(wc -l <out)" "$(find $photos -type f | wc -l)" "pictures of $data"
    sed 's/.*"predictions"/"predictions"/' out | sort >answers-${data##*/}
done
cmp answers-pictures answers-raw || fail "other answers for the pictures of both parts"
expect 0 classify run-raw raw $photos/val --json --quiet
is "$(wc -l <out)" "$(find $photos $photos/val -type f | wc -l)" "pictures of a pack and a folder"

expect 0 data pack $photos/train square --raw --side "$side" --fit square --shard-size 50 --quiet
train $photos/train --val 0.3 --epochs 1 --crop random --out share-folder
train square --val 0.3 --epochs 1 --crop random --out share-square
cmp share-folder/best.safetensors share-square/best.safetensors || fail "another share is held back"
expect 0 data pack $photos/train share --val 0.3 --raw --side "$side" --quiet
train share --epochs 1 --crop random --out share-parts
cmp share-folder/best.safetensors share-parts/best.safetensors || fail "another share is packed"

# ---- Results ----
expect 0 data pack $photos/train jpeg --side 48 --json
total=$(find $photos/train -type f | wc -l)
is "$(json 1 pictures)" "$total" "pictures packed"
is "$(json 1 unchanged)" 0 "PNG files stored as they are"
is "$(json 1 shards)" 1 "archives"
is "$(json 1 bytes)" "$(wc -c <jpeg/train-000000.tar)" "bytes"
is "$(tar tf jpeg/train-000000.tar | grep -c '\.jpg$')" "$total" "JPEG files in the archive"
tar xf jpeg/train-000000.tar || fail "tar does not read the archive"
expect 0 data pack jpeg again --side 48 --json
is "$(json 1 unchanged)" "$total" "JPEG files stored as they are"
expect 0 data pack jpeg again --side 48
has err "again was packed already and is unchanged"
expect 2 data pack jpeg again --raw --quality 50
has err "--quality needs JPEG"
expect 2 data pack jpeg again --side 0 --fit square
has err "--fit needs a --side"
sums=$(sed -n 's/.*"sha256": "\([0-9a-f]*\)".*/\1/p' again/manifest.json)
is "$(sha256sum again/train-000000.tar | cut -d' ' -f1)" "$sums" "the manifest's hash"
printf x | dd of=again/train-000000.tar bs=1 seek=2000 conv=notrunc 2>dd.log
expect 3 data pack jpeg again --side 48
has err "again/train-000000.tar has changed since it was packed" "remove the folder and pack again"
lacks err "complete archive"
rm again/train-000000.tar
expect 3 data pack jpeg again --side 48
has err "again/train-000000.tar was packed with" "is missing or changed"
lacks err "complete archive"

# ---- Interruptions ----
expect 0 data pack $photos whole --side 64 --raw --shard-size 100kB --quiet --threads 1
same() {
    (cd whole && sha256sum ./*) >whole.sums
    (cd "$1" && sha256sum -c --quiet ../whole.sums) >out 2>&1 || fail "$1 differs from the whole"
    is "$(ls "$1" | wc -l)" "$(ls whole | wc -l)" "files of $1"
}
# refused FOLDER TEXT: no command takes the pack for a data set, and data check says why.
refused() {
    for data in "$1" "$1/train"; do
        expect 3 train "$data" --out refused --quiet
        has err "$2"
        expect 3 data stats "$data" --quiet
        has err "$2"
        expect 1 data check "$data" --quiet
        has out "Not ready: " "packs that are not whole" "$2"
    done
    [ -e refused ] && fail "a pack that is refused leaves a run"
    return 0
}
# pack_until SIGNAL CODE SHARD: pack, and send a signal once a shard is there, of 6 pictures each.
pack_until() {
    gated "$work/$photos" 120 data pack $photos cut --side 64 --raw --shard-size 100kB --threads 1
    await [ -e cut/train-$3.tar ]
    kill -$1 $pid
    : >gate
    wait $pid
    is $? $2 "exit code of SIG$1"
    has cut/manifest.json '"complete": false'
    [ $1 = KILL ] || has err "archives of cut; the same command continues after them"
}
for signal in "KILL 137" "INT 130" "TERM 143"; do
    rm -rf cut
    pack_until $signal 000002
    pack_until $signal 000011
    rm -rf part
    cp -r cut part # whose archives get indexes beside them
    refused part "the pack is not complete; beginning it again with the same data and options continues it: alexnet data pack DATA "
    has out "alexnet data pack DATA $PWD/part --raw --side 64 --fit short --seed 1 --shard-size 100kB"
    expect 0 data pack $photos cut --side 64 --raw --shard-size 100kB --quiet
    same cut
done

# An archive that is gone or of another size; what is no manifest of a pack; a damaged one.
cp -r whole foreign
expect 0 data check foreign --quiet
rm foreign/train-000001.tar
refused foreign "its archive train-000001.tar is missing; restore it"
head -c 512 /dev/zero | cat whole/train-000001.tar - >foreign/train-000001.tar
refused foreign "its archive train-000001.tar is not of the size that it was packed with"
rm foreign/train-000001.tar
for text in '{"format": "other"}' '[]' 'no JSON' ''; do
    echo "$text" >foreign/manifest.json
    expect 0 data check foreign --quiet
done
damaged() { # MANIFEST TEXT
    echo "$1" >foreign/manifest.json
    expect 3 data check foreign --quiet
    has err "foreign/manifest.json" "$2"
}
damaged '{"format": "alexnet pack",' "is damaged"
damaged '{"format": "alexnet pack", "version": 2}' "another version"
for shard in 1 '{}' '{"file": "val-000000.tar"}' '{"file": 1, "bytes": 1}' \
    '{"file": "../whole/train-000001.tar", "bytes": 1}'; do
    damaged '{"format": "alexnet pack", "version": 1, "complete": true,
        "parts": [{"shards": ['"$shard"']}]}' "is damaged: an archive has no name or no size"
done
echo '{"format": "alexnet pack", "version": 1}' >foreign/manifest.json
refused foreign "is not complete"

# A limit on the size of files acts like a full disk: what is complete stays.
(ulimit -f 40 && "$ALEXNET" data pack $photos limit --side 64 --raw --shard-size 100kB) >out 2>err
is $? 1 "exit code of a full disk"
has err "/limit/train-000000.tar.tmp" "ulimit -f"
[ -e limit/train-000000.tar.tmp ] && fail "what could not be written is left"
expect 0 data pack $photos limit --side 64 --raw --shard-size 100KB --quiet # K as many write it
same limit

# ---- Mistakes ----
expect 2 data pack $photos whole --side 65 --raw --shard-size 100kB
has err "whole/manifest.json is from a pack with other options: it has --side 64, this one --side 65"
expect 2 data pack $photos/train whole --side 64 --raw --shard-size 100kB
has err "it has pictures for validation (--val), but now there are none"
expect 2 data pack $photos/train $photos/train/new/deep
has err "is inside the data set"
[ -e $photos/train/new ] && fail "a pack that is refused leaves a folder in the data set"
expect 2 data pack $photos
has err "OUT is missing"
expect 2 data pack $photos x --shard-size many
has err "--shard-size many" "in kB, MB, GB" "500MB"
expect 2 data pack $photos x --jpeg-quality 90
has err "--quality"
for i in 1 2 3 4 5 6; do echo text >$photos/train/red-ring/bad$i.jpg; done
expect 3 data pack $photos x --quiet
has err "6 of " "cannot be read"
expect 0 data pack $photos x --side 48 --bad-pictures 6
has out "6 left out"
has x/manifest.json '"red-ring/bad6.jpg"'
