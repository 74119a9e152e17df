# The manual page says what help says of every command. What roff would make of it is done by hand
# here, so that the test runs without; mandoc and groff judge it where they are.
. "${0%/*}/lib.sh"

expect 2 manual info
SOURCE_DATE_EPOCH=86400 expect 0 manual
mv out alexnet.1
is "$(head -n 1 alexnet.1 | cut -d' ' -f1-4)" ".TH ALEXNET 1 1970-01-02" "the title"
! LC_ALL=C grep -n '[^ -~]' alexnet.1 || fail "characters that are not ASCII"

# A line that begins with a dot is not text, and must be one of these.
grep '^[.'"']" alexnet.1 | grep -Ev '^\.(TH|SH|SS) .|^\.(TP|PP|nf|fi|RS|RE)$' >others
[ ! -s others ] || fail "not text: $(cat others)"
has alexnet.1 '\&.tar archive' # which is one, where lines are broken there
sed 's/^\.S[HS] //; s/^\.T[HP].*//; /^\.[A-Zn]/d; s/\\f[BIR]//g; s/\\&//g; s/\\-/-/g
     s/\\(aq/'"'"'/g; s/\\(ga/`/g; s/\\(ha/^/g; s/\\(ti/~/g; s/\\e/\\/g' alexnet.1 | tr '\n' ' ' >text
! grep -o '.....\\(aq.....' text || fail "an escape is left"

# said LINE: the paragraphs and options of its help, each in a line.
said() {
    expect 0 $1 --help
    awk '/^Examples:/ { exit } /^(Usage|Commands|[A-Z][^:]*):/ && NR < 4 { next }
        /^$|^[A-Z].*:$/ { new = 1; next }
        /^  [^ ]|^      -/ { new = 1; sub(/^  (-.,)?  */, "") }
        { sub(/^ */, ""); gsub(/  +/, " "); printf "%s%s", new ? "\n" : " ", $0; new = 0 }
        END { print "" }' out | sed 1d
}
"$ALEXNET" help | sed -n 's/^  \([a-z]*\) .*/\1/p' >each
printf 'data %s\n' check pack stats >>each
while read -r line; do
    said "$line" | grep -v -e '^--help print' >lines
    less 0 "$(wc -l <lines)" "paragraphs about $line"
    while read -r paragraph; do
        grep -qF -e "$paragraph" text || fail "$line: the manual lacks '$paragraph'"
    done <lines
    grep -qF -e "\"alexnet $line\"" text || fail "no section about $line"
done <each
has text "EXIT STATUS" "143 by SIGTERM"

if command -v mandoc >/dev/null; then
    mandoc -Tlint alexnet.1 >out || fail "mandoc finds faults"
    [ ! -s out ] || fail "mandoc finds faults"
fi
if command -v groff >/dev/null; then
    groff -man -ww -Tutf8 alexnet.1 2>err >rendered || fail "groff finds faults"
    [ ! -s err ] || fail "groff finds faults"
fi
exit 0
