# Distances: of two pictures, two folders, all pairs; weights in a file and in a model; what is
# refused. (That they are right: test_lpips, test_distance.)
. "${0%/*}/lib.sh"
pictures data 4
train data/pictures --epochs 1 --out run --quiet
if ! python3 -c 1 2>/dev/null; then
    echo "skipped: python3, which writes the weights, is not there"
    exit 77
fi

# Weights of 1 for every convolution of a model.
expect 0 info run --json
python3 - <<'END' || fail "no weights"
import json, struct
with open("out") as out:
    layers = json.loads(out.readline())["layers"]
header, at, data = {}, 0, b""
for n, layer in enumerate([l for l in layers if l["type"] == "conv"]):
    count = layer["output"][0]
    header["lin%d.model.1.weight" % n] = {"dtype": "F32", "shape": [1, count, 1, 1],
                                          "data_offsets": [at, at + 4 * count]}
    data += struct.pack("<%df" % count, *[1.0] * count)
    at += 4 * count
text = json.dumps(header).encode()
with open("lin.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
END

mkdir -p left/sub right/sub
set -- $(find data/pictures -name '*.png' | sort)
cp "$1" left/a.png
cp "$1" left/sub/b.png
cp "$1" right/a.png
cp "$2" right/sub/b.png

expect 3 distance run "$1" "$2"
has err "holds no weights of LPIPS" "--lpips FILE"
expect 3 distance run "$1" "$2" --lpips "$1"
has err "$1 is not a file of the weights of LPIPS but a PNG picture"
lacks err "model"
expect 0 distance run "$1" "$1" --lpips lin.safetensors --resize 64
is "$(cat out)" 0.000000 "the distance of equal pictures"
expect 0 distance run "$1" "$2" --lpips lin.safetensors --json --resize 64
value=$(json 1 distance)
less 0.001 "$value" "the distance of two pictures"
json 1 parts.conv1 >part
is "$(json 1 a)" "$1" "the first picture"

# Weights in a model, whose answers do not change.
expect 0 convert run with.safetensors --lpips lin.safetensors
expect 0 distance with.safetensors "$1" "$2" --json --resize 64
is "$(json 1 distance)" "$value" "the distance by a model with weights"
expect 0 convert with.safetensors again.safetensors
cmp -s with.safetensors again.safetensors || fail "weights of LPIPS change when a model is copied"
expect 0 convert with.safetensors with.npz
expect 0 distance with.npz "$1" "$2" --json --resize 64
is "$(json 1 distance)" "$value" "the distance by a model in NumPy's format"
expect 0 classify with.safetensors "$1" --quiet
cp out answer
expect 0 classify run "$1" --quiet
cmp -s out answer || fail "weights of LPIPS change what a model answers"
expect 3 convert run x.safetensors --lpips run/best.safetensors
has err "holds no weights of LPIPS"
expect 2 convert run x.safetensors --lpips lin.safetensors --names torchvision
expect 0 convert with.safetensors x.npz
lacks err LPIPS
expect 0 convert with.safetensors x.onnx
has err "x.onnx lacks the weights of LPIPS"
expect 0 convert with.safetensors x.safetensors --names torchvision
has err "x.safetensors lacks the weights of LPIPS"
has err "no place"

# Folders.
expect 0 distance with.safetensors left right --resize 64
line out "0.000000  left/a.png  right/a.png"
has out "left/sub/b.png  right/sub/b.png" "mean of 2 pairs"
cp "$2" left/lonely.png
expect 3 distance with.safetensors left right/ --json --resize 64
has err "left/lonely.png has no counterpart in right/"
is "$(json 3 pairs)" 2 "the number of pairs"
half=$(json 3 mean)
less "$half" "$value" "the mean"
echo nonsense >left/c.png
echo nonsense >right/c.png
expect 3 distance with.safetensors left right -o pairs.csv --resize 64
has err "left/c.png" "left/lonely.png" "2 pictures could not be compared"
has pairs.csv "a,b,distance,conv1," '"left/a.png","right/a.png",0,0,'
is "$(wc -l <pairs.csv)" 3 "lines of pairs.csv"
expect 3 distance with.safetensors left right -o pairs.json --resize 64
mv pairs.json out
is "$(json 3 pairs)" 2 "the number of pairs in pairs.json"
for other in "--json -o x.csv" "--csv -o x.jsonl"; do
    expect 2 distance with.safetensors left right $other
    has err "a FILE of the other kind"
done
rm left/c.png right/c.png left/lonely.png

# All pairs.
cp "$2" left/c.png
expect 0 distance with.safetensors left --all-pairs --csv --resize 64
is "$(wc -l <out)" 4 "lines for three pictures"
has out '"left/a.png","left/c.png",' '"left/a.png","left/sub/b.png",0,' '"left/c.png","left/sub/b.png",'

# Sizes.
expect 3 distance with.safetensors "$1" "$2"
has err "$1 has " "$2 " "--resize SIDE brings both to one size"
expect 3 distance with.safetensors "$1" "$2" --resize 2
has err "a picture of 2 x 2 pixels"

# What is refused.
expect 2 distance with.safetensors left
has err "--all-pairs"
expect 2 distance with.safetensors left "$1"
has err "two pictures, or two folders"
expect 2 distance with.safetensors "$1"
expect 2 distance "$1" "$2" with.safetensors
has err "MODEL comes first"
expect 2 distance with.safetensors "$1" "$2" --csv --json
expect 2 distance with.safetensors "$1" --all-pairs
expect 3 distance with.safetensors "$1" nowhere.png
has err "nowhere.png"
expect 2 lpips
has err "distance"
