#!/bin/sh
# Test the cuda backend on this machine's GPU, in one call: first correctness, then speed.
#
#     gpu.sh OUT [PACKED|BUILD [SECONDS]]
#
# OUT: a folder for table.txt and logs (seven files). PACKED: a file of tools/gpu_pack.sh; BUILD: a build folder with
# the targets named there. SECONDS: for everything (270). Speed is measured even if a test
# failed: the table says so, and such figures do not count.
set -u
out=$1
from=${2:-build/release}
seconds=${3:-270}
ours=
mkdir -p "$out"
out=$(cd "$out" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
began=$(date +%s)
left() { echo $((seconds - ($(date +%s) - began))); }
say() { echo "$*" | tee -a "$out/table.txt"; }

if [ -d "$from" ]; then
    from=$(cd "$from" && pwd)
    bin=$out/bin
    mkdir -p "$bin"
    cp "$from/cli/alexnet" "$from"/tests/test_cuda_*_gpu "$from/tests/test_parity_cuda" "$from/tests/test_steps" \
       "$from/tests/test_trainer_resume" "$from/bench/cuda_speed" "$bin"
    for test in feature_goldens lpips parts program purpose saliency sharing trainer_guards trainer_norms trainer_rules; do
        cp "$from/tests/test_$test" "$bin"
    done
    tests=$root/tests
    peer=$root/bench/peer_torch.py
else
    place=$(mktemp -d)
    tar -xJf "$from" -C "$place"
    bin=$place/bin
    tests=$place/tests
    peer=$place/peer_torch.py
    ours=$place/lib
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
        return 1
    fi
    start=$(date +%s)
    LD_LIBRARY_PATH=$libraries timeout "$limit" "$@" > "$out/$name.log" 2>&1
    code=$?
    say "$name: exit $code, $(($(date +%s) - start)) s"
    return $code
}

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>&1 | tee -a "$out/table.txt"
good=yes
run devices 30 "$bin/alexnet" selftest --json || true
grep -A12 '"devices"' "$out/devices.log" | head -14
for part in maps elements steps; do
    run "kernels-$part" 30 "$bin/test_cuda_${part}_gpu" || good=no
    grep -E 'FAILED|ERROR|skipped' "$out/kernels-$part.log" | head
done
run parity 100 sh -c "cd '$tests' && '$bin/test_parity_cuda'" || good=no
grep -E 'FAILED|ERROR|error' "$out/parity.log" | head -30
run steps 40 sh -c "cd '$tests' && '$bin/test_steps'" || good=no
grep -E 'cuda|FAILED|ERROR' "$out/steps.log" | head
run resume 60 sh -c "cd '$tests' && '$bin/test_trainer_resume' 'test_stops_on_cuda*'" || good=no
grep -E 'cuda|FAILED|ERROR' "$out/resume.log" | head
for test in feature_goldens lpips parts program purpose saliency trainer_guards trainer_norms trainer_rules; do
    run "$test" 20 sh -c "cd '$tests' && '$bin/test_$test'" || good=no
done
run sharing 20 sh -c "cd '$tests' && '$bin/test_sharing' cuda" || good=no
say "tests passed: $good"

# NET MODE BATCH STEPS
speed() {
    run "speed-$1-$2-$3" 40 "$bin/cuda_speed" "$1" "$2" bf16 "$3" "$4" &&
        head -1 "$out/speed-$1-$2-$3.log" | tee -a "$out/table.txt"
}
for net in alexnet-owt alexnet; do
    speed $net train 512 20
    speed $net infer 1 100
    speed $net infer 2048 20
    speed $net train 2048 10
    speed $net train 128 20
    speed $net infer 128 20
done
if command -v compute-sanitizer > /dev/null && [ "$(left)" -gt 100 ]; then
    run sanitizer 45 sh -c "cd '$tests' && compute-sanitizer --tool memcheck --error-exitcode 9 \
        '$bin/test_parity_cuda' test_other_networks"
    tail -3 "$out/sanitizer.log"
    run sanitizer-kernels 45 compute-sanitizer --tool memcheck --error-exitcode 9 \
        "$bin/test_cuda_elements_gpu"
    tail -3 "$out/sanitizer-kernels.log"
fi
if [ "$(left)" -gt 20 ]; then
    peer_seconds=$(($(left) - 15))
    timeout "$(left)" python3 "$peer" cuda "$peer_seconds" 2> "$out/peer.log" | tee "$out/peer.txt"
    cat "$out/peer.txt" >> "$out/table.txt"
fi
cat "$out"/speed-*.log > "$out/speed.txt" 2> /dev/null
cat "$out/devices.log" "$out/steps.log" "$out/resume.log" > "$out/checks.log"
rm -rf "$out"/speed-*.log "$out/devices.log" "$out/steps.log" "$out/resume.log" "$out/bin"
cat "$out/table.txt"
[ $good = yes ]
