# Lists and tables as data: the same training, evaluation and answers as from folders, resumed.
. "${0%/*}/lib.sh"
pictures data 6
photos=data/pictures

# list PART: lines "path number", in no particular order; table PART: the same by names.
list() {
    i=0
    for class in $(ls $photos/$1); do
        for file in $photos/$1/$class/*.png; do
            printf '%s\t%d\r\n' "$file" $i
        done
        i=$((i + 1))
    done | sort -r
}
table() {
    echo 'id,Label,File'
    for file in $photos/$1/*/*.png; do
        class=${file%/*}
        echo "1,${class##*/},\"$file\""
    done
}
for part in train val; do
    list $part >$part.txt
    table $part >$part.csv
done

# One epoch, and a second after resuming, give the same bits whatever names the pictures.
both() {
    run=$1
    shift
    train "$@" --schedule constant --epochs 1 --seed 3 --out "$run"
    expect 0 train --resume "$run" --epochs 2 --quiet
}
both run-folder $photos/train --val $photos/val
both run-table train.csv --val val.csv
cmp run-folder/best.safetensors run-table/best.safetensors || fail "another model from a table"
both run-held $photos/train --val 0.3
sed "s|$photos/train/||" train.csv >$photos/train/list.csv
both run-held-list $photos/train/list.csv --val 0.3
cmp run-held/best.safetensors run-held-list/best.safetensors || fail "another split from a table"

# Numbers are those of the model's classes.
expect 0 eval run-folder $photos/val --json
error=$(json 1 top1_error)
for data in val.txt val.csv; do
    expect 0 eval run-folder $data --json
    is "$(json 1 top1_error)" "$error" "the error on $data"
done

# Numbers from 1 do not pass for numbers from 0.
lacks err "smallest label"
awk -F '\t' '{ printf "%s\t%d\n", $1, $2 + 1 }' val.txt >from1.txt
expect 3 eval run-folder from1.txt
has err "from1.txt are numbers up to 10, but the model's 10 classes" "are counted from 0"
grep -v '10$' from1.txt >few.txt
expect 0 eval run-folder few.txt
has err 'the smallest label of' 'labels are counted from 0: 1 is taken for "blue-square"'

# A list whose pictures are not there says so when it is evaluated, too.
sed 's|^|nowhere/|' val.txt >lost.txt
expect 3 eval run-folder lost.txt
has err "paths in a list are relative to the list's folder"

# Validation may lack the highest numbers, also when the run is resumed; nothing of training may.
awk -F'\t' '$2 < 8' val.txt >few.txt
both run-few train.txt --val few.txt
expect 0 eval run-few --json
is "$(json 1 images)" "$(wc -l <few.txt | tr -d ' ')" "pictures of the numbers below 8"
awk -F'\t' '$2 < 8' train.txt >few-train.txt
expect 3 train few-train.txt --val val.txt --epochs 1
has err 'do not have the same classes (8 and 10): "8" and 1 more only in '

# Without labels: in the order of the list.
printf 'path\n%s\n%s\n' "$(sed -n '2s/.*"\(.*\)"/\1/p' val.csv)" nothing.png >pictures.csv
expect 3 classify run-folder pictures.csv --top 1
has err nothing.png

expect 3 train no-labels.txt
echo 'a b.jpg' >no-labels.txt
expect 3 train no-labels.txt
has err 'no-labels.txt:1:'
