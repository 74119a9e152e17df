#!/bin/sh
# Texts of the library are for C programs as well as for the command: they name no options of the
# command and no command lines, but parts of the C API, between backquotes. The command replaces
# these (cli/library_text.c), so each has a row there.
#
#     check_texts.sh [ROOT]        print the texts that break the rule; exit 1 if there are any
#     check_texts.sh --self-check  show that planted ones are found
set -eu
tools=$(cd "$(dirname "$0")" && pwd)

of_tar='dereference hard-dereference sparse concatenate'
commands='bench classify convert data demo distance eval explain features info plot rdm runs
          selftest similar train'

check() {
    cd "$1"
    rows=$(sed -n 's/^ *{"\([A-Za-z_()]*\)", ".*"},$/\1/p' cli/library_text.c)
    header=$(tr -cs 'A-Za-z0-9_' ' ' < include/alexnet/alexnet.h)
    find src -name '*.[ch]' -o -name '*.cu' | LC_ALL=C sort |
    while read -r file; do
        awk -v texts=1 -f "$tools/strip_comments.awk" "$file" |
            awk -v file="$file" -v of_tar="$of_tar" -v commands="$commands" -v rows="$rows" \
                -v header="$header" '
            function tell(what) { printf "%s:%d: %s\n", file, NR, what }
            BEGIN {
                n = split(of_tar, list, " ")
                for (i = 1; i <= n; i++) allowed["--" list[i]] = 1
                n = split(commands, list, /[ \n]+/)
                for (i = 1; i <= n; i++) command[list[i]] = 1
                n = split(rows, list, /[ \n]+/)
                for (i = 1; i <= n; i++) row[list[i]] = 1
                n = split(header, list, " ")
                for (i = 1; i <= n; i++) public[list[i]] = 1
            }
            {
                n = split($0, word, /[^-A-Za-z0-9_]+/)
                for (i = 1; i <= n; i++) {
                    if (word[i] ~ /^--[a-z]/ && !(word[i] in allowed))
                        tell("names the option " word[i] " of the command")
                    if (i < n && word[i] == "alexnet" && word[i + 1] in command)
                        tell("names the command alexnet " word[i + 1])
                }
                n = split($0, name, "`")
                if (n > 0 && n % 2 == 0)
                    tell("a backquote without its partner on the line")
                for (i = 2; i < n; i += 2) {
                    plain = name[i]
                    sub(/\(\)$/, "", plain)
                    if (!(plain in public))
                        tell("`" name[i] "` is not in alexnet.h")
                    else if (!(name[i] in row))
                        tell("`" name[i] "` has no row in cli/library_text.c")
                    else if (name[i - 1] ~ /[^ (]$/ || name[i + 1] !~ /^[,;.)]*( |$)/)
                        tell("`" name[i] "` is not a word of its own")
                }
            }'
    done | { if grep .; then return 1; fi; }
}

expect() { # CODE EXPECTED
    folder=$(mktemp -d)
    mkdir -p "$folder/src" "$folder/cli" "$folder/include/alexnet"
    echo 'int alexnet_pack_new(int side, int depth);' > "$folder/include/alexnet/alexnet.h"
    printf '    {"%s", "here"},\n' side 'alexnet_pack_new()' gone > "$folder/cli/library_text.c"
    printf '%s\n' "$1" > "$folder/src/op.c"
    if (check "$folder") > /dev/null; then found=no; else found=yes; fi
    rm -rf "$folder"
    [ "$found" = "$2" ] || { echo "check_texts: $1: refused: $found, not $2"; exit 1; }
}

self_check() {
    for code in 'fail("give it with --mean");' 'fail("(--layer %s)", a);' 'fail("--out");' \
                "fail(\"'alexnet info' lists them\");" 'fail("set `side");' 'fail("set `depth`");' \
                'fail("set `gone`");' 'fail("a`side`");' 'fail("`side`: %s");' \
                'a = '\''"'\''; fail("--out");'; do
        expect "$code" yes
    done
    for code in 'fail("a -- b");' 'n = --count;' 'f("a", --n, "b");' '/* --mean "--mean" */' \
                'fail("tar --dereference");' 'fail("set `side` %d", --n);' '// "--mean"' \
                'fail("`alexnet_pack_new()` makes it");' 'fail("(`side`), or `side`");' \
                '"alexnet tar 003"'; do
        expect "$code" no
    done
}

case "${1:-}" in
--self-check) self_check ;;
*) check "${1:-$tools/..}" ;;
esac
