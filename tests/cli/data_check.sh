# `data check`: each problem, planted once, is found, and nothing else is. tools/check_data.py
# writes tests/golden/check with Pillow: what is planted there, and what must be found.
. "${0%/*}/lib.sh"
cp -r "$source/tests/golden/check" photos
chmod -R u+w photos
mv photos/expected.csv .
cp -r photos/train/cat/02.jpg photos/train/cat/04.jpg photos/train/cat/06.jpg photos/train/cat/07.jpg .

# Names and empty folders that a repository cannot hold on every system.
mkdir photos/train/empty photos/val/empty photos/train/.thumbs photos/train/Yak photos/val/Yak photos/train/fox
cp photos/train/cat/00.jpg photos/train/.thumbs
cp photos/train/cat/00.jpg photos/train/loose.jpg
mv photos/train/owl/01.jpg photos/train/owl/00.JPG
mv photos/train/cat/00.jpg photos/train/Yak
mv photos/train/cat/01.jpg photos/train/fox
mv photos/val/cat/00.jpg photos/val/Yak
cat >>expected.csv <<END
train,Yak,train,case,
train,yak,train,case,
train/owl/00.JPG,owl,train,case,
train/owl/00.jpg,owl,train,case,
train/empty,empty,train,empty-class,
val/empty,empty,val,empty-class,
train,fox,train,class-in-one,
train,Yak,train,small-class,
train,fox,train,small-class,
train,yak,train,small-class,
train/.thumbs,,train,hidden,
train,,train,loose,
train,,train,left-out,
END

# rows FILE: a report in the form of expected.csv: relative paths, and only the details that it has.
rows() {
    sed -e 1d -e 's/"//g' -e "s|^$(pwd -P)/photos/||" "$1" |
        awk -F, -v OFS=, '{ print $1, $2, $3, $4, $4 ~ /^(misnamed|tiny|profile)$/ ? $5 : "" }' | LC_ALL=C sort
}

expect 1 data check photos --near --side 16 --report report.csv --sheet sheet.html --quiet
is "$(head -n 1 report.csv)" file,class,split,problem,detail "the heading"
rows report.csv >found
sed 1d expected.csv | LC_ALL=C sort >wanted
cmp -s found wanted || fail "other findings: $(diff wanted found)"
has out "pictures that cannot be read: 2" "train/dog/empty.png: is empty" "Not ready" "what to do: copy damaged ones again" \
    "other formats to JPEG or PNG, or delete them" \
    "class empty of val" "train/owl/p3.jpg: Display P3" "1 .psd" \
    "train/cat/03.jpg: the same as dog/also-a-cat.jpg (train, class dog)" \
    "the mirror image of cat/near.jpg (train, class cat)"
[ -s err ] && fail "stderr is not empty"

# The sheet has its pictures in it, and shows those in question.
is "$(grep -c '<figure>' sheet.html)" 22 "pictures of the sheet"
is "$(grep -c '<figure><img alt="" src="data:image/jpeg;base64,/9j/' sheet.html)" 20 "pictures that can be read"
is "$(grep -c '<div class="group">' sheet.html)" 5 "frames"
# jpeg_of NAME: the sheet's picture with this name, in hexadecimal.
jpeg_of() {
    sed -n "s|^<figure><img alt=\"\" src=\"data:image/jpeg;base64,\([^\"]*\)\"><figcaption>$1<.*|\1|p" sheet.html |
        base64 -d | od -An -v -tx1 | tr -d ' \n'
}
# The frame headers hold height and width: they must be those of the picture itself.
jpeg_of train/dog/tiny.jpg | grep -q 'ffc0001108000c0030' || fail "the sheet shows tiny.jpg as another"
jpeg_of train/dog/grey.jpg | grep -q 'ffc0000b0800280030' || fail "the sheet shows grey.jpg in colour"
has sheet.html "<h1>photos: not ready</h1>" "train/owl/p3.jpg" "Display P3" 'href="#unreadable"'
for word in http: https: "<script"; do
    lacks sheet.html "$word"
done

# The same in JSON; and only what was asked for.
expect 1 data check photos --side 16 --json --quiet
is "$(json 1 ready)" false "ready"
is "$(json 1 unreadable)" 2 "unreadable pictures"
is "$(json 1 problems.0.problem)" unreadable "the first problem"
is "$(json 1 problems.0.findings.1.detail)" "is empty" "the reason of the second"
is "$(json 1 splits.1.split)" val "the second part"
lacks out '"near"'

# Exit codes: 0 for a data set that is ready, 1 for a single class, 3 for none or a missing folder.
mkdir -p good/a good/b one/a none
mv 02.jpg good/a && mv 04.jpg good/b
expect 0 data check good --side 16 --json
is "$(json 1 ready)" true "ready"
cp good/a/02.jpg one/a
expect 1 data check one --side 16
has out "fewer than two classes: 1"
expect 3 data check none
expect 3 data check nowhere
expect 2 data check
expect 2 data check good one
expect 2 data check good --near --distance 12
expect 2 data check good --distance 3
has err "--distance needs --near"
expect 2 data check good --val 1.5
expect 1 data check good --report nowhere/report.csv

# With --val, copies may get into both parts, as `train` would divide them.
cp good/a/02.jpg good/a/copy.jpg
cp good/b/04.jpg good/b/copy.jpg
expect 0 data check good --side 16
has out "pictures that occur more than once: 4"
mkdir parts
cp -r good parts/train
cp -r good parts/val
tar -cf parts.tar -C parts train val
expect 1 data check parts.tar --side 16
has out "train: " "val: " # and every picture is in both
expect 1 data check good --side 16 --val 0.5
has out "pictures that are in both training and validation: 4"

# Other kinds of data: an archive, and a list in which a picture is missing.
tar -cf good.tar -C good a b
expect 0 data check good.tar --side 16 --sheet tar.html
is "$(grep -c '<figure><img' tar.html)" 4 "pictures of the archive"
printf '%s\n' "good/a/02.jpg one" "good/b/04.jpg two" "good/c.jpg two" >list.txt
expect 1 data check list.txt --side 16
has out "pictures that cannot be read: 1" "c.jpg"
printf '%s\t%s\n' path label good/a/02.jpg one good/b/04.jpg two >list.tsv
expect 0 data check list.tsv --side 16
has err 'list.tsv has titles: paths are under "path", labels under "label"'

# Names with HTML in them, which a page must escape.
mkdir 'good/<b>&"'
mv 06.jpg 'good/<b>&"/<i>.jpg'
cp 07.jpg 'good/<b>&"/07.png'
expect 0 data check good --side 16 --sheet names.html
lacks names.html "<i>"
has names.html "&lt;b&gt;&amp;&quot;"

# Near copies on both sides come before those in a class, which here are the first of the data set.
cats=photos/train/cat
mkdir -p near/train/a near/train/z near/val/a near/val/z
cp $cats/08.jpg $cats/09.jpg $cats/10.jpg near/train/a
cp $cats/11.jpg near/train/z
expect 0 data pack near/train smaller --side 36 --order source --quiet
tar xf smaller/train-000000.tar || fail "tar does not read the pack"
for name in 08 09 10; do
    mv a/$name.jpg near/train/a/$name-smaller.jpg
done
mv z/11.jpg near/val/z
cp 07.jpg near/val/a
expect 0 data check near --near --side 16
sed -n '/look nearly the same/,/what to do/p' out >about
is "$(sed -n 2p about | cut -d: -f1)" "      train/z/11.jpg" "the first near copy"
is "$(sed -n 3p about | cut -d: -f1)" "      val/z/11.jpg" "the second near copy"
has about "8" "and 4 more" "(val, class z)" "(train, class z)"

# One picture, one class.
mkdir -p lone/cats && cp 07.jpg lone/cats
expect 1 data check lone --side 16 --sheet lone.html
has lone.html "<p>1 picture in 1 class</p>"

# A class with only hidden files; a link that would make everything above it part of a class.
mkdir -p odd/a odd/b odd/c odd/d/deep
cp 07.jpg odd/a && cp $cats/08.jpg odd/b && cp $cats/09.jpg odd/c/.09.jpg
ln -s ../.. odd/b/above
expect 1 data check odd --side 16 --report odd.csv
has out "classes without pictures: 2" "nothing but 1 hidden file or folder, with a dot before the name" \
    "nothing but folders without files" "signs that something else was meant: 1" \
    "b/above: is a link to a folder above it, and is not followed" "odd: 2 pictures in 4 classes"

# Names that are shown with escapes; endings of other files, the commonest first, whatever the folder's order.
bad=$(printf 'odd/a/bad\nline\377.jpg')
head -c 500 07.jpg >"$bad"
for name in a.mp4 b.txt c.txt d.mp4 e.zzz f.mp4; do
    : >odd/a/$name
done
expect 1 data check odd --side 16
has out 'a/bad\x0aline\xff.jpg: is cut short'
is "$(sed -n '/that are left out: 6/,/what to do/s/^ *\(.*: [0-9] \.[a-z0-9]*\)$/\1/p' out | tr '\n' '|')" "odd: 3 .mp4|odd: 2 .txt|odd: 1 .zzz|" "endings"
