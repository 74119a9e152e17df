# `selftest`: the devices, and every operator on them.
. "${0%/*}/lib.sh"
expect 0 selftest
has out "cpu " "ref " "oneDNN" " passed, 0 failed, "
lacks out FAILED
has out "native lrn:" "native pool_max:" "onednn " # what computed it
expect 0 selftest --json
is "$(json 1 passed)" true "verdict"
best=0
while [ "$(json 1 devices.$best.available)" = false ]; do best=$((best + 1)); done
case $(json 1 devices.$best.name) in
cpu|cuda) ;;
*) fail "best device is '$(json 1 devices.$best.name)', expected 'cpu' or 'cuda'" ;;
esac
lrn=0
while [ "$(json 1 tests.$lrn.device) $(json 1 tests.$lrn.test)" != "cpu lrn1 fp32" ]; do lrn=$((lrn + 1)); done
is "$(json 1 tests.$lrn.computed_by | sed 's/:.*//')" "native lrn" "what computed lrn1"
[ "$(json 1 tests.#)" -gt 10 ] || fail "few tests: $(json 1 tests.#)"
