# Training of which nothing is kept: --overfit-one-batch and --find-rate.
. "${0%/*}/lib.sh"
: "${PNG_PIXEL:?png_pixel}"
pictures data 16
net="--net alexnet-mini"

# A batch is memorised, and no run is left.
expect 0 train data/pictures $net --batch 16 --rate 0.02 --overfit-one-batch
grep -qE '^learned: after [0-9]+ updates the loss of the same 16 pictures is 0\.0' out ||
    fail "no verdict"
[ -e runs ] && fail "a run was begun"
expect 0 train data/pictures $net --batch 16 --rate 0.02 --overfit-one-batch --quiet --json
is "$(json 1 learned)" true "learned"
is "$(json 1 pictures)" 16 "pictures"
less "$(json 1 loss)" 0.05 "loss"
is "$(json 1 chance | cut -c1-6)" 2.3025 "loss of chance"
is "$(cat err)" "" "what --quiet says"

# One that cannot be: nothing learns.
expect 1 train data/pictures $net --batch 2 --freeze '*' --overfit-one-batch
has out "not learned: after 500 updates the loss of the same 2 pictures is 2.3" \
    "(that of chance is 2.3026)" "Every layer is frozen. Try freeze = none"
expect 1 train data/pictures $net --batch 2 --freeze '*' --overfit-one-batch --json --quiet
is "$(json 1 learned)" false "learned"
is "$(json 1 reason)" "Every layer is frozen. Try freeze = none, or fewer layers" "reason"

# A curve, a table, a rate: of two classes that differ in everything, so that a hundred updates teach
# something on any processor.
mkdir easy
cp -r data/pictures/train/red-ring data/pictures/train/blue-cross easy
expect 0 train easy $net --batch 16 --find-rate rates.png
grep -qE '^rate 0\.[0-9]+: a tenth of [0-9.]+, where the loss was lowest \([0-9.]+\)' out ||
    fail "no rate"
has out "curve rates.png, numbers rates.csv"
is "$(sed -n 1p rates.csv)" "update,rate,loss,smoothed,top1_error" "columns"
is "$(sed -n 2p rates.csv | cut -d, -f1,2)" 1,1e-05 "the first rate"
rows=$(($(sed -n '$=' rates.csv) - 1))
less 20 "$rows" "rows"
less "$rows" 101 "rows"
is "$("$PNG_PIXEL" rates.png)" "760 440" "size of the curve"
[ -e runs ] && fail "a run was begun"
expect 0 train easy $net --batch 16 --find-rate again.png --json --quiet
cmp rates.csv again.csv || fail "the same command finds another curve"
cmp rates.png again.png || fail "the same command draws another curve"
is "$(json 1 curve)" again.png "the curve's file"
is "$(json 1 table)" again.csv "the table's file"
is "$(json 1 updates)" "$rows" "updates"
less "$(json 1 rate)" "$(json 1 lowest_at)" "rate"

# A network that has learnt these pictures is not said to learn nothing.
expect 0 train easy $net --batch 16 --epochs 30 --val 0 --rate 0.02 --out learnt --quiet
expect 1 train easy --init-from learnt --batch 16 --find-rate learnt.png --quiet
has out "no rate: no update clearly lowered the loss, but at 0." "the network has learnt these pictures"
lacks out "--overfit-one-batch"

# No rate makes a frozen network learn.
expect 1 train data/pictures $net --batch 2 --freeze '*' --find-rate none.png --quiet
has out "no rate: the loss clearly fell at none of 100"
expect 1 train data/pictures $net --batch 2 --freeze '*' --find-rate none.png --quiet --json
is "$(json 1 rate)" null "rate"

# Mistakes.
expect 2 train data/pictures $net --find-rate a.png --overfit-one-batch
has err "one at a time"
expect 2 train data/pictures $net --out run --overfit-one-batch
has err "--out cannot be given"
expect 2 train data/pictures $net --lr-find a.png
has err "--find-rate"
for name in a.jpg a.csv a; do
    expect 2 train data/pictures $net --find-rate $name
    has err "--find-rate takes a file whose name ends in .png, not '$name'"
done
expect 1 train data/pictures $net --find-rate no/folder/a.png
has err "cannot write no/folder/a.png"
expect 2 train data/pictures $net --rate 0 --find-rate a.png
has err "rate = 0"
[ -e a.png ] && fail "a curve of nothing"
mkdir broken broken/x broken/y && echo no >broken/x/1.png && echo no >broken/y/1.png
expect 3 train broken $net --val 0 --overfit-one-batch
has err "none of the 2 training pictures" "; the first: " "broken/x/1.png is "

# An interruption leaves nothing.
gated "$work/data/pictures" 600 train data/pictures $net --batch 16 --freeze '*' --find-rate slow.png
await [ -s err ]
kill -TERM $pid
: >gate
wait $pid
is $? 143 "exit code of an interrupted search"
[ -e slow.png ] || [ -e slow.csv ] && fail "an interrupted search left a file"
exit 0
