# The examples in the help of the commands listed below work as they stand, on the files that they
# name. Those that would train or measure for long get options that make them small.
. "${0%/*}/lib.sh"
pictures shapes-of-ours 4
mv shapes-of-ours/pictures photos
train photos --epochs 1 --out runs/photos-1 --quiet
cp -r runs/photos-1 runs/flowers-1
cp runs/photos-1/best.safetensors .
cp best.safetensors alexnet.pth # formats are recognised by content
cp photos/val/red-ring/00001.png rose.jpg
mkdir bin
ln -s "$ALEXNET" bin/alexnet
PATH=$PWD/bin:$PATH

small() {
    sed -e '/alexnet train/s/$/ --epochs 1 --batch 16/' -e '/train photos --epochs/s/$/ --net alexnet-mini/' \
        -e 's/train photos --tuning/train photos --net alexnet-mini --tuning/' \
        -e 's/^alexnet bench --tune [a-z.]*/& --net alexnet-mini --steps 1 --batch 2/' \
        -e 's/^alexnet demo$/& --count 2/'
}

count=0
for command in info train eval classify explain plot bench selftest demo help version; do
    "$ALEXNET" help $command | sed -n '/^Examples:/,$s/^  \(alexnet .*\)/\1/p' | small >lines
    while read -r line; do
        sh -c "$line" >out 2>err </dev/null
        code=$?
        [ $code -eq 0 ] || fail "$line: exit code $code"
        count=$((count + 1))
    done <lines
done
is $count 22 "examples"
for file in mine.ini curves.png runs/photos-1/filters.png fast.ini shapes/pictures; do
    [ -e $file ] || fail "no example made $file"
done
