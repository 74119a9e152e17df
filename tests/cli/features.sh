# Features as files: NumPy's arrays, CSV and safetensors hold the same numbers; rows and names agree
# whatever happens to the run.
. "${0%/*}/lib.sh"
pictures data 12
train data/pictures --epochs 1 --out run --quiet
folder=data/unseen
printf 'no picture' >"$folder/red-ring/broken.png"
name=$(printf 'odd, "na\\me"\nof two lines.png')
cp "$folder/red-ring/00001.png" "$folder/$name"
count=$(find "$folder" -name '*.png' -exec echo . ';' | wc -l)
good=$((count - 1))

# row FILE HEADER ROW WIDTH: a row of float32, as text.
row() {
    od -An -v -tfF -w$((4 * $4)) -j$(($2 + 4 * $3 * $4)) -N$((4 * $4)) "$1" | tr -s ' \n' ' '
}

# ---- One layer ----

expect 3 features run "$folder" -o one.npy --batch 1
has err broken.png "1 of $count pictures could not be read"
width=$(sed -n 's/^fc7  [0-9]* x \([0-9]*\)  one.npy$/\1/p' out)
is "$(wc -c <one.npy)" $((192 + 4 * good * width)) "bytes of the array"
head -c 128 one.npy | grep -aqF "'descr': '<f4', 'fortran_order': False, 'shape': ($good, $width)" ||
    fail "the header of one.npy"
is "$(wc -l <one.names.txt)" "$good" "names"
has one.names.txt 'odd, "na\\me"\nof two lines.png'
lacks one.names.txt broken.png
[ -e one.fc7.partial ] || [ -e one.names.partial ] && fail "partial files are left"

# Every row is what the picture alone gives.
expect 0 features run "$folder/red-ring/00001.png" --json -o alone.npy
is "$(json 1 names) $(json 1 layers.0.file)" "alone.names.txt alone.npy" "files of the summary"
expect 2 features run "$folder" -o twice.npy --layer conv1 --layer fc7
has err "--layer is given twice; give all at once: --layer NAME,..."
mkdir damaged
echo x >damaged/a.png
expect 3 features run damaged --json -o none.npy
is "$(json 1 rows) $(json 1 names) $(json 1 layers.0.file)" "0 null null" "files without a row"
[ -z "$(ls none.* 2>/dev/null)" ] || fail "files without a row: $(ls none.*)"
expect 0 features run "$folder/red-ring/00001.png" --json -o alone.npy
is "$(json 1 rows) $(json 1 computed) $(json 1 failed) $(json 1 layers.0.shape.0)" "1 1 0 $width" "the summary"
at=$(grep -nxF "$folder/red-ring/00001.png" one.names.txt | cut -d: -f1)
is "$(row one.npy 192 $((at - 1)) "$width")" "$(row alone.npy 192 0 "$width")" "a row"

# ---- Other formats, several layers ----

expect 3 features run "$folder" -o out.csv --layer fc7,conv5:pre --pool max --quiet
is "$(sed -n 's/^\("[^"]*00001.png"\),.*/\1/p' out.fc7.csv | sort -u | head -1)" \
    "\"$(grep 00001 one.names.txt | sort | head -1)\"" "a name in the CSV file"
has out.fc7.csv '/odd, ""na\me""'
[ -s out.conv5-pre.csv ] || fail "no file for the second layer"
expect 3 features run "$folder" -o out.safetensors --layer fc7,conv5:pre --pool max --batch 1 --quiet
header=$(od -An -tu8 -N8 out.safetensors | tr -d ' ')
is "$(row out.safetensors $((8 + header)) 3 "$width")" "$(row one.npy 192 3 "$width")" "a row of the tensor"
head -c $((8 + header)) out.safetensors | grep -aqF "\"fc7\":{\"dtype\":\"F32\",\"shape\":[$good,$width]" ||
    fail "the header of out.safetensors"

# ---- Continuing ----

two="features run $folder -o two.npy --layer fc7,conv5 --batch 2 --device ref --quiet"
expect 3 $two
cp two.fc7.npy whole.fc7 && cp two.conv5.npy whole.conv5 && cp two.names.txt whole.names
rm two.*
# A run is killed when some rows are written; rows without a name and half a name are added by hand.
some_rows() {
    [ "$(cat two.names.partial 2>no-rows | wc -l)" -ge 4 ]
}
gated "$folder" 16 $two
await some_rows
for resume in "" --resume; do # the files of a run that has not ended are its own
    expect 3 $two $resume
    has err "another process is writing two.names.partial"
    lacks err "remove it"
done
kill -9 $pid
wait $pid 2>no-rows
[ -e two.names.partial ] || fail "the run ended before it was killed"
rows=$(wc -l <two.names.partial)
head -c 65000 /dev/zero >>two.fc7.partial
head -c 65000 /dev/zero >>two.conv5.partial
printf 'data/unseen/half a na' >>two.names.partial
expect 3 $two
has err "two.names.partial" "--resume"
expect 3 $two --pool avg --resume
has err "was begun with another model or other options"
expect 3 $two --resume --json
is "$(json 1 resumed) $(json 1 rows)" "$rows $good" "rows that were there"
for file in fc7.npy:fc7 conv5.npy:conv5 names.txt:names; do
    cmp "two.${file%:*}" "whole.${file#*:}" || fail "two.${file%:*} is not what one run gives"
done
# More pictures are added to arrays that are complete; a second time nothing is.
expect 0 features run data/pictures/train/red-ring -o alone.npy --resume --json
is "$(json 1 rows)" $((1 + $(find data/pictures/train/red-ring -name "*.png" | wc -l))) "rows of the array"
cp alone.npy before.npy
expect 0 features run data/pictures/train/red-ring -o alone.npy --resume --json
is "$(json 1 computed)" 0 "pictures that were computed"
cmp alone.npy before.npy || fail "the array has changed"
# Rows of another model, with other options, or of which nothing is known, are not added.
train data/pictures --epochs 1 --seed 5 --out other --quiet
unchanged() { # TEXT ARGUMENTS...
    text=$1
    shift
    cksum alone.* >before
    expect 3 features "$@" data/pictures -o alone.npy --resume
    has err "alone.npy" "$text"
    cksum alone.* | cmp -s - before || fail "features $*: a file was changed"
}
unchanged "another model, other layers or other options" other
unchanged "another model, other layers or other options" run --layer fc6
unchanged "another model, other layers or other options" run --views 10
# A picture that is named twice has two rows, also if the command was stopped between them.
first=$(find data/pictures -name '*.png' | sort | head -n 1)
second=$(find data/pictures -name '*.png' | sort | sed -n 2p)
expect 0 features run "$first" "$second" "$first" -o thrice.npy --batch 1
expect 0 features run "$first" -o stopped.npy --batch 1
expect 0 features run "$first" "$second" "$first" -o stopped.npy --batch 1 --resume --json
is "$(json 1 resumed) $(json 1 computed)" "1 2" "rows that were there, and new ones"
cmp thrice.npy stopped.npy || fail "the second row of a picture is lost"
expect 0 features run "$first" "$second" "$first" -o stopped.npy --batch 1 --resume --json
is "$(json 1 resumed) $(json 1 computed)" "3 0" "rows of a complete array, and new ones"
# Nor is an array added to that is not whole; the copy is put back.
cp alone.npy whole.npy
truncate -s -4 alone.npy
unchanged "is cut short: it announces" run
truncate -s 100 alone.npy
unchanged "is damaged, or was begun with another model" run
cp whole.npy alone.npy
printf X | dd of=alone.npy bs=1 seek=20 conv=notrunc 2>err
unchanged "is damaged, or was begun with another model" run
cp whole.npy alone.npy
head -c 5000 /dev/zero >>alone.npy # what follows the announced rows is cut off
expect 0 features run data/pictures/train/red-ring -o alone.npy --resume
cmp alone.npy whole.npy || fail "zeros after the last row were kept"
# A continuation that was killed before it marked the array as its own is no way around it.
mv alone.names.txt alone.names.partial
mv alone.npy alone.fc7.partial
expect 3 features other data/pictures -o alone.npy --resume
has err "another model, other layers or other options"
mv alone.fc7.partial alone.npy
mv alone.names.partial alone.names.txt
expect 0 features run data/pictures/train/red-ring -o alone.npy --resume
cmp alone.npy before.npy || fail "the array has changed"
rm alone.options.txt
unchanged "alone.options.txt, which says with what model and options it was computed, is missing" run
# Only arrays have a file of names, which other formats leave as it is.
expect 0 features run data/pictures/train/red-ring -o shared.npy --quiet
for ending in csv safetensors; do
    cksum shared.npy shared.*.txt >before
    expect 0 features run data/unseen/red-ring/00002.png -o shared.$ending --json
    is "$(json 1 names)" null "the file of names of a .$ending file"
    cksum shared.npy shared.*.txt | cmp -s - before || fail "a .$ending file replaces an array's names"
done
is "$(ls shared.* | tr '\n' ' ')" "shared.csv shared.names.txt shared.npy shared.options.txt shared.safetensors " "files"
# An array whose names are now those of a matrix: its rows would get them.
expect 0 rdm run $(find data/pictures -name '*.png' | sort | head -n 3) -o shared --quiet
expect 3 features run data/pictures/train -o shared.npy --resume
has err "shared.npy has " " rows, but shared.names.txt has 3 names: it cannot be added to"
expect 3 features run data/pictures -o out.csv --layer fc7,conv5:pre --resume --quiet
has err "only .npy files can be added to"

# ---- Mistakes ----

expect 2 features run "$folder"
has err "-o FILE is missing"
expect 2 features run "$folder" -o x.txt
has err "FILE ends in .npy, .csv or .safetensors"
expect 2 features run "$folder" -o x.npy --layer fc77
has err "has no layer 'fc77'" "did you mean"
expect 2 features run "$folder" -o x.npy --layer fc7,fc7
expect 3 features run none.png -o x.npy
[ -e x.npy ] && fail "an array of nothing was written"
[ -e x.names.partial ] && fail "a partial file of nothing is left"

# ---- All layers of a part of a network: the convolutions of alexnet-mini, whose weights are 0 ----

awk 'function tensor(name, shape, count) {
        text = text sprintf(",\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%d,%d]}", name, shape, at, at + 4 * count)
        at += 4 * count
    }
    function conv(layer, filters, channels, side) {
        tensor(layer ".weight", filters "," channels "," side "," side, filters * channels * side * side)
        tensor(layer ".bias", filters, filters)
    }
    BEGIN {
        conv("conv1", 24, 3, 7); conv("conv2", 64, 12, 5); conv("conv3", 96, 64, 3)
        conv("conv4", 96, 48, 3); conv("conv5", 64, 48, 3)
        printf "%-1024s", "{" substr(text, 2) "}"
    }' </dev/null >header
{ printf '\0\4\0\0\0\0\0\0' && cat header && head -c $((4 * 147488)) /dev/zero; } >part.safetensors
expect 3 features part.safetensors "$folder" -o part.npy
has err "has no weights for layer fc6"
expect 3 features part.safetensors "$folder" -o part.npy --layer all --json --quiet
is "$(json 1 layers.#) $(json 1 layers.0.layer) $(json 1 layers.4.layer)" "5 conv1 conv5" "the layers that can be computed"

# ---- classify, as CSV ----

expect 2 classify run "$folder" --csv --json
has err "--csv and --json cannot be combined"
expect 3 classify run "$folder" --top 2 --csv
is "$(head -1 out)" "file,rank,index,class,probability" "the first row"
has out '/odd, ""na\me""'
is "$(grep -c '",[12],[0-9]*,"[a-z-]*",[01]\.[0-9e-]*$' out)" $((2 * good)) "rows"
:
