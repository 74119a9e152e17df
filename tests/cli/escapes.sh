# Untrusted text cannot colour, move or forge output; from JSON its bytes can be recovered.
. "$(dirname "$0")/lib.sh"

pictures data 3
train data/pictures --epochs 1 --out run -q
picture=$(find data/pictures/val -name '*.png' | head -1)

# clean: out and err hold no control characters but ends of lines.
clean() {
    LC_ALL=C tr -d '\n -~\200-\377' <out >strange
    LC_ALL=C tr -d '\n -~\200-\377' <err >>strange
    [ -s strange ] && fail "control characters are printed"
    grep -q "^forged" out err && fail "a line is forged"
    grep -q "$(printf '\302\233')\|$(printf '\342\200\256')" out err && fail "C1 or bidi is printed"
    return 0
}

name=$(printf 'a\033[31m\302\233\342\200\256\nforged')
mkdir shots
cp "$picture" "shots/$name.png"
cp "$picture" "shots/$(printf 'byte\377\356\276\200').png"

for top in 1 2; do
    expect 0 classify run shots --top $top
    clean
    has out 'a\x1b[31m\u009b\u202e\x0aforged.png' 'byte\xff'
done
expect 0 classify run shots --json
clean
is "$(json 1 file)" "shots/$name.png" "a name with control characters"
# U+EFFF stands for the byte FF. The name also holds U+EF80, given as its bytes EE BE 80.
is "$(json 2 file)" "$(printf 'shots/byte\356\277\277\356\277\256\356\276\276\356\276\200.png')" "bytes"

expect 3 classify "$name" "$picture"
clean
expect 2 "$name"
clean
expect 2 train data/pictures "--$name"
clean
expect 2 train data/pictures --set "$name=1"
clean

# A class folder with such a name is refused; a model may bring names of its own.
mkdir -p "odd/$name" odd/b
cp "$picture" "odd/$name"
cp "$picture" odd/b
expect 3 train odd --epochs 1 --out odd-run
clean
LC_ALL=C sed 's/yellow-star/\\\\u001b[31m/g' run/best.safetensors >odd.safetensors
for top in 1 10; do
    expect 0 classify odd.safetensors "$picture" --top $top
    clean
done
has out '\x1b[31m'
expect 0 explain odd.safetensors "shots/$name.png" --map gradient
clean
has out 'forged.png' explain.png
expect 0 explain odd.safetensors --filter conv1:0 --in shots
clean
expect 0 info odd.safetensors
clean
expect 0 classify odd.safetensors "$picture" --top 10 --json
clean
grep -qiF '"\u001b[31m"' out || fail "the class is not in the JSON"
