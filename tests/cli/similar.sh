# Nearest pictures, compared with 'features' and plain arithmetic; the index and its refreshes; pairs;
# the page.
. "${0%/*}/lib.sh"
pictures data 12
train data/pictures --epochs 1 --out run --quiet
mkdir photos
n=0
for picture in $(find data/pictures -name "*.png" | sort); do
    n=$((n + 1))
    [ $((n % 4)) -eq 0 ] && cp "$picture" "photos/$n.png"
done
count=$(ls photos | wc -l)
query=data/unseen/red-ring/00001.png

# ---- The distances are those of the features, and the order is theirs ----

expect 0 features run $query photos --layer fc7 -o all.csv
expect 0 similar run $query --in photos --top "$count" --json
is "$(json 1 neighbours.#)" "$count" "neighbours of the query"
"$JSON_GET" out 1 neighbours.0.file >nearest
awk -F, 'NR == 1 { next } NR == 2 { for (i = 2; i <= NF; i++) q[i] = $i; next }
    { s = 0; for (i = 2; i <= NF; i++) s += ($i - q[i])^2; printf "%.6f %s\n", sqrt(s), $1 }' all.csv |
    sed "s/\"//g" | sort -g >plain
is "$(cat nearest)" "$(head -1 plain | cut -d" " -f2)" "the nearest"
for i in 0 1 5 $((count - 1)); do
    less "$(awk -v a="$(json 1 neighbours.$i.distance)" -v b="$(sed -n "$((i + 1))p" plain)" \
        'BEGIN { split(b, c, " "); d = a - c[1]; print (d < 0 ? -d : d) }')" 0.001 "distance $i"
done
expect 0 similar run $query --in photos --top 2 --json
first="\"$(json 1 file)\",\"$(json 1 neighbours.0.file)\""
distances="$(json 1 neighbours.0.distance) $(json 1 neighbours.1.distance)"
expect 0 similar run $query --in photos --top 2 --csv
is "$(head -n 1 out) $(wc -l <out)" "file,neighbour,distance 3" "a table of neighbours"
has out "$first,"
is "$(sed '1d; s/.*,//' out | xargs)" "$distances" "distances in the table"
expect 2 similar run $query --in photos --csv --json
has err "--csv and --json cannot be combined"
expect 0 similar run $query --in photos --top 3 --metric cosine --json
is "$(json 1 neighbours.#)" 3 "neighbours by angle"
less "$(json 1 neighbours.2.distance)" 2 "a distance by angle"

# ---- A picture in an archive is no neighbour of itself ----

mkdir packed
tar -cf packed/a.tar -C photos .
expect 0 similar run packed/a.tar --in packed --layer fc7 --top 1
has out "packed/a.tar/"
lacks out " 0.0000 "

# ---- The index is beside the folder, and knows what is new ----

is "$(ls photos | wc -l)" "$count" "files in the folder"
is "$(ls .photos.index | wc -l)" 1 "files of the index" # both metrics share it
before=$(ls -l --time-style=full-iso .photos.index)
expect 0 similar run $query --in photos/ --top 1
is "$(ls -l --time-style=full-iso .photos.index)" "$before" "the index, when nothing is new"
cp $query photos/new.png
printf 'no picture' >photos/bad.png
expect 3 similar run $query --in photos --top 1
has err "photos/bad.png" "1 of $((count + 2)) pictures of photos could not be read"
has out "0.0000  photos/new.png"
expect 3 similar run $query --in photos --top 1 # it is left out of later searches too
has err "photos/bad.png could not be read in an earlier search" "1 of $((count + 2)) pictures of photos could not be read"
expect 3 similar run --all-pairs --in photos --limit 1 --html left-out.html
has out "photos/"
has left-out.html "</html>"
rm photos/bad.png
expect 0 similar run photos/new.png --in photos --top 1 # a query is no neighbour of its own
lacks out "0.0000"
expect 0 similar run $query --in photos --layer pool5 --pool avg --index elsewhere
is "$(ls elsewhere | wc -l)" 1 "files of another index"

# ---- Several searches make an index at once ----

for round in 1 2 3 4 5; do
    rm -rf together
    for i in 1 2 3 4; do
        { "$ALEXNET" similar run $query --in photos --top 2 --index together >out.$i 2>err.$i; echo $? >code.$i; } &
    done
    wait
    is "$(cat code.1 code.2 code.3 code.4 | tr -d '\n')" 0000 "exit codes: $(cat err.1 err.2 err.3 err.4)"
    for i in 2 3 4; do
        cmp -s out.1 out.$i || fail "what was found differs"
    done
done
expect 0 similar run $query --in photos --top 2 --index together
is "$(ls together | wc -l)" 1 "files of an index made four times"

# ---- Several queries, bad ones among them ----

printf 'no picture' >bad.png
printf '%s\nbad.png\n%s\n' "$query" photos/new.png |
    "$ALEXNET" similar run - --in photos --top 2 --json >out 2>err
is $? 3 "the exit code with a bad query"
is "$(wc -l <out)" 3 "lines"
is "$(json 1 file) $(json 2 file) $(json 3 file)" "$query bad.png photos/new.png" "their order"
json 2 error >/dev/null
expect 0 similar run $query --in photos --within 0.0001
is "$(wc -l <out)" 2 "lines within a distance"

# ---- Pairs ----

cp photos/new.png "photos/twin & 5% #<b>.png"
expect 0 similar run --all-pairs --in photos --limit 3 --csv
is "$(head -n 1 out) $(wc -l <out)" "first,second,distance 4" "a table of pairs"
pair=$(sed -n 3p out)
expect 0 similar run --all-pairs --in photos --limit 3 --html pairs.html --json
is "\"$(json 2 first)\",\"$(json 2 second)\",$(json 2 distance)" "$pair" "a pair of the table"
is "$(wc -l <out)" 3 "pairs"
is "$(json 1 first) $(json 1 second)" "photos/new.png photos/twin & 5% #<b>.png" "the nearest pair"
is "$(json 1 distance)" 0.0 "its distance"
has pairs.html 'src="photos/twin%20%26%205%25%20%23%3Cb%3E.png"' "photos/twin &amp; 5% #&lt;b&gt;.png"
expect 0 similar run --all-pairs --in photos --within 0
is "$(wc -l <out)" 1 "pairs that are the same"

# ---- The page ----

mkdir -p pages/deep
expect 0 similar run $query --in photos --top 4 --html pages/deep/a.html
is "$(grep -c '<figure>' pages/deep/a.html)" 5 "pictures on the page"
for link in $(grep -o 'src="[^"]*"' pages/deep/a.html | sed 's/src="//; s/"//; s/%20/ /g' | grep -v twin); do
    [ -f "pages/deep/$link" ] || fail "the page leads to $link, which is not there"
done

# ---- Wrong usage ----

expect 2 similar run $query
has err "--in FOLDER is missing"
expect 2 similar run --in photos
has err "QUERY is missing"
expect 2 similar run $query --all-pairs --in photos
has err "it takes no QUERY"
expect 2 similar run $query --in photos --limit 3
has err "--limit needs --all-pairs"
expect 2 similar run --all-pairs --in photos --top 3
has err "--top needs QUERY, not --all-pairs"
expect 3 similar run $query --in nowhere
has err "--in nowhere is not a folder that can be searched: No such file or directory"
expect 2 similar $query run --in photos
has err "MODEL comes first"
expect 2 similar run $query --in photos --layer fc9
has err "fc9"
touch readonly.index
expect 1 similar run $query --in photos --index readonly.index/x
is "$(wc -l <err | tr -d ' ')" 1 "lines about an index that cannot be written"
mkdir deposit && cp $query deposit
touch .deposit.index
expect 1 similar run $query --in deposit
has err ".deposit.index" "unless --index FOLDER names a place"
[ -z "$(find . -name '*.tmp')" ] || fail "temporary files are left"

# ---- A complete index on a disk that is only read, as someone who is not root ----

nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
chmod 755 "$work"
if [ "$(id -u)" -ne 0 ] || ! $nobody "$ALEXNET" version >out 2>err; then
    echo "skipped: folders that cannot be written need root and setpriv"
    exit 0
fi
cp -r photos fewer
expect 0 similar run $query --in fewer --top 1
chmod -R a+rX run fewer .fewer.index data
$nobody "$ALEXNET" similar run $query --in fewer --top 1 >out 2>err || fail "a complete index is refused: $(cat err)"
# What is left of most pictures would be written to a smaller file.
while [ "$(ls fewer | wc -l)" -gt 3 ]; do rm "fewer/$(ls fewer | head -1)"; done
$nobody "$ALEXNET" similar run $query --in fewer --top 9 >out 2>err || fail "an index with too many pictures is refused: $(cat err)"
is "$(grep -c fewer/ out)" 3 "neighbours by an index that cannot be written"
cp $query fewer/another.png
chmod a+r fewer/another.png
$nobody "$ALEXNET" similar run $query --in fewer --top 1 >out 2>err && fail "a picture is missing in an index that cannot be written"
has err ".fewer.index" "Permission denied"
