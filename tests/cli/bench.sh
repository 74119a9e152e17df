# `bench`: its output for people and for programs. Speed itself is not tested.
. "${0%/*}/lib.sh"

expect 0 bench --net alexnet-mini --batch 4 --steps 1
has out "training of alexnet-mini on cpu" "peak fp32: " " of peak" "conv1" "fc8" "forward" \
    "backward" "update" "whole step" "images/s"
is "$(tail -n 1 out | grep -c 'two GTX 580, trained alexnet at about 227 images/s; this machine')" 1 "last line"

expect 0 bench --net alexnet-mini --batch 4 --steps 2 --json --precision fp32 --threads 1
is "$(json 1 mode)" train mode
is "$(json 1 net)" alexnet-mini net
is "$(json 1 device)" cpu device
is "$(json 1 precision)" fp32 precision
is "$(json 1 batch)" 4 batch
is "$(json 1 threads)" 1 threads
for value in images_per_second ms_per_batch.min ms_per_batch.median ms_per_batch.max gflops \
    peak_gflops fraction_of_peak layers.1.ms layers.1.gflops; do
    less 0 "$(json 1 $value)" "$value"
done
is "$(json 1 peak_gflops)" "$(json 1 peak_gflops_fp32)" "peak of the precision in use"
is "$(json 1 peak_gflops_tf32)" null "peak in tf32 of a processor"
is "$(json 1 layers.0.name) $(json 1 layers.0.pass)" "input forward" "first part"
is "$(json 1 layers.0.gflops)" null "speed of what counts no operations"
has out '"name": "conv1", "pass": "backward"' '"pass": "update"'

# Its numbers fit together, whatever they are: pictures, milliseconds and operations.
equal() { # A B WHAT
    awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit !(a > 0 && d * d <= 1e-10 * a * a) }' || fail "$3: $1, expected $2"
}
calculate() {
    awk "BEGIN { printf \"%.12g\", $1 }"
}
rate=$(json 1 images_per_second) each=$(json 1 gflop_per_image) median=$(json 1 ms_per_batch.median)
equal "$(calculate "$rate * $median")" 4000 "milliseconds of 4 pictures"
equal "$(json 1 gflops)" "$(calculate "$each * $rate")" "gflops"
equal "$(json 1 fraction_of_peak)" "$(calculate "$(json 1 gflops) / $(json 1 peak_gflops)")" "fraction_of_peak"
part=0 whole=0 work=0
while ms=$("$JSON_GET" out 1 layers.$part.ms 2>no-layer); do
    speed=$("$JSON_GET" out 1 layers.$part.gflops)
    [ "$speed" != null ] || speed=0
    whole=$(calculate "$whole + $ms") work=$(calculate "$work + $ms * $speed / 1000")
    part=$((part + 1))
done
equal "$work" "$(calculate "4 * $each")" "operations of the layers"
less "$whole" "$median" "milliseconds of the layers"

expect 0 bench --net alexnet-mini --batch 2 --steps 2 --mode infer --device ref --json --quiet
is "$(json 1 mode)" infer mode
is "$(json 1 precision)" float64 precision
is "$(json 1 steps)" 2 steps
is "$(json 1 peak_gflops) $(json 1 fraction_of_peak)" "null null" "peak of a device without one"
lacks out backward
each=$(json 1 gflop_per_image)
[ -s err ] && fail "--quiet writes to stderr"

expect 0 info alexnet-mini --json
equal "$each" "$(calculate "2e-9 * $(json 1 mult_adds)")" "operations of a picture"

expect 0 bench --net alexnet-mini --batch 2 --steps 1 --mode infer
lacks out "GTX 580"

expect 2 bench file
has err "bench takes no files"
expect 2 bench --mode loader
has err "--mode loader takes one DATA"
expect 2 bench --mode load
has err "--mode takes one of train|infer|loader"
expect 2 bench --batch 0
expect 2 bench --steps 0
expect 2 bench --net alexnet-min
has err "alexnet-mini"
expect 2 bench --net no/such.ini
has err "no/such.ini"
printf '[input]\nsize = none\n' >bad.ini
expect 3 bench --net bad.ini
has err "bad.ini"
expect 2 bench --net alexnet --batch 20000
has err "batch = 20000 is too large for alexnet: layer input" "the largest batch that works is 7394"
# A sanitized command cannot start under such a limit.
if (ulimit -v 4000000 && "$ALEXNET" version) >/dev/null 2>&1; then
    (
        ulimit -v 4000000
        expect 1 bench --net alexnet --batch 1024 --threads 1
        has err "out of memory: alexnet needs" "batches of 1024" "the largest batch that fits is"
    ) || exit 1
fi

# The loader: every picture of the demo, then fewer; crops of a recipe; files that are no pictures.
pictures photos 4
expect 0 bench --mode loader photos/pictures --net alexnet-mini --steps 1 --batch 5
has out "photos/pictures for alexnet-mini" "images/s (min" "kB each"
expect 0 bench --mode loader photos/pictures --net alexnet-mini --steps 2 --batch 5 --pictures 7 --json
is "$(json 1 mode) $(json 1 net) $(json 1 pictures) $(json 1 bad) $(json 1 rounds)" \
    "loader alexnet-mini 7 0 2" "loader's counts"
less 0 "$(json 1 images_per_second)" images_per_second
less 0 "$(json 1 processor_ms_per_image)" processor_ms_per_image
is "$(json 1 jpegs) $(json 1 fraction_of_decoder)" "0 null" "JPEGs among PNGs"
printf '[recipe]\ncrop = scaled\n' >scaled.ini
for class in photos/pictures/train/*; do
    cp "$source/tests/golden/pictures/rgb420.jpg" "$class/a.jpg"
    echo none >"$class/b.jpg"
done
expect 0 bench --mode loader photos/pictures --net alexnet-mini --steps 1 --recipe scaled.ini
has out "cannot be read" "libjpeg-turbo alone, from memory" "of the pictures: the others are not JPEGs"
mkdir -p none/a none/b
echo none >none/a/a.png
echo none >none/b/b.png
expect 3 bench --mode loader none --steps 1
has err "none of 2 pictures drawn from" "none/a/a.png is text, not a picture"
lacks out "images/s"
expect 2 bench --mode loader photos/pictures --recipe nosuch
has err "nosuch is neither a built-in recipe nor a recipe file"
expect 2 bench --recipe paper
has err "--recipe needs --mode loader"
expect 2 bench --pictures 100 --mode infer
has err "--pictures needs --mode loader"
expect 3 bench --mode loader nosuch
expect 2 bench --mode loader photos/pictures photos/pictures

# What --tune writes, --tuning takes.
expect 0 bench --net alexnet-mini --batch 4 --steps 1 --precision fp32 --tune fast.ini
has out "conv3  forward" "conv3  backward" "ms with the built-in choices. Written to fast.ini"
has fast.ini "A tuning that was measured for: alexnet-mini, training, 4 pictures per step" \
    "operator = conv 7x7/2 groups 1 3x56x56 to 24x26x26" "backward_weights = "
expect 0 bench --net alexnet-mini --batch 4 --steps 1 --precision fp32 --tuning fast.ini
expect 0 bench --net alexnet-mini --batch 4 --steps 1 --mode infer --json --tune infer.ini
is "$(json 1 layers.0.name) $(json 1 layers.0.pass)" "conv1 forward" "first choice"
less 0 "$(json 1 layers.0.direct_ms)" "direct_ms"
lacks infer.ini backward
expect 0 bench --net alexnet-mini --batch 2 --steps 1 --device ref --tune ref.ini
expect 1 bench --net alexnet-mini --tune no/such/folder.ini
has err "cannot write no/such/folder.ini"
sed 's/^precision = .*/precision = tf32/' fast.ini >other.ini
expect 0 bench --net alexnet-mini --batch 4 --steps 1 --precision fp32 --tuning other.ini
has err "other.ini has no row for"
expect 2 bench --net alexnet-mini --tune again.ini --tuning fast.ini
has err "fast.ini"
[ -e again.ini ] && fail "a refused --tune leaves a file"
expect 3 bench --net alexnet-mini --batch 4 --steps 1 --tuning bad.ini
has err "bad.ini:2: size is not a key of a tuning"
expect 3 bench --net alexnet-mini --tuning absent.ini
has err "absent.ini"
