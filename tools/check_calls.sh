#!/bin/sh
# Calls that the library must not make: it never prints, exits, reads the environment or changes
# the state of the process; memory comes from base/alloc.h; text has a length; what the host's locale
# changes is done by base/text.h and base/json.h.
#
#     check_calls.sh [ROOT]        print the calls found below src/; exit 1 if there are any
#     check_calls.sh --self-check  show that planted ones are found
set -eu
tools=$(cd "$(dirname "$0")" && pwd)

prints='printf vprintf puts putchar perror psignal err errx warn warnx'
ends='exit _exit _Exit quick_exit abort atexit at_quick_exit raise kill'
environment='getenv secure_getenv setenv unsetenv putenv clearenv'
process='setlocale signal sigaction sigprocmask chdir fchdir umask setrlimit
         sched_setaffinity fork vfork system popen srand rand random alarm setpriority nice
         json_set_alloc_funcs json_object_seed dup2'
# free() is not among them: it frees memory that other libraries allocated.
memory='malloc calloc realloc reallocarray strdup strndup asprintf vasprintf aligned_alloc
        posix_memalign alloca'
unbounded='gets strcpy strcat sprintf vsprintf stpcpy strtok'
locale='strcasecmp strncasecmp strcasestr tolower toupper strcoll strtod strtof strtold atof'
json='json_loads json_loadb json_loadf json_load_file json_load_callback json_dumps'
words='stdin stdout stderr environ'

check() {
    cd "$1"
    find src \( -name '*.[ch]' -o -name '*.cu' -o -name '*.in' \) | LC_ALL=C sort |
    while read -r file; do
        calls="$prints $ends $environment $process $unbounded $locale"
        # The one place where memory comes from the system, and the one that calls jansson.
        [ "$file" = src/base/alloc.c ] || calls="$calls $memory"
        [ "$file" = src/base/json.c ] || calls="$calls $json"
        awk -f "$tools/strip_comments.awk" "$file" |
            awk -v file="$file" -v calls="$calls" -v words="$words" '
            BEGIN {
                n = split(calls, list, /[ \n]+/)
                for (i = 1; i <= n; i++) call[list[i]] = 1
                n = split(words, list, " ")
                for (i = 1; i <= n; i++) word[list[i]] = 1
            }
            /^[ \t]*#[ \t]*include/ { next }
            {
                rest = $0
                before = ""
                while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
                    name = substr(rest, RSTART, RLENGTH)
                    before = before substr(rest, 1, RSTART - 1)
                    rest = substr(rest, RSTART + RLENGTH)
                    member = before ~ /(\.|->)[ ]*$/
                    if (!member && (name in word || (name in call && rest ~ /^ *\(/)))
                        printf "%s:%d: %s\n", file, NR, name
                    before = before name
                }
            }'
    done | { if grep .; then return 1; fi; }
}

expect() { # CODE EXPECTED [FILE]
    folder=$(mktemp -d)
    mkdir -p "$folder/src/base"
    printf '%s\n' "$1" > "$folder/src/${3:-op.c}"
    if (check "$folder") > /dev/null; then found=no; else found=yes; fi
    rm -rf "$folder"
    [ "$found" = "$2" ] || { echo "check_calls: $1: refused: $found, not $2"; exit 1; }
}

self_check() {
    for code in 'printf("x");' 'if (a) exit (1);' 'char *h = getenv("HOME");' 'setenv("A", "b", 1);' \
                'p = malloc(3);' 'fputs("x", stderr);' 'a /* b */ (abort());' \
                'strcpy(a, b);' 'strcasecmp(a, b);' 'json_dumps(a, 0);' 'return"/*" ? puts("") : 0; // "'; do
        expect "$code" yes
    done
    for code in '/* printf("x"); */' 'snprintf(a, 3, "exit(1)");' 'an_malloc(3);' 'api->free(b);' \
                'int exit_code = 1;' '// abort()' 'format(printf, 1, 2)' 'void (*free)(void *);'; do
        expect "$code" no
    done
    expect 'p = malloc(3);' no base/alloc.c
    expect 'abort();' yes base/alloc.c
    expect 'json_dumps(a, 0);' no base/json.c
}

case "${1:-}" in
--self-check) self_check ;;
*) check "${1:-$tools/..}" ;;
esac
