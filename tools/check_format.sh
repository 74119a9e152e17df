#!/bin/sh
# Code is formatted by .clang-format, comments included: no line is over 100 columns. `make format`
# corrects it. Versions of clang-format differ in some details, so one version decides.
#
#     check_format.sh [ROOT]        print what is formatted differently; exit 1 if anything is, 77
#                                   if that version is not installed
#     check_format.sh --self-check  show that planted ones are found
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
version=14

for formatter in clang-format-$version clang-format ''; do
    case $($formatter --version 2>/dev/null || :) in
    *"version $version."*) break ;;
    esac
done
if [ -z "$formatter" ]; then
    echo "skipped: clang-format $version is not there"
    exit 77
fi

check() {
    cd "$1"
    find src cli include tests examples bench \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' \
         -o -name '*.def' \) 2>/dev/null | LC_ALL=C sort |
        xargs "$formatter" --style=file --dry-run --Werror --ferror-limit=1
}

expect() { # LINE EXPECTED WHAT: a file of this line is (not) refused
    folder=$(mktemp -d)
    mkdir "$folder/src"
    cp "$tools/../.clang-format" "$folder"
    printf '%s\n' "$1" > "$folder/src/a.c"
    if (check "$folder") > "$folder/out" 2>&1; then found=no; else found=yes; fi
    rm -rf "$folder"
    [ "$found" = "$2" ] || { echo "check_format: $3: refused: $found, not $2"; exit 1; }
}

self_check() {
    expect 'static const int a[] = {1, 2};' no "a line as it should be"
    expect 'static const int a[]={1, 2};' yes "blanks left out"
    words=$(printf 'word %.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18) # 90 columns
    expect "/* ${words}word */" no "a comment of 100 columns"
    expect "/* ${words}words */" yes "a comment of 101 columns"
}

case "${1:-}" in
--self-check) self_check ;;
*) check "${1:-$tools/..}" ;;
esac
