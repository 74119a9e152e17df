# What a data set is like: counts, sizes, mean and colours, in every form; whatever the threads.
. "${0%/*}/lib.sh"
pictures data 6
photos=data/pictures
echo text >$photos/train/red-ring/broken.jpg
expect 0 data stats $photos --net alexnet-mini -o s.safetensors --plot s.png
line out "6  red-ring" "6  yellow-star" "60  in all; left out:" "1  cannot be read"
has out "width " "mean " "covariance " "axis 3 "
has err "left out: "
is "$("$PNG_PIXEL" s.png 430 47)" "68 119 170" "the first bar"
[ "$("$PNG_PIXEL" s.png 100 150)" != "255 255 255" ] || fail "no mean image"
expect 0 data stats $photos --net alexnet-mini --json --quiet --threads 1 -o one.safetensors
is "$(json 1 pictures)" 60 "pictures"
is "$(json 1 left_out)" 1 "left out"
is "$(json 1 side)" 64 "side"
is "$(json 1 classes.0.class)" blue-cross "the first class"
is "$(json 1 classes.0.pictures)" 6 "its pictures"
mean=$(json 1 mean.0)
less 30 "$mean" "mean red"
less "$mean" 225 "mean red"
less "$(json 1 eigenvalues.1)" "$(json 1 eigenvalues.0)" "order of the axes"
expect 0 data stats $photos --net alexnet-mini --json --quiet --threads 3 -o three.safetensors
cmp one.safetensors three.safetensors || fail "statistics depend on the threads"
cmp one.safetensors s.safetensors || fail "statistics differ from call to call"
# Packed pixels have the same mean.
rm $photos/train/red-ring/broken.jpg
expect 0 data pack $photos packed --raw --side 64 --quiet
expect 0 data stats packed --net alexnet-mini --json --quiet -o packed.safetensors
is "$(json 1 mean.0)" "$mean" "mean red of packed pixels"
expect 2 data stats
has err "DATA is missing"
expect 2 data stats $photos -o x.npy
has err ".safetensors"
expect 2 data stats $photos --plot x.pdf
expect 2 data stats $photos --net none
