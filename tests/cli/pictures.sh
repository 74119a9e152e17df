# The demo's pictures: how many, that they depend on the seed alone, and that neither shape nor
# colour alone tells the class.
. "${0%/*}/lib.sh"

count() {
    find "$1" -name '*.png' | wc -l | tr -d ' '
}

pictures a 12
[ -s err ] && fail "--quiet is not quiet"
for part in pictures/train:12 pictures/val:2 unseen:2; do
    is "$(ls "a/${part%:*}" | wc -l | tr -d ' ')" 10 "classes of ${part%:*}"
    for class in "a/${part%:*}"/*; do
        is "$(count "$class")" "${part#*:}" "pictures of $class"
    done
done
is "$(find a -name '*.png' -exec cksum {} + | cut -d' ' -f1,2 | sort -u | wc -l | tr -d ' ')" \
    "$(count a)" "different pictures"

pictures b 12
diff -r a b >/dev/null || fail "the same seed draws other pictures"
"$ALEXNET" demo --only-pictures --quiet --count 12 --seed 2 --out c || fail "no pictures"
for picture in $(cd a && find . -name '*.png'); do
    cmp -s "a/$picture" "c/$picture" && fail "$picture is the same with another seed"
done

# Folders are named COLOUR-SHAPE. A guess from only one of the two is the commonest class that has
# it, and is right for as many of the ten classes as the property has values.
is "$(ls a/unseen | cut -d- -f1,2 | sort -u | wc -l | tr -d ' ')" 10 "pairs"
less "$(ls a/unseen | cut -d- -f1 | sort -u | wc -l)" 6.5 "values of colour"
less "$(ls a/unseen | cut -d- -f2 | sort -u | wc -l)" 6.5 "values of shape"

# A folder that exists is not written to; without --out a free name is taken.
expect 2 demo --only-pictures --count 1 --out a
has err "a already exists"
is "$(count a)" 160 "pictures after the refusal"
expect 0 demo --only-pictures --count 1
expect 0 demo --only-pictures --count 1
[ -d alexnet-demo-1/unseen ] && [ -d alexnet-demo-2/unseen ] || fail "no fresh folders"
