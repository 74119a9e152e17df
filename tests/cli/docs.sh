# What the documents show is what the command prints.
. "${0%/*}/lib.sh"
docs=$source/docs

# block FILE NUMBER: the text between the fences of a document's block.
block() {
    awk -v wanted="$2" '/^```/ { if (++fences % 2) { n++; next } } fences % 2 && n == wanted' "$1"
}

block "$docs/networks.md" 1 >small.ini
block "$docs/networks.md" 2 >shown
expect 0 info small.ini
cmp -s out shown || fail "docs/networks.md shows another table: $(diff out shown)"

# The mistake that the document describes gives the error that it shows.
block "$docs/networks.md" 3 >shown
sed 's/^stride = 2/strid = 2/; t end; b; :end; n; b end' small.ini >mistaken
mv mistaken small.ini
expect 3 info small.ini
is "alexnet: $(cat shown)" "$(cat err)" "the error in docs/networks.md"

# The codes of docs/command.md are those of `help`.
expect 0 help
codes=$(sed -n 's/^| \([0-9, ]*\) | .*/\1/p' "$docs/command.md" | tr -d ,)
less 3 "$(echo $codes | wc -w)" "exit codes in docs/command.md"
for code in $codes; do
    grep -Eq "(^|[ :])$code( |$)" out || fail "help does not name exit code $code"
done

# Every built-in network is in docs/networks.md with its parameters, every recipe in docs/recipes.md.
expect 0 info
sed -n 's/^\([a-z0-9-]*\) *\([0-9,]*,[0-9]*\) .*/\1 \2/p' out >networks
less 8 "$(wc -l <networks)" "networks in info"
while read -r name parameters; do
    grep -q "^| \`$name\` | .* | $parameters |$" "$docs/networks.md" || fail "docs/networks.md: $name"
done <networks
recipes=$(sed -n '/^recipe /,/^$/s/^\([a-z0-9]*\)  .*/\1/p' out | sed 1d)
less 6 "$(echo $recipes | wc -w)" "recipes in info"
for recipe in $recipes; do
    grep -q "\`$recipe\`" "$docs/recipes.md" || fail "docs/recipes.md lacks $recipe"
done
