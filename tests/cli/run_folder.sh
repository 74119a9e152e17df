# Run folders: untrusted content; several trainings at once; closed descriptors, and limits that a job
# may have.
. "${0%/*}/lib.sh"
pictures data 4
train data/pictures --epochs 1 --out good --quiet
echo mine >victim

# fresh: a copy of the run in the folder run.
fresh() {
    rm -rf run
    cp -r good run
}

# refused FILE WHAT ARGUMENTS...: exit code 3 at once, the file named, and what it is.
refused() {
    file=$1 what=$2
    shift 2
    timeout -k 2 120 "$ALEXNET" "$@" >out 2>err
    is $? 3 "exit code of alexnet $*"
    has err "$file: it is $what, not a file"
    lacks err "empty"
}

# A pipe, a device, a folder, a link in the place of a file.
for name in log.jsonl lock; do
    fresh && rm -f run/$name && mkfifo run/$name
    refused run/$name "a pipe" train --resume run
    fresh && rm -f run/$name && mkdir run/$name
    refused run/$name "a folder" train --resume run
    fresh && rm -f run/$name && ln -s ../victim run/$name
    refused run/$name "a link" train --resume run
done
for name in last.safetensors best.safetensors recipe.ini last.safetensors.tmp; do
    fresh && rm -f run/$name && mkfifo run/$name
    refused run/$name "a pipe" train --resume run
done
fresh && rm run/log.jsonl && mkfifo run/log.jsonl
refused run/log.jsonl "a pipe" plot curves run -o curves.png
fresh && rm run/log.jsonl && ln -s /dev/zero run/log.jsonl
refused run/log.jsonl "a device" plot curves run -o curves.png
fresh && rm run/best.safetensors && mkfifo run/best.safetensors
refused run/best.safetensors "a pipe" eval run data/unseen
refused run/best.safetensors "a pipe" classify run data/unseen
for option in net recipe names tuning init-from; do
    rm -f pipe.ini && mkfifo pipe.ini
    refused pipe.ini "a pipe" train data/pictures --out odd --$option pipe.ini
done
refused run/best.safetensors "a pipe" train data/pictures --out odd --init-from run
[ -e odd ] && fail "a run that could not begin left a folder"
mkfifo pipe.csv pipe.png
refused pipe.csv "a pipe" eval good data/unseen --confusion pipe.csv
refused pipe.png "a pipe" plot curves good -o pipe.png
ln -s victim link.csv
refused link.csv "a link" eval good data/unseen --confusion link.csv
fresh && ln -s ../victim run/curves.png.tmp && ln -s ../victim curves.csv.tmp
expect 0 plot curves run
expect 0 eval good data/unseen --confusion curves.csv --quiet
[ -L run/curves.png ] && fail "curves.png is a link"
is "$(cat victim)" mine "what the links lead to"
is "$(ls ./*.tmp run/*.tmp 2>/dev/null)" "" "temporary files"

# The best model was removed: nothing claims that it is there, and the next epoch replaces it.
fresh && rm run/best.safetensors
expect 1 train --resume run
has err "run/best.safetensors, the model of epoch 1, is missing: the run is complete" \
    "run is complete but has no best.safetensors"
is "$(cat out)" "" "output about a model that is not there"
expect 3 classify run data/unseen
has err "no epoch of it is complete, or the file was removed"
expect 0 train --resume run --epochs 2
has err "the model of the next epoch replaces it"
line out "run run, model run/best.safetensors, report run/report.html"
expect 0 classify run data/unseen

# Files of a terabyte, of zeros: nothing reads them through, or puts them into the page.
fresh && truncate -s 1T run/recipe.ini run/filters.png run/command.txt
expect 0 runs run
expect 0 train --resume run --epochs 2
[ "$(wc -c <run/report.html)" -lt 2000000 ] || fail "report.html has all of a file of zeros"

# Numbers that no run has.
fresh && printf '%s\n' '{"epoch":1e300,"step":7,"loss":1e308,"val":{"top1_error":0.5}}' \
    '{"step":7,"loss":-1e308,"val":{"top1_error":0.25}}' >run/log.jsonl
expect 0 runs run --json
expect 0 runs run
expect 0 plot curves run -o curves.png

# Outputs into folders that are not there fail before anything is measured.
for what in "eval good data/unseen --confusion nowhere/a.csv" "plot curves good -o nowhere/a.png" \
    "plot filters good -o nowhere/a.png" "bench --tune nowhere/a.ini"; do
    expect 1 $what
    has err "cannot write nowhere/a."
    lacks err "device"
done

# A run whose folder is moved: everything that the command writes follows, and it says where it is.
gated "$work/data/pictures" 400 train data/pictures --net alexnet-mini --epochs 12 --threads 1 --out moving
await [ -e moving/log.csv ] # the curves are being drawn
mv moving moved && mkdir moving
: >gate
wait $pid || fail "a run whose folder was moved"
has err "the folder of the run was moved, and the run continues in it: " "/moved"
has out "/moved, model "
is "$(ls moving)" "" "what is in a folder that took the name"
is "$(tail -1 moved/log.csv | cut -d , -f 1)" 12 "last epoch of log.csv"
[ -s moved/report.html ] || fail "a run that was moved has no page"
[ moved/curves.png -nt moved/command.txt ] || fail "the curves are not those of the end"

# A log whose last line is cut; one with an invalid line; one without a whole line.
fresh && printf '{"epoch":2,"st' >>run/log.jsonl
expect 0 plot curves run -o curves.png
has err "run/log.jsonl:3: the last line is incomplete and is left out"
echo >>run/log.jsonl
expect 3 plot curves run -o curves.png
has err "run/log.jsonl:3: not a JSON object"
printf '{"epoch":1' >run/log.jsonl
expect 3 plot curves run -o curves.png
has err "run/log.jsonl has no report yet"
head -c 3000000 /dev/zero >run/log.jsonl
expect 3 plot curves run -o curves.png

# Trainings that begin at the same time each get a folder of their own.
for i in 1 2 3 4; do
    "$ALEXNET" train data/pictures --net alexnet-mini --epochs 1 --threads 1 -q >out.$i 2>err.$i &
done
wait
is "$(cat err.*)" "" "errors of four trainings at once"
is "$(cat out.* | grep -o 'run runs/[^,]*' | sort | tr '\n' ' ')" \
    "run runs/pictures-1 run runs/pictures-2 run runs/pictures-3 run runs/pictures-4 " "their folders"
expect 2 train data/pictures --net alexnet-mini --set conv9.rate=0
[ -e runs/pictures-5 ] && fail "a run that could not begin left a folder"

# Closed descriptors: nothing that is printed gets into a file.
"$ALEXNET" train data/pictures --net alexnet-mini --epochs 2 --report 1 --out closed <&- 2>&- >out ||
    fail "with standard error closed"
is "$(grep -cv '^{.*}$' closed/log.jsonl)" 0 "lines of the log that are none"
expect 0 plot curves closed -o curves.png
"$ALEXNET" train data/pictures --net alexnet-mini --epochs 1 --out silent <&- >&- 2>&-
is $? 1 "exit code when the result cannot be printed"
is "$(grep -cv '^{.*}$' silent/log.jsonl)" 0 "lines of the log that are none"

# A limit of file sizes is an error with a reason, and leaves nothing half written.
(ulimit -f 400 && "$ALEXNET" train data/pictures --net alexnet-mini --epochs 1 --out small -q) >out 2>err
is $? 1 "exit code under a limit of file sizes"
has err "/small/last.safetensors.tmp: File too large; the limit (ulimit -f) is"
[ -s small/recipe.ini ] || fail "no recipe"
is "$(ls small/*.tmp 2>/dev/null)" "" "temporary files"
expect 3 train --resume small
has err "small: it has no checkpoint"
(ulimit -f 2 && "$ALEXNET" plot filters good -o big.png) >out 2>err
is $? 1 "exit code of a plot under a limit of file sizes"
has err "cannot write big.png: File too large"
is "$(ls big.png* 2>/dev/null)" "" "what is left of it"
train data/pictures --epochs 1 --out small --quiet

# More epochs where the rates do not depend on their number; the result is that of a run
# planned so from the start.
train data/pictures --epochs 2 --schedule constant --out two --quiet
train data/pictures --epochs 1 --schedule constant --out one --quiet
expect 0 train --resume one --epochs 2
has out "best epoch"
cmp one/best.safetensors two/best.safetensors || fail "a run with an epoch more is another"
expect 0 train --resume one --set epochs=2
has err "one is already complete"
grep -q "^epochs = 2$" one/recipe.ini || fail "recipe.ini has another number of epochs"

# Pictures that have moved; another tuning.
mv data/pictures elsewhere
expect 3 train --resume one --epochs 3
has err "if the pictures have moved, name their folder as DATA"
expect 0 train --resume one elsewhere --epochs 3
expect 0 eval one
is "$(tail -1 one/log.jsonl | cut -c 1-10)" '{"epoch":3' "last epoch of the log"
train elsewhere --epochs 2 --val 0 --out plain --quiet
printf '[x]\nisa = *\nprecision = *\noperator = conv *\nforward = direct\n' >tuning.ini
expect 0 train --resume plain --tuning tuning.ini

# All pictures of a list are gone: a few are named, and advice is given that fits.
find "$PWD/elsewhere/train" -name '*.png' | awk -F/ '{ print $0 "\t" $(NF - 1) }' >list.txt
mv elsewhere away
expect 3 train list.txt --net alexnet-mini --epochs 1 --val 0 --out gone
is "$(grep -c 'warning: left out: ' err)" 10 "pictures that are named"
has err "gone/skipped.txt" "none of the 40 training pictures" "are the disk and the folder still there?"
line err "$ALEXNET train --resume gone" "$ALEXNET train --resume gone --accept-changes"
lacks err "--bad-pictures"
is "$(sed -n '$=' gone/skipped.txt)" 40 "pictures in the list"
mv away elsewhere
expect 0 train --resume gone --accept-changes

# Pictures that cannot be read stop a run, which says how to continue; repaired ones are accepted.
good=elsewhere/train/red-ring
for i in 1 2 3; do
    cp $good/0000$i.png kept$i.png
    echo "no picture" >$good/0000$i.png
done
expect 3 train elsewhere --net alexnet-mini --epochs 1 --bad-pictures 2 --out bad
has err "3 of 40 training pictures"
line err "$ALEXNET train --resume bad --accept-changes" "$ALEXNET train --resume bad --bad-pictures 3"
cp -r bad other
expect 0 train --resume other --bad-pictures 3
for i in 1 2 3; do
    mv kept$i.png $good/0000$i.png
done
expect 3 train --resume bad
has err "the training pictures of " "have changed since the run began: 40 then, 40 now" "--accept-changes"
expect 0 train --resume bad --accept-changes
has err "the training pictures of " "have changed, and the run continues with them as they are: 40 then, 40 now"
lacks err "the validation pictures of"

# Of one folder with a share for validation, each part is named. A validation picture that cannot be
# read is named once, not again for the page.
cp -r elsewhere/train shared
train shared --epochs 1 --val 0.3 --out shares --quiet
for class in shared/*; do
    cp "$class/00001.png" "$class/00002.png"
    cp "$class/00001.png" "$class/00003.png"
    cp "$class/00001.png" "$class/00004.png"
done
expect 0 train --resume shares --epochs 2 --accept-changes --quiet
has err "the training pictures of " "the validation pictures of "
cp -r elsewhere parts
val=$(find parts/val -name '*.png' | head -1)
echo "no picture" >"$val"
train parts --epochs 1 --out page
is "$(grep -c 'warning: left out: ' err)" 1 "times that a validation picture is named"
has page/report.html "1 could not be read"
