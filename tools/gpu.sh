#!/bin/sh
# Test the cuda backend on this machine's GPU, in one call: first correctness, then speed.
#
#     gpu.sh OUT [PACKED|BUILD [SECONDS]]
#
# OUT: a folder for table.txt and logs (at most eight files). PACKED: a file of tools/gpu_pack.sh; BUILD: a build folder
# with the targets named there. SECONDS: for everything (480); what matters most comes first. Exits with 1 if a test
# failed or did not get its turn, if the demo failed, or if compute-sanitizer found something. Speed is measured even
# then: the table says so, and such figures do not count.
set -u
out=$1
from=${2:-build/release}
seconds=${3:-480}
ours=
mkdir -p "$out"
out=$(cd "$out" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
began=$(date +%s)
work=$(mktemp -d)
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
# cuDNN, cuBLASLt and the libraries that they open, as installed by pip.
pip=$(python3 -c 'import nvidia, os
print(":".join(os.path.join(d, p, "lib") for d in nvidia.__path__ for p in os.listdir(d)
               if os.path.isdir(os.path.join(d, p, "lib"))))' 2> /dev/null)
libraries=${ours:+$ours:}${LD_LIBRARY_PATH:-}${pip:+:$pip} # for our programs alone, not for Python

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
    LD_LIBRARY_PATH=$libraries timeout -k 5 "$limit" "$@" > "$out/$name.log" 2>&1
    code=$?
    say "$name: exit $code, $(($(date +%s) - start)) s"
    return $code
}
good=yes
check() { # NAME LIMIT COMMAND...: a test
    run "$@"
    verdict=$?
    grep -E 'FAILED|ERROR|error|skipped' "$out/$1.log" 2> /dev/null | head -30
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
must devices 60 "$bin/alexnet" selftest --json
grep -A12 '"devices"' "$out/devices.log" 2> /dev/null | head -14
for part in maps elements steps; do
    must "kernels-$part" 30 "$bin/test_cuda_${part}_gpu"
done
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
for test in $running; do
    wait "$test" || good=no
done
unset OMP_WAIT_POLICY
# A whole run, as a user would start it: the demo, a longer run from its end, and ten views.
may demo 60 "$bin/alexnet" demo --device cuda --out "$work/demo"
may demo-resume 30 "$bin/alexnet" train --resume "$work/demo/run" --epochs 15 --device cuda
may demo-eval 30 "$bin/alexnet" eval "$work/demo/run" "$work/demo/unseen" --views 10 --device cuda
grep -h 'top-1 error' "$out/demo-eval.log" 2> /dev/null | tee -a "$out/table.txt"
kept=0
say "tests passed: $good"

# ---- Speed ----

# NET MODE BATCH [deterministic]: a line of the table
speed() {
    name=speed-$1-$2-$3${4:+-$4}
    may "$name" 40 "$bin/cuda_speed" "$1" "$2" bf16 "$3" ${4:+1 cuda "$4"}
    [ $code -ne 0 ] || head -1 "$out/$name.log" | tee -a "$out/table.txt"
}
# NET BATCH: what of a training step takes more than 1.5 times its floor, and more than 0.02 ms
slow() {
    log=$out/speed-$1-train-$2.log
    [ ! -e "$log" ] || awk '/^  / && $3 > 0.02 && $NF ~ /^[0-9.]+$/ && $NF > 1.5' "$log" | tee -a "$out/table.txt"
}
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
    timeout -k 5 $((peer_seconds + 10)) python3 "$peer" cuda "$peer_seconds" 2> "$out/peer.log" | tee "$out/peer.txt"
    cat "$out/peer.txt" >> "$out/table.txt"
fi
for net in alexnet-owt alexnet; do
    speed $net train 2048
    slow $net 2048
    speed $net train 128
    speed $net infer 128
    speed $net train 512 deterministic
done
may bench 40 "$bin/alexnet" bench --device cuda --net alexnet-owt --precision bf16 --batch 512 --steps 10
grep -E '^(peak|copy) ' "$out/bench.log" | tee -a "$out/table.txt"

# ---- Memory and races ----

sanitize() { # NAME TOOL COMMAND...
    name=$1 tool=$2
    shift 2
    [ "$(left)" -gt 10 ] || return
    api= # asking whether the device is done is no error
    [ "$tool" != memcheck ] || api="--report-api-errors no"
    # shellcheck disable=SC2086 # two words or none
    may "sanitizer-$name" 45 compute-sanitizer --tool "$tool" $api --error-exitcode 9 "$@"
    tail -3 "$out/sanitizer-$name.log"
}
if command -v compute-sanitizer > /dev/null; then # the shortest first
    for part in steps elements maps; do
        sanitize "race-$part" racecheck "$bin/test_cuda_${part}_gpu"
        sanitize "memory-$part" memcheck "$bin/test_cuda_${part}_gpu"
    done
    cd "$tests" && sanitize memory-parity memcheck "$bin/test_parity_cuda" test_other_networks
fi

cd "$out" || exit 1
cat speed-*.log bench.log > speed.txt 2> /dev/null
cat devices.log kernels-*.log batches.log steps.log resume.log cuda-*.log > checks.txt 2> /dev/null
cat demo*.log > demo.txt 2> /dev/null
cat sanitizer-*.log > sanitizer.txt 2> /dev/null
for log in *.log; do
    case $log in parity.log|peer.log) ;; *) rm "$log" ;; esac
done
say "all passed: $good"
cat table.txt
[ $good = yes ]
