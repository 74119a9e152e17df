# No command writes over what it reads, or over the checkpoint of a run.
. "${0%/*}/lib.sh"
pictures data 4
train data/pictures --epochs 1 --out run --quiet
picture=$(find data/pictures -name '*.png' | sort | head -n 1)
cp "$picture" in.png
cp in.png explain.png
cp run/best.safetensors m.safetensors
find data/pictures/train -name '*.png' | sort |
    awk -F/ 'BEGIN { print "file,label" } { print $0 "," $(NF - 1) }' >list.csv
cp list.csv list.names.txt
cp list.csv rates.csv
cp m.safetensors mean.npy

# keeps FILE ARGUMENTS...: the command refuses to write FILE, which remains as it was.
keeps() {
    kept=$1
    shift
    cp "$kept" before
    expect 2 "$@"
    cmp -s "$kept" before || fail "alexnet $*: $kept was replaced"
    rm before
}

# refuses FILE ARGUMENTS...: because it reads it.
refuses() {
    keeps "$@"
    has err "are the same file" "cannot be written"
}
refuses m.safetensors features m.safetensors data/pictures/train -o m.safetensors
refuses m.safetensors convert m.safetensors ./m.safetensors
refuses run/best.safetensors convert run run/best.safetensors
refuses run/best.safetensors features run in.png -o run/best.safetensors
refuses in.png explain run in.png -o in.png
refuses explain.png explain run explain.png
refuses list.csv eval run list.csv --images list.csv
refuses list.csv eval run list.csv --confusion list.csv
refuses list.csv features run list.csv -o list.csv
refuses list.names.txt features run list.names.txt -o list.npy
cp list.csv list.options.txt
refuses list.options.txt features run list.options.txt -o list.npy
refuses list.names.txt rdm run list.names.txt -o list
refuses list.csv data check list.csv --report list.csv
refuses list.csv data check data/pictures/train --val list.csv --report list.csv
refuses rates.csv train rates.csv --net alexnet-mini --find-rate rates.png
refuses mean.npy features m.safetensors in.png --mean mean.npy -o mean.npy
ls data/pictures/train/*/*.png >names.csv
cp names.csv before
"$ALEXNET" features run - -o names.csv <names.csv >out 2>err
is $? 2 "exit code for the list on standard input"
cmp -s names.csv before || fail "the list on standard input was replaced"

# A photograph, by what writes no pictures: it is not named on the line, but its name says what it is.
cp in.png photo.png
for command in "data check list.csv --report" "data check list.csv --sheet" "eval run list.csv --images" \
    "distance run in.png explain.png -o" "similar run in.png --in data/pictures/train --html" "bench --net alexnet-mini --tune" \
    "data stats list.csv -o"; do
    keeps photo.png $command photo.png
    has err "takes a file whose name ends in" "not 'photo.png'"
done

# A photograph in PNG, by what draws: an option that takes FILE.png, and where it is written by default.
echo "a photograph" >photo.png
cp photo.png explain.png
for command in "data stats list.csv --plot" "eval run list.csv --confusion" "eval run list.csv --calibration" \
    "explain run in.png -o" "explain run --filters -o" "plot filters run -o" "plot curves run -o" "plot confusion run -o" \
    "train list.csv --net alexnet-mini --preview" "train list.csv --net alexnet-mini --find-rate"; do
    keeps photo.png $command photo.png
    has err "photo.png was not drawn by this program"
done
keeps explain.png explain run in.png
cp -r run run2
for command in "filters run/best.safetensors" "curves run run2"; do
    cp photo.png "${command%% *}.png"
    keeps "${command%% *}.png" plot $command
    has err "was not drawn by this program, or only by an earlier version"
done
rm -r run2 explain.png filters.png curves.png
# As many options as that take a file ending in .png: with a new one, this list is to grow.
is "$(cat "$source"/cli/cmd_*.c | grep -c 'ends = ".*\.png')" 6 "options that are checked by their ending, .png"

# Nor does one file take two results.
expect 2 eval run list.csv --confusion both.csv --images ./both.csv
has err "./both.csv would be written twice"
expect 2 eval run list.csv --calibration both.png --confusion "$PWD/both.png"
has err "both.png would be written twice"
[ -e both.csv ] || [ -e both.png ] && fail "a refused output was written"

# A checkpoint or the best model of a run, whatever writes, and whatever it reads.
keeps run/last.safetensors convert m.safetensors run/last.safetensors
has err "run/last.safetensors is the checkpoint of a run"
keeps run/last.safetensors convert run/best.safetensors run/last.safetensors
keeps run/last.safetensors features m.safetensors in.png -o run/last.safetensors
keeps run/best.safetensors convert m.safetensors run/best.safetensors
has err "run/best.safetensors is the best model of a run"
keeps run/best.safetensors data stats list.csv -o run/best.safetensors
expect 0 train --resume run --epochs 2 --quiet

# A file that another process is writing stays its own; one that a killed process left is replaced.
if command -v flock >flock.path; then
    echo "of another process" >stats.png.tmp
    cp stats.png.tmp before
    flock stats.png.tmp "$ALEXNET" data stats list.csv --plot stats.png >out 2>err
    is $? 1 "exit code where another process writes"
    has err "cannot write stats.png: another process is writing it"
    cmp stats.png.tmp before || fail "what another process is writing was changed"
    [ -e stats.png ] && fail "a file that another process is writing was written"
    expect 0 data stats list.csv --plot stats.png
    [ -e stats.png.tmp ] && fail "what a killed process left is still there"
fi

# Other files are replaced as before: those of an earlier run of the command, and a model.
for again in 1 2; do
    expect 0 convert run again.safetensors
    expect 0 explain run in.png -o out.png
    expect 0 data stats list.csv --plot stats.png
    expect 0 eval run list.csv --images images.csv
    expect 0 data check list.csv --report report.csv
    expect 0 features run in.png -o out.csv
done
