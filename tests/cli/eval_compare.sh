# The comparison of two models by the rows that 'eval --images' wrote. The figures were computed by
# Python: McNemar's p with whole numbers, intervals and losses by their formulas.
. "${0%/*}/lib.sh"

# near PATH VALUE: a number of the JSON in out.
near() {
    awk -v a="$(json 1 "$1")" -v b="$2" 'BEGIN { d = a / b - 1; exit !(d < 1e-8 && d > -1e-8) }' ||
        fail "$1: $(json 1 "$1"), expected $2"
}

# 780 pictures that both have right, 43 and 61 that one has right, 116 that neither has right; each
# file in an order of its own, with other columns.
awk 'BEGIN { print "file,label,class,correct,loss"
    for (i = 0; i < 1000; i++) printf "\"p, %d\",1,\"a\"\"b\",%d,%.1f\n", i, i < 823, i % 7 / 10 }' > a.csv
awk 'BEGIN { print "loss,correct,file"
    for (i = 999; i >= 0; i--) printf "%.1f,%d,\"p, %d\"\n", i % 5 / 10, i < 780 || (i >= 823 && i < 884), i }' > b.csv
expect 0 eval --compare a.csv b.csv --json
is "$(json 1 images) $(json 1 both_correct) $(json 1 only_first_correct) $(json 1 only_second_correct) $(json 1 neither_correct)" \
    "1000 780 43 61 116" "counts"
near p 0.09504367479940808
near top1_difference -0.018
near top1_interval.0 -0.03807211838392465
near top1_interval.1 0.002143974671349809
near losses.0 0.2997
near losses.1 0.2
near loss_difference -0.0997
near loss_interval.0 -0.11487040229502968
near loss_interval.1 -0.0845295977049702
mkfifo pipe
expect 3 eval --compare a.csv pipe
has err "cannot read pipe: it is a pipe, not a file"
expect 0 eval --compare a.csv b.csv
line out "top-1 errors  17.70%, 15.90%" "difference    -1.80 points  (95%: -3.81 to +0.21)" \
    "by chance     p = 0.095" "losses        0.2997, 0.2000"
has out "only second   61  (b.csv)"
[ ! -s err ] || fail "warnings"
sed 's/$/\r/' b.csv > windows.csv
expect 0 eval --compare a.csv windows.csv --json
near p 0.09504367479940808
# As spreadsheets save it in some languages.
sed '1s/,/;/g; s/^\(.\)\.\(.\),\(.\),/\1,\2;\3;/' b.csv > semicolons.csv
is "$(sed -n 2p semicolons.csv)" '0,4;0;"p, 999"' "a row"
expect 0 eval --compare a.csv semicolons.csv --json
near p 0.09504367479940808
near losses.1 0.2

# Uneven, even and no pictures that tell the models apart.
few() { # FIRST SECOND: files in which so many pictures are right in one of them only
    awk -v b="$1" -v c="$2" 'BEGIN { print "file,correct" > "c.csv"; print "file,correct" > "d.csv"
        for (i = 0; i < b + c + 3; i++) { print i "," (i >= c) > "c.csv"; print i "," (i < c || i >= b + c) > "d.csv" } }'
    expect 0 eval --compare c.csv d.csv --json
}
few 0 6 && near p 0.03125
few 9 1 && near p 0.021484375
few 5 5 && near p 1
few 0 0 && near p 1
few 900 700 && near p 6.319484959450139e-07
is "$(json 1 losses.0) $(json 1 loss_difference)" "null null" "losses of files without them"

# Pictures of only one file are left out; if there are no others, nothing can be compared.
printf 'file,correct\nx,1\n3,0\n' > e.csv
expect 0 eval --compare c.csv e.csv --json
is "$(json 1 images)" 1 "common pictures"
has err "warning: 1603 pictures of only one of the files are left out"
printf 'file,correct\nx,1\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "c.csv and e.csv have no picture in common"

# What is not such a file.
printf 'file,correct\nx,2\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:2: expected 1 or 0 in the column correct, found '2'"
printf 'file,correct\nx,1\nx,1\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv has x twice"
printf 'file,correct\nx\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:2: expected as many fields as the first line has"
printf 'file,correct\nx,1,1\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:2: expected the end of the line"
printf 'file,loss,correct\nx,nan,1\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:2: expected a number in the column loss, found 'nan'"
# A text that is too long, or not one, is an error even in a column that is not used; a terabyte is not read.
{ printf 'file,correct,class\nx,1,'; head -c 100000 /dev/zero | tr '\0' c; } > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:2: expected a text of at most 65536 bytes without a zero byte, found 'ccc"
printf 'file,correct,class\nx,1,ca\000t\ny,1,dog\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:2: expected a text of at most 65536 bytes without a zero byte, found 'ca'"
: > e.csv
truncate -s 1T e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:1: expected the columns file and correct"
expect 3 plot confusion e.csv -o e.png
has err "e.csv:1: not a confusion matrix"
expect 3 rdm --compare e.csv e.csv
has err "e.csv:1: expected a matrix of dissimilarities"
printf 'picture,correct\nx,1\n' > e.csv
expect 3 eval --compare c.csv e.csv
has err "e.csv:1: expected the columns file and correct"
: > e.csv
expect 3 eval --compare c.csv e.csv
expect 3 eval --compare c.csv none.csv
has err "none.csv"
mkdir run
expect 2 eval --compare run c.csv
has err "run is a folder, and --compare takes files with a model's answers" "--images FILE.csv"
expect 2 eval --compare c.csv
has err "--compare takes two files"
expect 2 eval --compare c.csv d.csv --views 10
has err "--views needs models, not --compare"
