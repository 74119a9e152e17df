# `selftest`: the devices, and every operator on them.
. "${0%/*}/lib.sh"
expect 0 selftest
has out "cpu " "ref " "oneDNN" " passed, 0 failed, "
lacks out FAILED
has out "native lrn:" "native pool_max:" "onednn " # what computed it
expect 0 selftest --json
is "$(json 1 passed)" true "verdict"
is "$(json 1 devices.0.name)" cpu "best device"
is "$(json 1 tests.2.computed_by | sed 's/:.*//')" "native lrn" "what computed lrn1"
[ "$(json 1 tests.#)" -gt 10 ] || fail "few tests: $(json 1 tests.#)"
