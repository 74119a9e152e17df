#!/bin/sh
# Test the cuda backend on this machine's GPU, in one call: first correctness, then speed.
#
#     gpu.sh OUT [PACKED|BUILD [SECONDS]]
#
# OUT: a folder for table.txt, logs, and tuning.ini with the algorithms that were fastest (at most eight files, which
# replace those of an earlier call); what has ended is in them even if this script is killed. PACKED: a file of
# tools/gpu_pack.sh; BUILD: a build folder with the targets named there. SECONDS: for everything (480; with 560 less is
# left out); what matters most comes first. Exits with 1 if there is no GPU, if a test failed or did not get its turn, if
# the demo failed, or if compute-sanitizer found something. Speed is measured even then: the table says so, and such
# figures do not count.
set -u
out=$1
from=${2:-build/release}
seconds=${3:-480}
ours=
mkdir -p "$out"
out=$(cd "$out" && pwd) || exit 1
# Results of an earlier call would count as results of this one.
(cd "$out" && rm -f table.txt tuning.ini checks.txt parity.txt demo.txt speed.txt sanitizer.txt peer.log)
root=$(cd "$(dirname "$0")/.." && pwd)
began=$(date +%s)
work=$(mktemp -d)
logs=$work/logs
mkdir "$logs"
trap 'rm -rf "$work"' EXIT
kept=$((seconds / 3)) # for speed, while tests run
left() { echo $((seconds - kept - ($(date +%s) - began))); }
say() { echo "$*" | tee -a "$out/table.txt"; }

# Tests with a part for cuda, which also run on a fake device.
others="feature_goldens lpips parts program purpose saliency trainer_guards trainer_norms trainer_rules"

if [ -d "$from" ]; then
    from=$(cd "$from" && pwd)
    bin=$work/bin
    mkdir -p "$bin"
    cp "$from/cli/alexnet" "$from"/tests/test_cuda_*_gpu "$from/tests/test_parity_cuda" \
       "$from/tests/test_batches_cuda" "$from/tests/test_steps" "$from/tests/test_trainer_resume" \
       "$from/bench/cuda_speed" "$bin"
    for test in sharing $others; do
        cp "$from/tests/test_$test" "$bin"
    done
    tests=$root/tests
    peer=$root/bench/peer_torch.py
else
    tar -xJf "$from" -C "$work"
    bin=$work/bin
    tests=$work/tests
    peer=$work/peer_torch.py
    ours=$work/lib
fi
[ -x "$bin/alexnet" ] || { echo "gpu.sh: $from: neither a build folder nor a file of tools/gpu_pack.sh"; exit 1; }
# cuDNN, cuBLASLt and the libraries that they open, as installed by pip.
pip=$(python3 -c 'import nvidia, os
print(":".join(os.path.join(d, p, "lib") for d in nvidia.__path__ for p in os.listdir(d)
               if os.path.isdir(os.path.join(d, p, "lib"))))' 2> /dev/null)
toolkit=/usr/local/cuda # whose programs and libraries may not be in the search paths
libraries=${ours:+$ours:}${LD_LIBRARY_PATH:-}${pip:+:$pip}:$toolkit/lib64 # for our programs alone, not for Python
PATH=$PATH:$toolkit/bin

file_of() { # NAME: the file of OUT that gets the log
    case $1 in
    parity) echo parity.txt ;;
    demo*) echo demo.txt ;;
    speed-*|bench) echo speed.txt ;;
    sanitizer-*) echo sanitizer.txt ;;
    *) echo checks.txt ;;
    esac
}
run() { # NAME LIMIT COMMAND...: a log of its own, and a line of the table
    name=$1 limit=$2
    shift 2
    [ "$limit" -lt "$(left)" ] || limit=$(left)
    if [ "$limit" -le 0 ]; then
        say "$name: no time left"
        code=124
        return $code
    fi
    start=$(date +%s)
    # -k: after a fault, a process may be stuck in the driver
    LD_LIBRARY_PATH=$libraries timeout -k 5 "$limit" "$@" > "$logs/$name.log" 2>&1
    code=$?
    { echo "== $name"; cat "$logs/$name.log"; } >> "$out/$(file_of "$name")"
    say "$name: exit $code, $(($(date +%s) - start)) s"
    return $code
}
good=yes
check() { # NAME LIMIT COMMAND...: a test
    run "$@"
    verdict=$?
    grep -E 'FAILED|ERROR|error|skipped' "$logs/$1.log" 2> /dev/null | head -30
    return $verdict
}
must() { # NAME LIMIT COMMAND...: a test, which must pass
    check "$@" || good=no
}
may() { # NAME LIMIT COMMAND...: what may be left out for lack of time, but must not fail
    run "$@"
    case $? in 0|124) ;; *) good=no ;; esac
}

# ---- Correctness ----

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>&1 | tee -a "$out/table.txt"
must devices 60 "$bin/alexnet" selftest --device cuda --json
if [ $code -eq 4 ]; then
    say "no GPU to test: $(head -1 "$logs/devices.log")"
    exit 1
fi
for part in maps elements steps; do
    must "kernels-$part" 30 "$bin/test_cuda_${part}_gpu"
done

sanitize() { # NAME TOOL COMMAND...: unless this has been done
    name=sanitizer-$1 tool=$2
    shift 2
    [ ! -e "$logs/$name.log" ] && [ "$(left)" -gt 10 ] || return 0
    api= # asking whether the device is done is no error
    [ "$tool" != memcheck ] || api="--report-api-errors no"
    # shellcheck disable=SC2086 # two words or none
    run "$name" 45 compute-sanitizer --tool "$tool" $api --error-exitcode 9 "$@"
    tail -3 "$logs/$name.log" 2> /dev/null
    case $code in
    0|124) ;;
    *) grep -q 'Device not supported' "$logs/$name.log" || return 1 # as in some sandboxes
    esac
    return 0
}
sanitize_kernels() { # TOOL: our kernels, the shortest first, until everything else has been tested
    for part in steps elements maps; do
        [ ! -e "$work/tested" ] || return 0
        sanitize "$1-$part" "$1" "$bin/test_cuda_${part}_gpu" || return 1
    done
}

# All at the same time: most of their work is on the CPU, to know what is right.
export OMP_WAIT_POLICY=passive # or their threads, of which there are more than CPUs, wait in busy loops
running=
start() { # NAME LIMIT COMMAND...: a test, which must pass; waited for below
    check "$@" &
    running="$running $!"
}
start parity 150 sh -c "cd '$tests' && '$bin/test_parity_cuda'"
start batches 200 sh -c "cd '$tests' && '$bin/test_batches_cuda'"
start steps 90 sh -c "cd '$tests' && '$bin/test_steps'"
start resume 120 sh -c "cd '$tests' && '$bin/test_trainer_resume' 'test_stops_on_cuda*'"
for test in $others; do
    start "cuda-$test" 90 sh -c "cd '$tests' && '$bin/test_$test'"
done
start cuda-sharing 90 sh -c "cd '$tests' && '$bin/test_sharing' cuda"
beside=
if command -v compute-sanitizer > /dev/null; then
    sanitize_kernels racecheck & beside="$beside $!"
    sanitize_kernels memcheck & beside="$beside $!"
else
    say "compute-sanitizer: not found"
fi
for test in $running; do
    wait "$test" || good=no
done
: > "$work/tested"
for test in $beside; do
    wait "$test" || good=no
done
unset OMP_WAIT_POLICY
# A whole run, as a user would start it: the demo, a longer run from its end, and ten views.
may demo 60 "$bin/alexnet" demo --device cuda --out "$work/demo"
may demo-resume 30 "$bin/alexnet" train --resume "$work/demo/run" --epochs 15 --device cuda
may demo-eval 30 "$bin/alexnet" eval "$work/demo/run" "$work/demo/unseen" --views 10 --device cuda
grep -h 'top-1 error' "$logs/demo-eval.log" 2> /dev/null | tee -a "$out/table.txt"
kept=0
say "tests passed: $good"

# ---- Speed ----

# NET MODE BATCH [deterministic]: a line of the table, and the rows of a tuning
speed() {
    name=speed-$1-$2-$3${4:+-$4}
    may "$name" 60 "$bin/cuda_speed" "$1" "$2" bf16 "$3" ${4:+1 cuda "$4"}
    [ $code -eq 0 ] || return 0
    grep "^$1 $2 bf16 $3 " "$logs/$name.log" | sed "s/\$/${4:+ $4}/" | tee -a "$out/table.txt"
    [ $# -gt 3 ] || awk '/^\[/ { row = 1 } row { print } /^$/ { row = 0 }' "$logs/$name.log" >> "$out/tuning.ini"
}
# NET BATCH: what of a training step takes more than 1.5 times its floor, and more than 0.02 ms
slow() {
    log=$logs/speed-$1-train-$2.log
    [ ! -e "$log" ] || awk '/^  / && $3 > 0.02 && $NF ~ /^[0-9.]+$/ && $NF > 1.5' "$log" | tee -a "$out/table.txt"
}
say "columns: network, mode, precision, batch, ms, images/s; of PyTorch: network, mode, batch, way, ms, images/s"
say "indented: parts above 1.5 times their floor: name, pass, ms, work, its speed, memory, floor in ms, ratio"
for net in alexnet-owt alexnet; do
    speed $net train 512
    slow $net 512
    speed $net infer 1
    speed $net infer 2048
done
# PyTorch in a part of what is left, but in enough of it for what torch.compile makes of training.
peer_seconds=$(($(left) - 60))
[ $peer_seconds -gt 90 ] || peer_seconds=$(($(left) - 10))
[ $peer_seconds -lt 200 ] || peer_seconds=200
if [ "$peer_seconds" -gt 10 ]; then
    timeout -k 5 $((peer_seconds + 10)) python3 "$peer" cuda "$peer_seconds" 2> "$out/peer.log" | tee -a "$out/table.txt"
fi
for net in alexnet-owt alexnet; do
    speed $net train 2048
    slow $net 2048
done
for net in alexnet-owt alexnet; do
    speed $net train 128
    speed $net infer 128
    speed $net train 512 deterministic
done
# With the algorithms found above, which shows that such a file is accepted.
tuned=
[ ! -s "$out/tuning.ini" ] || tuned="--tuning $work/tuning.ini"
cp "$out/tuning.ini" "$work" 2> /dev/null # a path without blanks
# shellcheck disable=SC2086 # two words or none
may bench 40 "$bin/alexnet" bench --device cuda --net alexnet-owt --precision bf16 --batch 512 --steps 10 $tuned
grep -E '^(peak|copy) ' "$logs/bench.log" 2> /dev/null | tee -a "$out/table.txt"

# What is wanted of an H200, by the table: PyTorch's lines have a way between batch and milliseconds.
awk '
function target(what, got, wanted, met) {
    printf "target: %s: %s, wanted %s: %s\n", what, got, wanted, got == "?" ? "not measured" : met ? "met" : "missed"
}
function beside_peer(net, batch, times) {
    key = net " train " batch
    if (key in ms && key in peer)
        target(key ", times PyTorch, " way[key], sprintf("%.2f", peer[key] / ms[key]), times, peer[key] >= times * ms[key])
    else
        target(key ", times PyTorch", "?", times)
}
function rate(net, mode, batch, least) {
    key = net " " mode " " batch
    target(key ", images/s", key in per_second ? per_second[key] : "?", least, per_second[key] >= least)
}
NF == 6 && $3 == "bf16" { ms[$1 " " $2 " " $4] = $5; per_second[$1 " " $2 " " $4] = $6 }
NF == 6 && $3 ~ /^[0-9]+$/ && $5 ~ /^[0-9.]+$/ {
    key = $1 " " $2 " " $3
    if (!(key in peer) || $5 < peer[key]) {
        peer[key] = $5
        way[key] = $4
    }
}
/^  .* TFLOP\/s / { slow++ }
NF == 6 && $2 == "train" && $3 == "bf16" && $4 >= 512 { listed++ } # of which slow parts are listed
END {
    for (i = split("alexnet-owt alexnet", nets, " "); i > 0; i--) {
        net = nets[i]
        beside_peer(net, 512, net == "alexnet" ? 3 : 2)
        beside_peer(net, 2048, net == "alexnet" ? 3 : 2)
        rate(net, "train", 512, 40000)
        rate(net, "infer", 2048, 150000)
        key = net " infer 1"
        target(key ", ms", key in ms ? ms[key] : "?", 0.25, ms[key] <= 0.25)
    }
    target("parts above 1.5 times their floor", slow || listed == 4 ? slow + 0 : "?", 0, !slow)
}' "$out/table.txt" > "$work/targets"
say "$(cat "$work/targets")"

# ---- Memory and races: what there was no time for beside the tests ----

if command -v compute-sanitizer > /dev/null; then
    rm "$work/tested"
    sanitize_kernels racecheck || good=no
    sanitize_kernels memcheck || good=no
    cd "$tests" && { sanitize memory-parity memcheck "$bin/test_parity_cuda" test_other_networks || good=no; }
fi
say "all passed: $good"
cat "$out/table.txt"
[ $good = yes ]
