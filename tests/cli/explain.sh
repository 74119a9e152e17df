# What a network saw: numbers that agree with those of other commands, and drawings that show them
# where they belong.
. "${0%/*}/lib.sh"
: "${PNG_PIXEL:?png_pixel}"
pictures data 24
train data/pictures --epochs 2 --out run --quiet
picture=data/unseen/red-ring/00001.png

# pixel FILE X Y: red, green and blue, and their names for awk.
pixel() {
    "$PNG_PIXEL" "$@" || fail "$1 has no pixel ($2, $3)"
}

# shows COLOUR FILE X Y: the pixel is strongest red, strongest blue, or grey. The ratios of its
# channels tell, whatever the brightness of the picture beneath.
shows() {
    pixel "$2" "$3" "$4" | awk -v colour="$1" '{
        grey = $2 / $1 > 0.93 && $2 / $3 > 0.93
        red = $2 / $1 < 0.25 && $3 / $1 < 0.3
        blue = $1 / $3 < 0.25 && $2 / $3 < 0.55
        exit !(colour == "grey" ? grey : colour == "red" ? red : blue)
    }' || fail "$2 at ($3, $4) is $(pixel "$2" "$3" "$4"), not $1"
}

# ---- Gradient and occlusion ----

expect 0 classify run $picture --top 5 --json
best=$(json 1 predictions.0.class) probability=$(json 1 predictions.0.probability)
second=$(json 1 predictions.1.class) second_index=$(json 1 predictions.1.index)
second_probability=$(json 1 predictions.1.probability)
expect 0 explain run $picture
is "$(tail -1 out)" explain.png "the last line"
has out "$best  $picture" "gradient   largest at" "occlusion  largest at"
is "$("$PNG_PIXEL" explain.png)" "1440 692" "the size of the sheet"

expect 0 explain run $picture --occlusion-size 14 --occlusion-stride 8 --json -o maps.png
is "$(json 1 class)" "$best" "the class that is explained"
is "$(json 1 probability)" "$probability" "its probability"
is "$(json 1 side)" 56 "the side"
is "$(json 1 predictions.#)" 5 "classes"
is "$(json 1 occlusion.drops.#)" 7 "cells"
is "$(json 1 occlusion.square) $(json 1 occlusion.stride)" "14 8" "the square"

# The strongest pixel of the gradient is red in the second panel, at 8 points for each of 56.
x=$(json 1 gradient.at.0) y=$(json 1 gradient.at.1)
shows red maps.png $((496 + 8 * x + 4)) $((74 + 8 * y + 4))
# Of the drops the largest magnitude has the strongest colour, and the smallest has none.
for i in 0 1 2 3 4 5 6; do
    for j in 0 1 2 3 4 5 6; do
        echo "$i $j $(json 1 occlusion.drops.$i.$j)"
    done
done >drops
awk '{ m = $3 < 0 ? -$3 : $3 } m >= most { most = m; at = $0 } END { print at }' drops >most
awk '{ m = $3 < 0 ? -$3 : $3 } NR == 1 || m < least { least = m; at = $0 } END { print at }' drops >least
read -r i j drop <most
colour=$(awk -v d="$drop" 'BEGIN { print (d > 0 ? "red" : "blue") }')
shows "$colour" maps.png $((968 + 64 * j + 36)) $((74 + 64 * i + 36))
read -r i j drop <least
shows grey maps.png $((968 + 64 * j + 36)) $((74 + 64 * i + 36))
# `largest` and `at` are those of the map: the middle of its cell.
sort -k3 -g drops | tail -1 >largest
read -r i j drop <largest
is "$(json 1 occlusion.at.0) $(json 1 occlusion.at.1)" "$((8 * j + 4)) $((8 * i + 4))" "the place"
is "$(json 1 occlusion.largest)" "$drop" "the largest drop"
# The bar has the colours of both ends.
shows blue maps.png 971 545
shows red maps.png 1412 545
shows red maps.png 940 545

# Another class, by its name and by its place; one map alone.
expect 0 explain run $picture --class "$second" --map gradient --json
is "$(json 1 index)" "$second_index" "the class by its name"
is "$(json 1 probability)" "$second_probability" "its probability"
has out '"gradient"'
lacks out '"occlusion"'
is "$("$PNG_PIXEL" explain.png)" "968 692" "the size of two panels"
expect 0 explain run $picture --class "$second_index" --map occlusion --json
is "$(json 1 class)" "$second" "the class by its place"
lacks out '"gradient"'

# One of a class's names is enough if no other class has it.
for class in data/unseen/*; do
    class=${class##*/}
    echo "$class ${class#*-}, the $class"
done >names
train data/pictures --names names --epochs 1 --out named --quiet
expect 0 explain named $picture --class "the red-ring" --map gradient --json
is "$(json 1 class)" "ring, the red-ring" "the class by one of its names"
expect 2 explain named $picture --class ring
has err "--class ring: green-ring" "red-ring" "both have this name"
expect 0 explain named $picture --class red-ring --map gradient
expect 2 explain named $picture --class nope
has err "the model has no class nope; it has 10, which '" "alexnet info named --json' lists"

# ---- Activations ----

expect 0 explain run $picture --activations --json -o activations.png
is "$(json 1 layers.#)" 16 "layers"
is "$(json 1 layers.0.name) $(json 1 layers.0.towers)" "conv1 2" "the first layer"
is "$(json 1 layers.15.output.0) $(json 1 layers.15.towers)" "10 1" "the last layer"
is "$(json 1 layers.15.largest)" "$probability" "the largest probability"
less 0.09999 "$(json 1 layers.15.mean)" "the mean probability"
less "$(json 1 layers.15.mean)" 0.10001 "the mean probability"
less 0.1 "$(json 1 layers.0.zeros)" "zeros after ReLU"
# The last tiles are the classes': the best one's is the strongest.
expect 0 classify run $picture --top 1 --json
index=$(json 1 predictions.0.index)
height=$("$PNG_PIXEL" activations.png | cut -d' ' -f2)
shows red activations.png $((58 + 22 * index + 10)) $((height - 24 - 16 - 12))
expect 0 explain run $picture --activations
has out "conv1  24 x 26 x 26" activations.png

# ---- Patches ----

expect 0 explain run --filter conv2:5 --in data/unseen -o . --json
is "$(json 1 out)" ./patches.png "the file in a folder"
is "$(json 1 layer) $(json 1 filter) $(json 1 patches.#)" "conv2 5 9" "what was searched"
for i in 0 1 2 3 4 5 6 7; do
    less "$(json 1 patches.$((i + 1)).value)" "$(json 1 patches.$i.value)" "patch $((i + 1))" 2>/dev/null ||
        is "$(json 1 patches.$((i + 1)).value)" "$(json 1 patches.$i.value)" "values in order"
    # The patch at the left is what is framed in the picture at the right.
    fx=$(json 1 patches.$i.field.x) fy=$(json 1 patches.$i.field.y)
    fw=$(json 1 patches.$i.field.width) fh=$(json 1 patches.$i.field.height)
    awk -v i=$i -v x=$fx -v y=$fy -v w=$fw -v h=$fh 'BEGIN {
        left = 24 + i % 3 * 436; top = 68 + int(i / 3) * 268; zoom = 200 / 56
        scale = 200 / (w > h ? w : h); px = int(w / 2); py = int(h / 2)
        print int(left + (200 - w * scale) / 2 + (px + 0.5) * scale),
            int(top + (200 - h * scale) / 2 + (py + 0.5) * scale),
            int(left + 208 + (x + px + 0.5) * zoom), int(top + (y + py + 0.5) * zoom),
            int(left + 208 + x * zoom + 1), int(top + (y + h / 2) * zoom)
    }' >places
    read -r ax ay bx by ex ey <places
    is "$(pixel patches.png $ax $ay)" "$(pixel patches.png $bx $by)" "the middle of patch $i"
    shows red patches.png $ex $ey
done
# A filter's value is that of the picture by itself.
first=$(json 1 patches.0.file) value=$(json 1 patches.0.value)
expect 0 explain run --filter conv2:5 --in "$first" --json
is "$(json 1 patches.#) $(json 1 patches.0.value)" "1 $value" "the best picture alone"
echo text >data/unseen/red-ring/bad.png
expect 3 explain run --filter conv2:5 --in data/unseen
has err "bad.png" "1 of 41 pictures could not be read"
has out patches.png

# ---- Filters, as plot draws them ----

expect 0 explain run --filters -o mine.png
expect 0 plot filters run -o theirs.png
cmp -s mine.png theirs.png || fail "the filters are drawn in two ways"
expect 0 explain run --filters -o mine.png --json
is "$(json 1 out)" mine.png "the file in the JSON of --filters"

# ---- Mistakes ----

expect 2 explain run $picture --class "${best}s"
has err "did you mean $best?"
expect 2 explain run $picture --map gradiant
has err "did you mean gradient?"
expect 2 explain run $picture --class 10
has err "from 0 to 9"
expect 2 explain run $picture --occlusion-size 57
has err "--occlusion-size 57: the network sees 56 x 56 pixels"
expect 2 explain run $picture --occlusion-stride 57
has err "--occlusion-stride 57: the network sees 56 x 56 pixels"
expect 2 explain run --filter conf2:5 --in data/unseen
has err "did you mean conv2?"
for filter in conv2 conv2: :5 conv2:5x conv2:-1 conv2:64; do
    expect 2 explain run --filter $filter --in data/unseen
    has err "$filter"
done
expect 2 explain run --filter conv2:5
has err "--in FOLDER"
expect 2 explain run $picture --in data
has err "--in needs --filter"
expect 2 explain run $picture --map gradient --occlusion-stride 2
has err "--occlusion-stride needs a map of occlusion"
expect 2 explain run $picture --activations --class 1
has err "--class is for the maps"
expect 2 explain run --filters --filter conv2:5 --in data
has err "one at a time"
expect 2 explain run
has err "PICTURE is missing"
expect 2 explain $picture run
has err "MODEL comes first"
expect 2 explain run data
has err "data is a folder; PICTURE is a file"
expect 2 explain run $picture -o none.jpg
has err "ends in .png"
expect 3 explain run none.png
has err "none.png"
expect 3 explain run data/unseen/red-ring/bad.png
has err "bad.png"
[ -e none.png ] && fail "a failed call left a file"
for word in saliency gradcam visualize; do
    expect 2 $word
    has err "did you mean" "explain"
done
