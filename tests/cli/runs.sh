# What a run leaves for people: a table, pictures, events, the pictures that could not be read, a
# page; and runs side by side.
. "${0%/*}/lib.sh"
pictures data 16
printf 'no picture' >data/pictures/train/red-ring/broken.png
printf 'no picture here' >data/pictures/val/red-ring/broken.png

train data/pictures --epochs 2 --out one
for file in log.csv curves.png filters.png confusion.png command.txt skipped.txt report.html; do
    [ -s one/$file ] || fail "the run has no $file"
done
is "$(ls one/events.out.tfevents.* | wc -l)" 1 "event files"

# The table has what the log has.
is "$(sed -n '$=' one/log.csv)" $(($(sed -n '$=' one/log.jsonl) + 1)) "lines of log.csv"
is "$(sed -n 3p one/log.csv | cut -d, -f10,11)" 20,1 "validated and skipped pictures"
cp one/log.jsonl out
is "$(sed -n 2p one/log.csv | cut -d, -f4 | cut -c1-8)" "$(json 1 loss | cut -c1-8)" "loss"

# Each bad picture once, with the reason.
is "$(sed -n '$=' one/skipped.txt)" 2 "lines of skipped.txt"
grep -q 'train/red-ring/broken.png' one/skipped.txt || fail "skipped.txt lacks the training picture"
grep -q 'val/red-ring/broken.png' one/skipped.txt || fail "skipped.txt lacks the validation picture"

# The page stands alone: every picture is in it, and it loads nothing.
count() { grep -o "$1" one/report.html | wc -l; }
grep -qE 'src="[^d]|href=|<script' one/report.html && fail "report.html loads something"
for class in red-ring blue-cross green-ring purple-star yellow-star red-cross yellow-square; do
    is "$(count "<figcaption>$class, taken for $class ")" 0 "right answers among the mistakes"
done
for text in 'Top-1 error' 'Training pictures' 'Time for updates' 'alexnet train data/pictures' 'network = alexnet-mini' 'Worst mistakes' \
    'could not be read' 'alexnet-mini'; do
    grep -q "$text" one/report.html || fail "report.html lacks $text"
done
mistakes=$(count '<figure>')
[ "$mistakes" -gt 0 ] || fail "report.html shows no mistakes"
is "$(count 'data:image/png;base64,')" $((mistakes + 3)) "pictures in report.html"

# The command repeats the run, bit for bit.
sed "s/^alexnet/'$(printf %s "$ALEXNET" | sed 's:/:\\/:g')'/; s/--out one/--out again/" \
    one/command.txt >repeat
sh ./repeat >/dev/null 2>&1 || fail "command.txt does not run"
cmp -s one/best.safetensors again/best.safetensors || fail "command.txt gives another model"

# Also if threads and precision are not the defaults.
train data/pictures --epochs 1 --threads 3 --precision fp32 --out own
has own/command.txt " --split 3 " " --precision fp32"
sed "s/^alexnet/'$(printf %s "$ALEXNET" | sed 's:/:\\/:g')'/; s/--out own/--out again-own/" \
    own/command.txt >repeat
sh ./repeat >/dev/null 2>&1 || fail "command.txt does not run"
cmp -s own/best.safetensors again-own/best.safetensors ||
    fail "command.txt gives another model with other threads and precision"
rm -r own again-own

# A resumed run lists nothing twice, and its page is made again.
train data/pictures --epochs 1 --out two --set schedule=constant
rm two/report.html
expect 0 train --resume two --epochs 2
[ -s two/report.html ] || fail "a resumed run writes no page"
is "$(sed -n '$=' two/skipped.txt)" 2 "lines of skipped.txt after a resume"
grep -q 'train --resume two --set epochs=2' two/report.html || fail "the page lacks the last command"

# The commands repeat a resumed run too; resuming without changes adds no command.
expect 0 train --resume two
expect 0 train --resume two --epochs 2
is "$(grep -c resume two/command.txt)" 1 "commands by which the run went on"
sed "s/^alexnet/'$(printf %s "$ALEXNET" | sed 's:/:\\/:g')'/; s/--out two/--out again-two/
    s/--resume two/--resume again-two/" two/command.txt >repeat
sh ./repeat >/dev/null 2>&1 || fail "command.txt of a run that went on does not run"
cmp -s two/best.safetensors again-two/best.safetensors ||
    fail "command.txt gives another model of a run that went on"
expect 0 train --resume again-two --epochs 3 --device ref
is "$(tail -1 again-two/command.txt)" "alexnet train --resume again-two --set epochs=3 --device ref" \
    "the command that went on with another device"
rm -r again-two
is "$(ls two/events.out.tfevents.* | wc -l)" 2 "event files after a resume"

# Without validation there is nothing to measure, and no old page of another kind.
train data/pictures/train --epochs 1 --val 0 --out none
grep -q 'Worst mistakes' none/report.html && fail "mistakes without validation"
expect 2 eval none
has err "none was trained without a validation set; name the pictures to measure it on"

# Norms are lines of their own, which tables and curves leave out, and TensorBoard shows.
train data/pictures --epochs 1 --norms 2 --out norms
lines=$(grep -c '"norms"' norms/log.jsonl)
less 1 "$lines" "lines of norms"
is "$(sed -n '$=' norms/log.csv)" $(($(sed -n '$=' norms/log.jsonl) + 1 - lines)) "lines of log.csv"
for tag in norms_of_weights/conv1.weight norms_of_gradients/fc8.bias norms_of_changes/conv1.bias; do
    grep -aq $tag norms/events.out.tfevents.* || fail "the events lack $tag"
done
expect 0 plot curves norms -o norms.png
rm -r norms

# Side by side: the best first, with what the recipes differ in.
expect 0 runs .
has out "schedule" "constant" "cosine" "2/2" "alexnet-mini"
lacks out "momentum"
is "$(tail -n 1 out | cut -d" " -f1)" ./none "the last, of which nothing is known"
is "$(sed -n '$=' out)" 6 "lines: a heading, a rule, four runs"
expect 0 runs one . ./one/ two one
is "$(sed -n '$=' out)" 6 "lines of runs that were named again"
expect 0 runs one two --json
is "$(json 1 epochs_done)" 2 "epochs"
is "$(json 2 recipe.epochs)" "2" "epochs of the recipe as the run has it now"
# Paths that are too long are cut at the front, because runs differ at the ends of their paths; but
# after other columns, only where the table then fits, and not in a pipe.
mkdir a-folder-whose-name-is-long
mv one a-folder-whose-name-is-long/run-1
mv two a-folder-whose-name-is-long/run-2
expect 0 runs a-folder-whose-name-is-long
is "$(grep -c '^a-folder-whose-name-is-long/run-[12]  alexnet-mini ' out)" 2 "runs in a file"
COLUMNS=115
export COLUMNS
expect 0 runs a-folder-whose-name-is-long
is "$(grep -c '^a-folder-whose-name-is-long/run-[12]  alex.*\.\.\. ' out)" 2 "runs whose network is cut"
is "$(awk 'length > 115' out)" "" "lines that are too long"
COLUMNS=100
expect 0 runs a-folder-whose-name-is-long
is "$(grep -c '^\.\.\..*run-[12]  alexn\.\.\. ' out)" 2 "runs told apart by their paths' ends"
is "$(awk 'length > 100' out)" "" "lines that are too long"
COLUMNS=80
expect 0 runs a-folder-whose-name-is-long
is "$(grep -c '^a-folder-whose-name-is-long/run-[12]  alexn\.\.\. ' out)" 2 "runs by their whole paths"
unset COLUMNS
mv a-folder-whose-name-is-long/run-1 one
mv a-folder-whose-name-is-long/run-2 two
# A run that has not reported yet is a run too, and has nothing to draw; norms are no report. A run
# without a recipe differs in nothing that is known. The best epoch is chosen as the recipe says.
mkdir early
cp one/recipe.ini early
echo '{"epoch":1,"step":1,"norms":{}}' >early/log.jsonl
mkdir bare
: >bare/log.jsonl
expect 0 runs two early bare
is "$(sed -n 's/  */ /g; /^early/p' out | cut -d' ' -f2-8)" \
    "alexnet-mini 0/$(sed -n 's/^epochs = //p' one/recipe.ini) - - - - -" "a run without reports"
lacks out "momentum"
expect 3 plot curves early -o curves.png
has err "early/log.jsonl has no report yet"
expect 3 plot curves bare -o curves.png
mkdir by-loss
sed 's/^best_by = .*/best_by = loss/' one/recipe.ini >by-loss/recipe.ini
for epoch in 1 2; do
    val="\"top1_error\":0.$epoch,\"top5_error\":0,\"loss\":$((3 - epoch))"
    printf '{"epoch":%s,"step":%s,"loss":1,"val":{%s}}\n' $epoch $epoch "$val"
done >by-loss/log.jsonl
expect 0 runs by-loss --json
is "$(json 1 best.epoch)" 2 "the best epoch by its loss"
expect 0 runs by-loss
lacks out "top-5"
rm -r early bare by-loss
expect 3 runs data
has err "there is no training run in data"
expect 3 runs missing
expect 3 runs
has err "there is no folder 'runs' here; name the folder that holds the runs"

# Nothing is written through a link.
echo precious >precious
train data/pictures --epochs 1 --out linked
for file in log.csv skipped.txt command.txt; do
    cp -r linked link-$file
    rm -f link-$file/$file
    ln -s ../precious link-$file/$file
done
expect 0 train --resume link-log.csv --epochs 2
has err "log.csv" "the next attempt follows the next epoch"
# Once nothing is in the way, they are written again. The run goes on until then.
rm err # of the command before
"$ALEXNET" train --resume link-log.csv --epochs 100000 >out 2>err &
until grep -qs 'the next attempt follows' err || ! kill -0 $! 2>/dev/null; do sleep 0.05; done
rm link-log.csv/log.csv
until grep -qs 'are written again' err || ! kill -0 $! 2>/dev/null; do sleep 0.05; done
kill $!
wait $!
is $? 143 "exit code of a run that was stopped"
has err "tables, pictures and events are written again"
is "$(tail -n 1 link-log.csv/log.csv | cut -d, -f1)" "$(sed -n 's|^epoch \([0-9]*\)/.*|\1|p' err | tail -n 1)" \
    "the last epoch of the table"
expect 3 train --resume link-skipped.txt --epochs 2
has err "skipped.txt"
expect 0 train --resume link-command.txt --epochs 2
has err "command.txt lacks the command"
is "$(cat precious)" precious "the target of links"
