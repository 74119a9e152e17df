# `info`: the exact numbers of the networks, and what it says about other files.
. "${0%/*}/lib.sh"

# totals NET PARAMETERS MULTIPLY-ADDS NEURONS
totals() {
    expect 0 info "$1" --json
    is "$(json 1 name)" "$1" "name"
    is "$(json 1 parameters)" "$2" "parameters of $1"
    is "$(json 1 mult_adds)" "$3" "multiply-adds of $1"
    is "$(json 1 neurons)" "$4" "neurons of $1"
}
totals alexnet 60965224 724406816 659272
totals alexnet-owt 61100840 714188480 494184
totals bvlc-alexnet-224 60965224 654560384 609640
totals caffenet-224 60965224 654560384 609640
totals darknet-alexnet 62378344 1135256096 659272
totals bvlc-alexnet 60965224 724406816 659272
totals caffenet 60965224 724406816 659272

# Per layer, worked out by hand: name, output, parameters, multiply-adds.
rows="conv1 [96,55,55] 34944 105415200
norm1 [96,55,55] 0 0
pool1 [96,27,27] 0 0
conv2 [256,27,27] 307456 223948800
norm2 [256,27,27] 0 0
pool2 [256,13,13] 0 0
conv3 [384,13,13] 885120 149520384
conv4 [384,13,13] 663936 112140288
conv5 [256,13,13] 442624 74760192
pool5 [256,6,6] 0 0
fc6 [4096,1,1] 37752832 37748736
drop6 [4096,1,1] 0 0
fc7 [4096,1,1] 16781312 16777216
drop7 [4096,1,1] 0 0
fc8 [1000,1,1] 4097000 4096000
probs [1000,1,1] 0 0"
expect 0 info alexnet --json
is "$(json 1 layers.#)" 16 "layers"
i=0
echo "$rows" | while read -r name output parameters mult_adds; do
    is "$(json 1 layers.$i.name)" "$name" "layer $i"
    is "$(json 1 layers.$i.output)" "$output" "output of $name"
    is "$(json 1 layers.$i.parameters)" "$parameters" "parameters of $name"
    is "$(json 1 layers.$i.mult_adds)" "$mult_adds" "multiply-adds of $name"
    i=$((i + 1))
done || exit 1
is "$(json 1 layers.0.arithmetic)" "ceil((224 - 11)/4) + 1 = 55" "arithmetic of conv1"

# The table.
expect 0 info alexnet
has out "(CNN-RN-MP)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax" "ceil((224 - 11)/4) + 1 = 55" \
    "60,965,224" "724,406,816" "659,272 neurons" "96x55x55" "1.11 MiB"

# A network file: 224 by the floor rule gives 54, 227 gives 55.
cat >own.ini <<'END'
[input]
size = 224
side = 256
mean = none

[conv1]
type = conv
inputs = input
filters = 8
filterSize = 11
stride = 4
round = floor

[fc2]
type = fc
inputs = conv1
outputs = classes

[probs]
type = softmax
inputs = fc2
END
expect 0 info own.ini --json
is "$(json 1 layers.0.output)" "[8,54,54]" "output of 224 by the floor rule"
sed 's/size = 224/size = 227/' own.ini >own227.ini
expect 0 info own227.ini --json
is "$(json 1 layers.0.output)" "[8,55,55]" "output of 227"
sed 's/stride = 4/stride = four/' own.ini >broken.ini
expect 3 info broken.ini
has err "broken.ini:11" "stride"

# Several: a line each as JSON, columns side by side as text.
expect 0 info alexnet alexnet-owt --json
is "$(json 1 name)" alexnet "first"
is "$(json 2 name)" alexnet-owt "second"
expect 0 info alexnet caffenet alexnet-owt
is "$(grep -c '^conv1 ' out)" 1 "rows of conv1"
is "$(grep '^total' out | tr -s ' ')" "total 659,272 neurons 60,965,224 724,406,816 659,272 neurons\
 60,965,224 724,406,816 494,184 neurons 61,100,840 714,188,480" "totals"
has out "caffenet: (CNN-MP-RN)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax"
# caffenet normalises after pooling: its norm1 is in a row below pool1.
is "$(sed -n '/^pool1/,$p' out | grep -c '^norm1')" 1 "rows of norm1 below pool1"
# What was named is told apart by its name, also where the networks have the same.
mkdir twin
cp own.ini twin
expect 0 info own.ini twin/own.ini
has out "own.ini: own, CNN-Linear-softmax" "twin/own.ini: own, CNN-Linear-softmax"
grep -Eq "^layer +own.ini +parameters +multiply-adds +twin/own.ini +" out || fail "headings of twins"

# Without a name, what there is: a line each for networks and recipes, within a terminal.
expect 0 info
for net in alexnet alexnet-2012 bvlc-alexnet caffenet alexnet-owt alexnet-mini bvlc-alexnet-224 \
    caffenet-224 darknet-alexnet; do
    grep -Eq "^$net +[0-9]+,[0-9,]+  [A-Za-z\"]" out || fail "no line about $net"
done
for recipe in default 2012 caffe finetune paper small torchvision; do
    grep -Eq "^$recipe  +[a-z]" out || fail "no line about $recipe"
done
has out "No trained weights come with alexnet"
is "$(awk 'length > 80' out)" "" "lines wider than a terminal"
expect 0 info --json
is "$(json 1 name)" alexnet "the first network"
is "$(json 1 kind)" network "its kind"
is "$(json 1 parameters)" 60965224 "its parameters"
is "$(json 10 name)" default "the first recipe"
is "$(json 10 kind)" recipe "its kind"

# The file itself, to start one's own from.
expect 0 info caffenet --text
sed 's/^name = .*/name = mine/; s/filters = 96/filters = 32/' out >mine.ini
expect 0 info mine.ini --json
is "$(json 1 name)" mine "name of the copy"
is "$(json 1 layers.0.output)" "[32,55,55]" "output of conv1 in the copy"
expect 0 info mine.ini --text
cmp -s out mine.ini || fail "--text of a file is not the file"
expect 0 info 2012 --text
cp out mine-recipe.ini
expect 0 info mine-recipe.ini --text
cmp -s out mine-recipe.ini || fail "--text of a recipe file is not the file"
expect 2 info --text
expect 2 info alexnet caffenet --text
has err "--text prints one network or recipe at a time"
expect 2 info alexnet --text --json
has err "--json needs a report, not --text"

# Recipes: every key with its value and meaning; side by side.
expect 0 info mine-recipe.ini
grep -Eq "^batch +128 +pictures per update$" out || fail "no batch"
grep -Eq "^conv1.rate_bias +0.02 0@72 +learning rate of biases$" out || fail "no rate of conv1"
expect 0 info default 2012
grep -Eq "^batch +32 +128$" out || fail "recipes side by side"
grep -Eq "^conv1.rate_bias +- +0.02 0@72$" out || fail "a key of layers side by side"
expect 0 info 2012 --json
is "$(json 1 kind)" recipe "kind of a recipe"
is "$(json 1 values.epochs)" 91 "its epochs"
expect 0 info default alexnet-mini
has out "conv1" "pictures per update"
printf '[recipe]\nbatch = 0\n' >wrong.ini
expect 3 info wrong.ini
has err "wrong.ini:2: [recipe] batch = 0"
expect 2 info defualt
has err "did you mean default?"

# --text prints a file that can be read again, whatever its line ends, and nothing that a terminal obeys.
for name in alexnet-mini default; do
    "$ALEXNET" info $name --text >plain.ini || fail "info $name --text"
    { printf '; \033[31m\r\n' && sed 's/$/\r/' plain.ini; } >windows.ini
    expect 0 info windows.ini --text
    { printf '; \\x1b[31m\n' && cat plain.ini; } >wanted
    cmp -s out wanted || fail "info --text of $name with line ends of Windows: $(diff out wanted | head -4)"
done

# Files that are no networks.
expect 2 info alexnt
has err "alexnt" "did you mean alexnet?"
printf '\211PNG\r\n' >cat.png
expect 2 info cat.png
has err "cat.png is a picture"
mkdir empty
expect 2 info empty
has err "empty is a folder without best.safetensors"

# A full disk under stdout is a failure; a reader that goes away is not, and is not mentioned.
"$ALEXNET" info alexnet 2>err >/dev/full
is $? 1 "exit code with a full disk"
has err "cannot write to standard output: No space left on device"
rm -f code
{
    until [ -e gone ]; do sleep 0.01; done
    "$ALEXNET" info alexnet 2>err
    echo $? >code
} | {
    exec <&-
    : >gone
}
is "$(cat code)" 0 "exit code without a reader"
[ -s err ] && fail "something is said about a reader that went away"
exit 0
