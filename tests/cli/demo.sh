# `demo` from beginning to end, on fewer pictures than it usually draws.
. "${0%/*}/lib.sh"
expect 0 demo --count 20 --seed 3
has err "alexnet train alexnet-demo-1/pictures --net alexnet-mini" "epoch 1/"
lacks err "from so few" # the demo's recipe is chosen for its pictures
has out "alexnet-mini recognised" "of 30 pictures that it had not seen" \
    "By shape alone at most 50% are possible, by colour alone at most 50%" \
    "unseen/red-ring/00001.png" "train photos --out runs/photos-1" "eval runs/photos-1" \
    "classify runs/photos-1 photos"
is "$(tail -3 out | grep -c "^  $ALEXNET ")" 3 "commands at the end"
for picture in filters.png curve.png; do
    is "$(head -c 4 alexnet-demo-1/$picture | tail -c 3)" PNG "start of $picture"
done

# The next commands, as they can be pasted, on pictures of the user's own.
cp -r alexnet-demo-1/unseen photos
tail -3 out | sed 's/ train photos/ train photos --net alexnet-mini --epochs 1/' >next.sh
sh -e next.sh >out 2>err || fail "the next commands: $(cat next.sh)"
has out "runs/photos-1/best.safetensors" "top-1 error" "photos/red-ring/00001.png"

# Its pictures again, from the run.
expect 0 plot filters alexnet-demo-1/run
is "$(cat out)" alexnet-demo-1/run/filters.png "where the filters are"
cmp alexnet-demo-1/run/filters.png alexnet-demo-1/filters.png || fail "other filters"
expect 0 plot curves alexnet-demo-1/run -o curves.png
cmp curves.png alexnet-demo-1/curve.png || fail "another curve"
cp alexnet-demo-1/run/best.safetensors .
expect 0 plot filters best.safetensors
cmp filters.png alexnet-demo-1/filters.png || fail "other filters of the model file"
expect 0 plot filters runs/photos-1 --since best.safetensors -o learned.png
cmp -s learned.png filters.png && fail "--since changes nothing"
expect 2 plot filters best.safetensors --since filters.png
expect 2 plot curves alexnet-demo-1/run --since best.safetensors
has err "--since is for plot filters"
expect 2 plot filters best.safetensors -o filters.svg
has err "--out takes a file whose name ends in .png, not 'filters.svg'"
expect 3 plot curves photos
has err "photos is not the folder of a training run"
expect 2 plot weights alexnet-demo-1/run
has err "weights cannot be plotted; filters, curves and confusion can"
expect 2 plot filters
has err "plot filters takes one MODEL or RUN"

# Other seeds, other filters and curves.
expect 0 demo --count 20 --seed 4 --out other --json --quiet
is "$(json 1 images)" 30 "unseen pictures"
is "$(json 1 classified.#)" 10 "classified pictures"
is "$(json 1 best_by_shape)" 0.5 "best accuracy by shape"
for picture in filters.png curve.png; do
    cmp -s alexnet-demo-1/$picture other/$picture && fail "$picture does not depend on the run"
done
exit 0
