#!/bin/sh
# Limits that keep code readable: no source file over 700 lines (but for the public header), no
# function over 120, none with more than 7 parameters. Files over 400 lines are listed: each needs a
# reason.
#
#     check_lengths.sh [ROOT]        print what is too long; exit 1 if anything is
#     check_lengths.sh --self-check  show that planted ones are found
set -eu
tools=$(cd "$(dirname "$0")" && pwd)

sources() {
    find src cli include tests examples bench \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' \) \
        2>/dev/null | LC_ALL=C sort
}

files() {
    for file in $(sources); do
        lines=$(wc -l < "$file")
        if [ "$lines" -gt 700 ] && [ "$file" != include/alexnet/alexnet.h ]; then
            echo "$file: $lines lines, at most 700"
            touch "$failed"
        elif [ "$lines" -gt 400 ]; then
            echo "note: $file: $lines lines"
        fi
    done
}

# Text at depth 0 is gathered up to `{` or `;`. If it ends like a declarator, it is a function.
functions() {
    for file in $(sources); do
        awk -f "$tools/strip_comments.awk" "$file" | awk -v file="$file" '
        # The name comes before the group of parentheses with the most commas.
        function declaration(text,    i, c, level, commas, most, start) {
            gsub(/__attribute__ *\(\(.*\)\)/, "", text)
            if (text !~ /[A-Za-z0-9_] *\(/ || text ~ /=/ || text ~ /^ *typedef/) return 0
            most = -1
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (c == "(" && level++ == 0) { start = i; commas = 0 }
                if (c == "," && level == 1) commas++
                if (c == ")" && --level == 0 && commas > most) {
                    most = commas
                    name = substr(text, 1, start - 1)
                }
            }
            sub(/ *$/, "", name)
            sub(/.*[^A-Za-z0-9_]/, "", name)
            name_at = first
            if (most + 1 > 7) {
                printf "%s:%d: %s has %d parameters, at most 7\n", file, first, name, most + 1
                bad = 1
            }
            return 1
        }
        /^[ \t]*#/ || continued { continued = /\\$/; next }
        {
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1)
                if (c == "{") {
                    # the block of extern "C" does not count as a level
                    if (depth == 0 && text ~ /^ *extern *"" *$/) { text = ""; continue }
                    if (depth == 0) inside = declaration(text)
                    if (depth++ == 0) text = ""
                } else if (c == "}") {
                    if (depth == 0) continue
                    if (--depth == 0) {
                        if (inside && NR - name_at + 1 > 120) {
                            printf "%s:%d: %s is %d lines, at most 120\n", file, name_at, name, \
                                NR - name_at + 1
                            bad = 1
                        }
                        text = ""
                    }
                } else if (depth == 0 && c == ";") {
                    declaration(text)
                    text = ""
                } else if (depth == 0) {
                    if (text == "") { if (c ~ /[ \t]/) continue; first = NR }
                    text = text c
                }
            }
            if (depth == 0 && text != "") text = text " "
        }
        END { exit bad }' || touch "$failed"
    done
}

check() {
    cd "$1"
    failed=$(mktemp)
    rm "$failed"
    files
    functions
    [ ! -e "$failed" ] || { rm "$failed"; return 1; }
}

# shellcheck disable=SC2059 # the content is a format, for its newlines
expect() { # CONTENT EXPECTED WHAT: a file of this content is (not) refused
    folder=$(mktemp -d)
    mkdir "$folder/src"
    printf "$1" > "$folder/src/a.c"
    if (check "$folder") > "$folder/out"; then found=no; else found=yes; fi
    rm -rf "$folder"
    [ "$found" = "$2" ] || { echo "check_lengths: $3: refused: $found, not $2"; exit 1; }
}

repeat() { # TEXT COUNT
    awk -v text="$1" -v count="$2" 'BEGIN { for (i = 0; i < count; i++) printf "%s\\n", text }'
}

self_check() {
    expect "$(repeat '/* */' 701)" yes "a file of 701 lines"
    expect "$(repeat '/* */' 700)" no "a file of 700 lines"
    expect "static int f(int a)\n{\n$(repeat '    a++; /* } */' 116)    return '}';\n}\n" no \
        "a function of 120 lines"
    expect "static int f(int a)\n{\n$(repeat '    a++; /* } */' 117)    return '}';\n}\n" yes \
        "a function of 121 lines"
    expect "struct s {\n$(repeat '    int x;' 130)};\nint f(int a, int b, int c, int d);\n" no \
        "a struct of 132 lines"
    expect "int f(int a, int b, int c, int d,\n      int e, int f, int g);\n" no "7 parameters"
    expect "int f(int a, int b, int c, int d,\n      int e, int f, int g, int h);\n" yes \
        "8 parameters of a prototype"
    expect "extern \"C\" {\nint f(int a, int b, int c, int d,\n int e, int f, int g, int h);\n}\n" \
        yes "8 parameters inside extern C"
    expect "int f(int (*a)(int, int), int b, int c, int d, int e, int f, int g)\n{\n}\n" no \
        "7 parameters, one a function"
    expect "X(1)\nint f(int a, int b, int c, int d, int e, int f, int g, int h)\n{\n}\n" yes \
        "8 parameters after a macro"
}

case "${1:-}" in
--self-check) self_check ;;
*) check "${1:-$tools/..}" ;;
esac
