# Dissimilarity matrices and their comparison. (The numbers against SciPy: golden/test_rdm.c.)
. "${0%/*}/lib.sh"
golden=$source/tests/golden/rdm
pictures data 12
train data/pictures --epochs 1 --out run --quiet
printf 'no picture' >data/unseen/red-ring/broken.png
good=$(($(find data/unseen -name '*.png' | wc -l) - 1))

expect 3 rdm run data/unseen -o out
has err broken.png
for layer in conv1 conv5 fc6 fc8; do
    is "$(wc -c <out.$layer.npy)" $((192 + 8 * good * good)) "bytes of the matrix of $layer"
done
is "$(wc -l <out.names.txt)" "$good" "names"
is "$(wc -l <out.fc7.csv)" $((good + 1)) "rows of the CSV file"
# The CSV file has the array's numbers: the third row.
od -An -v -tf8 -w8 -j$((192 + 8 * good * 2)) -N$((8 * good)) out.fc7.npy | awk '{ printf "%.12g\n", $1 }' >a
sed -n 4p out.fc7.csv | sed 's/^"[^"]*",//' | tr ',' '\n' | awk '{ printf "%.12g\n", $1 }' >b
cmp a b || fail "the CSV file differs from the array"
is "$(sed -n 3p a)" 0 "the diagonal"

expect 3 rdm run data/unseen -o pooled --layer conv5,fc7:pre --metric euclidean --pool avg --json
is "$(json 1 pictures) $(json 1 failed) $(json 1 layers.#)" "$good 1 2" "the summary"
is "$(json 1 layers.1.layer) $(json 1 layers.1.file)" "fc7:pre pooled.fc7-pre.npy" "a layer"

expect 0 rdm --compare out.fc7.npy out.fc7.npy --json
is "$(json 1 similarity)" 1.0 "the likeness of a matrix with itself"
expect 0 rdm --compare out.fc7.npy out.conv1.npy --rank kendall
kendall=$(cat out)
expect 0 rdm --compare out.conv1.npy out.fc7.npy --rank kendall
is "$(cat out)" "$kendall" "the likeness the other way round"
expect 3 rdm --compare out.fc7.npy "$golden/euclidean.npy"
has err "has $good pictures" "has 21"
expect 3 rdm --compare out.fc7.npy none.npy
has err none.npy
cp out.fc7.npy hole.npy
printf '\0\0\0\0\0\0\370\177' | dd of=hole.npy bs=1 seek=$((192 + 8)) conv=notrunc status=none
expect 3 rdm --compare out.fc7.npy hole.npy
has err "out.fc7.npy and hole.npy: the second matrix has no number at (0, 1)"
# The same matrix as a table: as it was written, as numbers alone, with headings alone.
expect 0 rdm --compare out.conv1.npy out.fc7.npy
cp out similarity
sed '1d; s/^"[^"]*",//' out.fc7.csv >numbers.csv
{ sed -n '1s/^file,//p' out.fc7.csv; cat numbers.csv; } >headings.csv
sed 's/$/\r/' out.fc7.csv >dos.csv
tr '\n' '\r' <out.fc7.csv >mac.csv
{ printf '\357\273\277' && cat numbers.csv && echo; } >spreadsheet.csv
sed 's/^/\n/' out.fc7.csv >blanks.csv
tr , '\t' <numbers.csv >tabs.tsv
tr , ';' <out.fc7.csv >semicolons.csv
tr ,. ';,' <numbers.csv >decimals.csv # as spreadsheets write in some languages
for table in out.fc7.csv numbers.csv headings.csv dos.csv mac.csv spreadsheet.csv blanks.csv tabs.tsv semicolons.csv decimals.csv; do
    expect 0 rdm --compare out.conv1.csv $table
    cmp out similarity || fail "$table is not read as out.fc7.npy"
done
# Semicolons in names do not separate fields, in quotes or not, nor do commas where semicolons do.
sed 's/"//g; s,/unseen,/un;seen,g' out.fc7.csv >unquoted.csv
expect 0 rdm --compare out.conv1.npy unquoted.csv
cmp out similarity || fail "unquoted.csv is not read as out.fc7.npy"
printf ';1,a;2,b;3,c\n1,a;0;1,5;2\n2,b;1,5;0;3\n3,c;2;3;0\n' >names.csv
printf ',"2,b","1,a","3,c"\n"2,b",0,1.5,3\n"1,a",1.5,0,2\n"3,c",3,2,0\n' >turned.csv
expect 3 rdm --compare names.csv turned.csv
has err "picture 1 of turned.csv, 2,b, is picture 2 of names.csv"
# The numbers above the diagonal, row by row, as a column and as a row.
awk -F, '{ for (i = NR + 1; i <= NF; i++) print $i }' numbers.csv >column.csv
paste -sd, column.csv >row.csv
for table in column row; do
    expect 0 rdm --compare out.conv1.npy $table.csv
    cmp out similarity || fail "$table.csv is not read as out.fc7.npy"
done
expect 0 rdm --compare "$golden/euclidean.npy" "$golden/condensed.npy" --json
is "$(json 1 pictures) $(json 1 similarity)" "21 1.0" "the likeness of a matrix with its condensed vector"
sed 1d column.csv >no-pairs.csv
expect 3 rdm --compare out.fc7.npy no-pairs.csv
has err "no-pairs.csv: expected a square matrix, or the numbers above its diagonal in a row or column, found "
tr . , <tabs.tsv >thousands.tsv
expect 3 rdm --compare out.fc7.npy thousands.tsv
has err "thousands.tsv:2: expected a number, found '0,"
# A number that is missing in the first line does not make that line one of headings, nor the first column one of names.
printf '0,NA,2,1\n1,0,3,1\n2,3,0,1\n1,1,1,0\n' >missing.csv
expect 3 rdm --compare missing.csv missing.csv
has err "missing.csv: expected a square matrix" "found 3 lines of 4 numbers below a line of headings"
printf 'd\n0.1\nNA\n0.3\n' >missing.csv
expect 3 rdm --compare missing.csv missing.csv
has err "missing.csv:3: expected a number, found 'NA'"
printf '0;1;2\n1;0;1.234,5\n2;3;0\n' >thousands.csv
expect 3 rdm --compare thousands.csv thousands.csv
has err "thousands.csv:2: expected a number, found '1.234,5'"
# The same pictures in another order, and other names.
awk -F, -v OFS=, 'NR == 2 { first = $0; next } NR == 3 { print; print first; next } { print }' out.fc7.csv >order.csv
expect 3 rdm --compare out.conv1.csv order.csv
has err "picture 1 of order.csv, " ", is picture 2 of out.conv1.csv: both must have the same ones, in the same order"
sed '2,$s,^"[^"]*/,"elsewhere/,' out.fc7.csv >moved.csv
expect 0 rdm --compare out.conv1.csv moved.csv
cmp out similarity || fail "moved.csv is not read as out.fc7.npy"
is "$(wc -l <numbers.csv)" "$(($(wc -l <out.fc7.csv) - 1))" "lines of numbers"
sed '$d' numbers.csv >short.csv
expect 3 rdm --compare out.fc7.npy short.csv
has err "short.csv: expected a square matrix, or the numbers above its diagonal"
sed '2s/,[^,]*$//' numbers.csv >ragged.csv
expect 3 rdm --compare out.fc7.npy ragged.csv
has err "ragged.csv:2: expected as many fields as the first line has"
{ cat numbers.csv && printf '1,'; } >cut.csv
expect 3 rdm --compare out.fc7.npy cut.csv
has err "cut.csv:$(($(wc -l <numbers.csv) + 1)): expected as many fields as the first line has"
sed '3s/^[^,]*/none/' numbers.csv >word.csv
expect 3 rdm --compare out.fc7.npy word.csv
has err "word.csv:3: expected a number, found 'none'"
: >empty.csv
expect 3 rdm --compare empty.csv out.fc7.npy
has err "empty.csv:1: expected a matrix of dissimilarities"
expect 2 rdm --compare out.fc7.npy
has err "--compare takes two files" "alexnet rdm --compare FIRST SECOND" # every way to call it
expect 2 rdm --compare out.fc7.npy out.conv1.npy --metric cosine
has err "--metric needs pictures, not --compare"
expect 2 rdm run data/unseen -o out --rank kendall
has err "--rank needs --compare"
expect 2 rdm run data/unseen
has err "-o PREFIX is missing"
expect 2 rdm run data/unseen -o folder/ # the files would be hidden ones
has err "folder/ is a folder; PREFIX is the beginning of the files' names"
expect 2 rdm run data/unseen -o ..
has err "-o .. is a folder" "such as ../stimuli"
expect 1 rdm none.safetensors data/unseen -o nowhere/out # said before the work
has err "cannot write nowhere/out.names.txt"
expect 3 rdm run data/unseen/red-ring -o few --quiet

# A layer that answers nothing to any picture: its values are NaN, which every reader of CSV knows.
cat >flat.ini <<'END'
[input]
size = 16
side = 16
mean = none
[fc1]
type = fc
inputs = input
outputs = 4
initW = 0
neuron = relu
[fc2]
type = fc
inputs = fc1
outputs = classes
[probs]
type = softmax
inputs = fc2
END
expect 0 train data/pictures --net flat.ini --init net --rate 0 --rate-bias 0 --epochs 1 \
    --out flat --quiet
expect 3 rdm flat data/unseen -o flat --layer fc1 --quiet
has err "warning: fc1: all features of $good pictures, such as data/unseen/" "are equal: their dissimilarities"
is "$(sed -n 2p flat.fc1.csv | cut -d, -f2-4)" "0,NaN,NaN" "values of a flat layer"
expect 3 rdm flat data/unseen -o flat --layer fc1 --metric cosine --quiet
has err "are zero: their dissimilarities"
expect 3 rdm flat data/unseen -o flat --layer fc1 --metric euclidean --quiet
grep -q "are equal" err && fail "Euclidean distances are warned of"
:

# Matrices that do not fit into memory are refused before the work: 5,000 pictures, in a sparse file.
printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '<f8', 'fortran_order': False, 'shape': (5000, 5000), }" >large.npy
truncate -s $((128 + 8 * 5000 * 5000)) large.npy
if (ulimit -v 900000 && "$ALEXNET" version) >/dev/null 2>&1; then
    (ulimit -v 900000 && "$ALEXNET" rdm --compare large.npy large.npy) >out 2>err
    is $? 1 "the exit code"
    has err "two matrices of 5000 pictures" "take 954 MiB of memory" "is available"
fi
