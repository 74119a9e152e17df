#!/bin/sh
# The symbols of the shared library are the functions of the public header, no more and no fewer,
# each with the version that src/alexnet.map gives it.
#
#     check_exports.sh HEADER MAP LIBRARY
set -eu
[ $# -eq 3 ] || { echo "usage: check_exports.sh HEADER MAP LIBRARY"; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "name" for each ALEXNET_API declaration.
tr '\n' ' ' < "$1" | awk '{
    n = split($0, part, "ALEXNET_API ")
    for (i = 2; i <= n; i++) {
        end = index(part[i], "(")
        name = substr(part[i], 1, end - 1)
        sub(/.*[^A-Za-z0-9_]/, "", name)
        if (name ~ /^alexnet_/) print name
    }
}' | LC_ALL=C sort > "$work/header"

# "name version" for each symbol of the map, and of the library.
awk '/^ALEXNET_[0-9.]+ *\{/ { version = $1 }
     /^ *alexnet_[a-z0-9_]+;/ { sub(/;.*/, ""); print $1, version }' "$2" |
    LC_ALL=C sort > "$work/map"
nm -D --defined-only "$3" | awk '$2 != "A" { sub(/@@?/, " ", $3); print $3 }' |
    LC_ALL=C sort > "$work/library"
cut -d' ' -f1 "$work/map" > "$work/mapped"

[ -s "$work/header" ] || { echo "no functions found in $1"; exit 1; }
failed=0
diff -u "$work/header" "$work/mapped" || { echo "^ $1 (-) and $2 (+) differ"; failed=1; }
diff -u "$work/map" "$work/library" || { echo "^ $2 (-) and $3 (+) differ"; failed=1; }
exit $failed
