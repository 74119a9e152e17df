# Evaluation beyond the errors: rows per picture, calibration, the confusion matrix as a picture,
# several models as one, curves of several runs.
. "${0%/*}/lib.sh"
: "${PNG_PIXEL:?png_pixel}"
pictures data 4
train data/pictures --epochs 2 --seed 1 --out one --quiet
train data/pictures --epochs 2 --seed 2 --out two --quiet

# near A B WHAT: A and B are equal up to 1e-5, because few digits are printed.
near() {
    awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit !(d < 1e-5 && d > -1e-5) }' ||
        fail "$3: $1, expected $2"
}

# The figures of the report follow from the rows of the pictures.
expect 0 eval one data/unseen --images rows.csv --top 3 --confusion one.csv --calibration bins.csv \
    --json --per-class --quiet
images=$(json 1 images)
line rows.csv "file,label,class,correct,loss,index1,class1,probability1,index2,class2,probability2,index3,class3,probability3"
is "$(wc -l <rows.csv | tr -d ' ')" $((images + 1)) "lines of the pictures"
near "$(awk -F, 'NR > 1 { n += $5 } END { print n / (NR - 1) }' rows.csv)" "$(json 1 loss)" "mean loss of the rows"
near "$(awk -F, 'NR > 1 { n += 1 - $4 } END { print n / (NR - 1) }' rows.csv)" "$(json 1 top1_error)" "error of the rows"
is "$(awk -F, 'NR > 1 && ($4 == 1) != ($3 == $7)' rows.csv)" "" "rows that are wrong about being correct"
is "$(awk -F, 'NR > 1 && !($8 >= $11 && $11 >= $14)' rows.csv)" "" "rows whose classes are not best first"
less "$(json 1 top1_interval.0)" "$(json 1 top1_error)1" "lower end of the interval"
less "$(json 1 top1_error)" "$(json 1 top1_interval.1)1" "upper end of the interval"
is "$(json 1 calibration.#)" 15 "bins"
is "$(awk -F, 'NR > 1 { n += $3 } END { print NR, n }' bins.csv)" "16 $images" "bins and their pictures"
near "$(awk -F, -v n="$images" 'NR > 1 { d = $4 - $5; e += $3 * (d < 0 ? -d : d) } END { print e / n }' bins.csv)" \
    "$(json 1 calibration_error)" "calibration error of the bins"
is "$(awk -F, 'NR > 1 { d = $2 - $1 - 1 / 15; if (d * d > 1e-12 || $1 != at + 0) print; at = $2 } END { print at }' bins.csv)" \
    1 "limits of the bins"
# Precision and recall of a class, from the matrix.
for class in 0 5; do
    row=$(awk -F, -v c=$class 'NR > 1 { a += $(c + 2); if (NR == c + 2) { r = $(c + 2); for (i = 2; i <= NF; i++) n += $i } }
        END { print r, n, a }' one.csv)
    is "$(json 1 classes.$class.correct) $(json 1 classes.$class.images) $(json 1 classes.$class.answers)" \
        "$row" "class $class"
done
# A class without pictures has no recall, and none in the mean.
cp -r data/unseen part
rm -r part/red-ring
expect 0 eval one part --json --per-class --quiet
recalls=$(for class in 0 1 2 3 4 5 6 7 8 9; do json 1 classes.$class.recall; done)
near "$(echo "$recalls" | awk '$1 != "null" { n += $1; m++ } END { print m == 9 ? n / m : "9 classes are expected" }')" \
    "$(json 1 mean_recall)" "mean recall"
expect 0 eval one data/unseen --images all.csv --top 99 --quiet
is "$(awk -F, '{ print NF }' all.csv | sort -u)" 35 "fields of all ten classes"
has out "(95%: " "% expected error"

# A file that cannot be written says why, whatever the command did after the write that failed.
(ulimit -f 1 && "$ALEXNET" eval one data/unseen --images long.csv --top 10 >out 2>err)
is $? 1 "exit code with a limit of the sizes of files"
has err "cannot write long.csv: File too large"

# Its files are named as classify names them, so that both tables can be joined.
expect 0 classify one data/unseen/ --csv --top 1
cut -d, -f1 out | sort >named
expect 0 eval one data/unseen/ --images named.csv --quiet
cut -d, -f1 named.csv | sort | cmp - named || fail "classify and eval name pictures differently"
has named '"data/unseen/red-ring/'
expect 0 eval one data/pictures --images named.csv --quiet
has named.csv '"data/pictures/val/red-ring/'
tar -cf unseen.tar -C data unseen
mkdir archives && mv unseen.tar archives
expect 0 classify one archives --csv --top 1
cut -d, -f1 out | sort >named
expect 0 eval one archives --images named.csv --quiet
cut -d, -f1 named.csv | sort | cmp - named || fail "classify and eval name pictures of archives differently"
expect 2 eval one data/unseen --top 3
has err "--top needs --images"

# A name says what is written.
for option in "--confusion a.jpg" "--calibration a" "--confusion a.txt"; do
    expect 2 eval one data/unseen $option
    has err "${option% *} takes a file whose name ends in .csv|.png, not '${option#* }'"
done
expect 2 eval one data/unseen --images a.png
has err "--images takes a file whose name ends in .csv, not 'a.png'"

# Bars stand where the bins say: the lower half of each is blue.
expect 0 eval one data/unseen --calibration bins.png --quiet
awk -F, 'NR > 1 && $4 * $5 > 0 { print 70 + 28 * (NR - 2) + 20, int(470 - 210 * ($4 < $5 ? $4 : $5)) }' bins.csv |
    while read -r x y; do
        is "$("$PNG_PIXEL" bins.png "$x" "$y")" "111 148 196" "bar at $x, $y"
    done || exit 1

# The matrix as a picture: the row is the class, the column the answer.
printf 'class,a,"b ""x"", y"\na,1,3\n"b ""x"", y",0,4\n' >small.csv
expect 0 plot confusion small.csv -o small.png
line out small.png
printf '\357\273\277class;a;"b ""x"", y"\na;1;3\n"b ""x"", y";0;4\n' >spreadsheet.csv
expect 0 plot confusion spreadsheet.csv -o spreadsheet.png
cmp spreadsheet.png small.png || fail "semicolons are not read as commas"
# Names as those of ImageNet, with more commas than there are fields.
printf 'class;a;b, b, b, b\na;1;3\nb, b, b, b;0;4\n' >synsets.csv
expect 0 plot confusion synsets.csv -o synsets.png
is "$("$PNG_PIXEL" small.png 214 279)" "255 255 255" "no b taken for a"
[ "$("$PNG_PIXEL" small.png 258 235 | awk '{ print ($1 > 200 && $2 < 120) }')" = 1 ] || fail "a taken for b is not red"
[ "$("$PNG_PIXEL" small.png 258 279 | awk '{ print ($3 > 200 && $1 < 60) }')" = 1 ] || fail "b is not blue"
expect 0 eval one data/unseen --confusion one.png --quiet
expect 0 plot confusion one.csv -o again.png
cmp one.png again.png || fail "the matrix and its CSV file are drawn differently"
expect 0 plot confusion one
line out one/confusion.png
expect 0 plot filters one -o filters.png
[ -s err ] && fail "plot filters warns"
expect 0 plot filters one --since one/best.safetensors -o same.png
has err "warning: conv1 is the same in both models"

bad_matrix() {
    printf "$1" >bad.csv
    expect 3 plot confusion bad.csv -o bad.png
    has err "bad.csv:$2: not a confusion matrix: expected $3"
    [ ! -e bad.png ] || fail "a picture of $1"
}
bad_matrix '' 1 'a heading'
bad_matrix 'class\n' 1 'names of classes'
bad_matrix 'class,a,b\na,1\nb,0,4\n' 2 'as many counts'
bad_matrix 'class,a,b\na,1,2,3\nb,0,4\n' 2 'the end of the line'
bad_matrix 'class,a,b\nb,1,2\na,0,4\n' 2 'the rows in the order'
bad_matrix 'class,a,b\na,1,-2\nb,0,4\n' 2 'a count'
bad_matrix 'class,a,b\na,1,99999999999999999999\nb,0,4\n' 2 'a count'
bad_matrix 'class,a,b\na,1,2\n' 3 'the rows in the order'
bad_matrix 'class,a\na,1\nmore' 3 'the end of the file'
bad_matrix 'class,"a\na,1\n' 3 'the rows in the order'
expect 2 plot confusion one/best.safetensors
has err "alexnet eval one/best.safetensors DATA --confusion"

# Several models as one.
expect 0 eval one data/unseen --json --quiet
alone=$(json 1 loss)
expect 0 eval one two data/unseen --weights 2,0 --json --quiet
near "$(json 1 loss)" "$alone" "loss of the first with all the weight"
is "$(json 1 weights.0)" 1.0 "its weight"
expect 0 eval one two data/unseen --json --quiet
both=$(json 1 loss)
is "$(json 1 weights.1)" 0.5 "equal weights"
expect 0 eval one two data/unseen --search loss --images found.csv --json --quiet
found=$(json 1 loss)
less "$found" "$(awk -v a="$both" 'BEGIN { print a + 1e-6 }')" "loss of the weights that were found, of equal ones"
less "$found" "$(awk -v a="$alone" 'BEGIN { print a + 1e-6 }')" "loss of the weights that were found, of one model"
near "$(awk -F, 'NR > 1 { n += $5 } END { print n / (NR - 1) }' found.csv)" "$found" "loss of the rows"
# The same weights, given.
expect 0 eval one two data/unseen --weights "$(json 1 weights.0),$(json 1 weights.1)" --json --quiet
near "$(json 1 loss)" "$found" "loss with the weights that were found"

expect 2 eval one two
has err "DATA is missing: two is a model"
expect 2 eval one data/unseen --weights 1
has err "--weights needs several models"
expect 2 eval one data/unseen --search top1
has err "--search needs several models"
expect 2 eval one two data/unseen --weights 1
has err "--weights has 1 number for 2 models"
for weights in 1,x 1, ,1 1,-1 nan,1 1,1e99; do
    expect 2 eval one two data/unseen --weights=$weights
    has err "--weights takes numbers"
done
expect 2 eval one two data/unseen --weights 0,0
has err "no model would count"
expect 2 eval one two data/unseen --weights 1,1 --search top5
has err "use only one of them"
mkdir -p fewer
cp -r data/pictures/train/red-ring data/pictures/train/blue-cross fewer
train fewer --epochs 1 --out three --quiet
expect 2 eval one three data/unseen
has err "model 2 has 2 classes: expected 10, as the first"
expect 1 eval one data/unseen --images nowhere/rows.csv
has err "cannot write nowhere/rows.csv"

# Curves of several runs: one more line for each, in colours of their own.
expect 0 plot curves one -o alone.png
expect 0 plot curves one two -o both.png
is "$("$PNG_PIXEL" alone.png)" "1000 400" "size of the curves of one run"
is "$("$PNG_PIXEL" both.png)" "1000 460" "size of the curves of two"
is "$("$PNG_PIXEL" both.png 94 395 94 415 | tr '\n' ' ')" "0 114 178 213 94 0 " "colours of the runs"

# A point stands at its epoch, also while the next one is under way, and if epochs differ in length.
point() {
    printf '{"epoch":%s,"step":%s,"images":9,"loss":1,"top1_error":0.2,"lr":1,"images_per_second":9' "$1" "$2"
    printf "%s}\n" "$3"
}
val=',"val":{"images":9,"skipped":0,"loss":1,"top1_error":0.5,"top5_error":0}'
mkdir early unlike
{ point 1 10 ""; point 1 10 "$val"; point 2 12 ""; } >early/log.jsonl
{ cat early/log.jsonl; point 2 40 ""; point 2 40 "$val"; } >unlike/log.jsonl
expect 0 plot curves early -o early.png
is "$("$PNG_PIXEL" early.png 765 190 725 190 | tr '\n' ' ')" "204 64 26 255 255 255 " "the end of epoch 1 of 2"
expect 0 plot curves unlike -o unlike.png
is "$("$PNG_PIXEL" unlike.png 768 190 | tr '\n' ' ')" "204 64 26 " "validation from epoch 1 on"
is "$("$PNG_PIXEL" unlike.png 760 190 | tr '\n' ' ')" "255 255 255 " "validation before the end of epoch 1"
expect 3 plot curves one nowhere
has err "nowhere"
