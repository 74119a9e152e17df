# Folders and lists as people have them: links, other endings, Windows's line ends, one level too high.
. "${0%/*}/lib.sh"
pictures data 6
train data/pictures --epochs 1 --out run
set -- data/unseen/*/00001.png
a=$1 b=$2

# Each picture once, whatever links lead to its folder.
mkdir -p photos/deep
cp "$a" photos/deep/a.png
ln -s . photos/deep/x
ln -s . photos/deep/y
ln -s .. photos/deep/up
ln -s deep photos/twice
mkdir -p links/in
ln -s ../../photos links/in/there
for folder in photos photos/deep photos/twice links; do
    expect 0 classify run $folder --top 1 --quiet
    is "$(wc -l <out | tr -d ' ')" 1 "pictures below $folder"
done

# Files that a walk leaves out are reported.
cp "$a" photos/deep/b.JFIF
cp "$a" photos/deep/c.jxl
cp "$a" photos/deep/d
expect 0 classify run photos/twice --top 1
has err "left out 1 .jxl, 1 without an ending" "convert .jxl files to JPEG" "add .jpg or .png to the names"
has out "b.JFIF"
mkdir -p jxl/only
cp "$a" jxl/only/x.jxl
expect 3 classify run jxl
has err "jxl holds no .jpg" "but 1 .jxl; convert .jxl files"

# Folders above MNIST's files, as torchvision makes them.
mkdir -p above/MNIST/raw
for part in train t10k; do
    : >above/MNIST/raw/$part-images-idx3-ubyte.gz
    : >above/MNIST/raw/$part-labels-idx1-ubyte
    : >above/MNIST/raw/$part-labels.idx1-ubyte
done
for folder in above above/MNIST; do
    expect 3 train $folder
    has err "file, but 6 files of MNIST; give the folder that holds MNIST's files itself"
    lacks err "unpack"
done

# Lists on standard input: carriage returns, a byte order mark, zero bytes; UTF-16 is named.
printf '%s\r\n' "$a" "$b" | "$ALEXNET" classify run - --top 1 --quiet >out 2>err || fail "CR LF"
is "$(wc -l <out | tr -d ' ')" 2 "pictures of a list with carriage returns"
lacks out "$(printf '\r')"
printf '\357\273\277%s\n\n%s' "$a" "$b" | "$ALEXNET" classify run - --top 1 --quiet >out 2>err ||
    fail "byte order mark"
printf '%s\0%s\0' "$a" "$b" | "$ALEXNET" classify run - --top 1 --quiet >out 2>err || fail "-print0"
is "$(wc -l <out | tr -d ' ')" 2 "pictures of a list with zero bytes"
{ head -c 100000 /dev/zero | tr '\0' '\n'; echo "$a"; } | "$ALEXNET" classify run - --top 1 --quiet >out 2>err ||
    fail "a long list"
has out "$a"
mkdir lines
cp "$a" 'lines/first
second.png'
cp "$b" lines/other.png
find lines -name '*.png' -print0 | "$ALEXNET" classify run - --top 1 --quiet >out 2>err ||
    fail "a line end in a name"
is "$(wc -l <out | tr -d ' ')" 2 "pictures of a list with a line end in a name"
cr=$(printf 'x.png\r')
cp "$a" "$cr"
printf '%s\n' "$cr" | "$ALEXNET" classify run - --top 1 --quiet >out 2>err ||
    fail "a name that ends in a carriage return"
rm "$cr"
{ yes '' | head -n 200000 && echo "$a"; } | "$ALEXNET" classify run - --top 1 --quiet >out 2>err ||
    fail "a name at the end of a long list"
printf '\377\376x\0\n\0' | "$ALEXNET" classify run - >out 2>err && fail "UTF-16 was read"
has err "UTF-16"
"$ALEXNET" classify run - <"$a" >out 2>err && fail "a picture was read as a list"
is "$(wc -l <err | tr -d ' ')" 1 "lines about a picture on standard input"
has err "standard input holds a picture"
for archive in tar tar.gz zip; do
    case $archive in
    tar) tar cf in.$archive data ;;
    tar.gz) gzip -k in.tar ;;
    zip) printf 'PK\003\004rest' >in.$archive ;;
    esac
    "$ALEXNET" classify model - <in.$archive >out 2>err
    is $? 3 "exit code for a .$archive on standard input"
    has err "standard input holds an archive"
    is "$(sed -n '$=' err)" 1 "lines for a .$archive on standard input"
done

# Data that is still packed.
touch photos.zip
expect 3 train photos.zip
has err "photos.zip is a file" "unpack it first"

# A folder one level too high, and a class that shrinks.
expect 2 train data --net alexnet-mini --epochs 1
has err "data/pictures holds the folders train and val" "data/pictures instead"
for i in 2 3 4 5 6; do
    mv data/pictures/train/red-ring/0000$i.png data/pictures/train/red-ring/0000$i.jxl
done
train data/pictures --epochs 1 --out two
has err "warning: left out 5 .jxl" "of class red-ring 1 are read and 5 are not"

# Validation with training pictures; a class whose name differs only in capitals.
expect 0 train data/pictures/train --val data/pictures/train --net alexnet-mini --epochs 1 --out three
has err "55 of 55 validation pictures are also among the training pictures"
mv data/pictures/val/red-ring data/pictures/val/Red-ring
expect 3 train data/pictures --net alexnet-mini --epochs 1
has err '"red-ring" only in' '"Red-ring" only in' "; capitals and the encoding of accents count"

# Classes that differ only in capitals, in any alphabet that has them, or in whether an accent is a
# character of its own; × and ÷ are no capitals.
for pair in "Cat cat" "Éa éa" "Ωm ωm" "Жук жук" "Ёж ёж" "$(printf 'cafe\314\201 caf\303\251')" "a×b a÷b"; do
    rm -rf cased cased-run
    for class in $pair; do
        mkdir -p "cased/$class"
        cp data/pictures/train/blue-cross/00001.png "cased/$class/"
    done
    expect 0 train cased --val 0 --net alexnet-mini --epochs 1 --out cased-run
    case $pair in
    *×*) lacks err "only in capitals" ;;
    *) has err "the classes \"${pair% *}\"" " and \"${pair#* }\"" " of $PWD/cased differ only in capitals" ;;
    esac
done

# The two encodings of an accent look the same, and are told apart by their numbers: in one data set, in
# one of training and validation, and between a data set and a model.
rm -rf cased cased-run
one=$(printf 'caf\303\251') two=$(printf 'cafe\314\201')
for class in all/$one all/$two all/dog parts/train/$one parts/train/dog parts/val/$two parts/val/dog; do
    mkdir -p "cased/$class"
    cp data/pictures/train/blue-cross/0000[123].png "cased/$class/"
done
expect 0 train cased/all --val 0 --net alexnet-mini --epochs 1 --out cased-run
has err "the classes \"$two\" (with U+0301) and \"$one\" (with U+00E9) of"
expect 1 data check cased/all
has out "class $one: beside the class \"$two\" (with U+0301)" "class $two: beside the class \"$one\" (with U+00E9)"
expect 1 data check cased/parts
has out "class $one of train: val has \"$two\" (with U+0301)" "class $two of val: train has \"$one\" (with U+00E9)"
expect 0 train cased/parts/train --val 0 --net alexnet-mini --epochs 1 --out cased-parts
expect 3 eval cased-parts cased/parts/val
has err "the class \"$two\" (with U+0301) of" "the most similar is \"$one\" (with U+00E9)"

# Readable names with tabs, and shared ones.
printf 'red-ring\ta ring\r\nblue-cross\ta ring\n' >names.txt
expect 0 train data/pictures/train --net alexnet-mini --epochs 1 --names names.txt --out four
has err 'the readable name of another, such as "a ring"'
printf 'n01 a ring\n' >names.txt
expect 0 train data/pictures/train --val data/pictures/train --net alexnet-mini --epochs 1 --names names.txt --out five
is "$(grep -c "no line of names.txt names a class" err)" 1 "warnings of names that are of no use"

# A run among the class folders would be a class the next time; nothing of it is left.
(cd data/pictures/train && expect 2 train . --net alexnet-mini --epochs 1 && cp err ../../../err && rm out err) || exit 1
has err "runs/train-1 is inside the data set" "name a folder outside"
[ -e data/pictures/train/runs ] && fail "a run that is refused leaves a folder in its data set"
expect 2 train data/pictures/train --net alexnet-mini --epochs 1 --out data/pictures/train/new
has err "is inside the data set"
