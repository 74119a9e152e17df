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
    summary=$root/tools/gpu_summary.awk
else
    tar -xJf "$from" -C "$work"
    bin=$work/bin
    tests=$work/tests
    peer=$work/peer_torch.py
    summary=$work/gpu_summary.awk
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
for folder in /opt/nvidia/nsight-compute/*; do # where ncu may be
    PATH=$PATH:$folder
done

file_of() { # NAME: the file of OUT that gets the log
    case $1 in
    parity) echo parity.txt ;;
    demo*) echo demo.txt ;;
    speed-*|bench|profile-*) echo speed.txt ;;
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
    # Parts that end at the same time take turns.
    { flock 1; echo "== $name"; cat "$logs/$name.log"; } >> "$out/$(file_of "$name")"
    say "$name: exit $code, $(($(date +%s) - start)) s"
    return $code
}
good=yes
check() { # NAME LIMIT COMMAND...: a test
    run "$@"
    verdict=$?
    if grep -q '^skipped: .*cuda' "$logs/$1.log" 2> /dev/null; then # after selftest has found the GPU
        say "$1: did not find the GPU"
        verdict=1
    fi
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

timeout -k 5 20 nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader >> "$out/table.txt" 2>&1
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
start parity 150 env -C "$tests" "$bin/test_parity_cuda"
start batches 200 env -C "$tests" "$bin/test_batches_cuda"
start steps 90 env -C "$tests" "$bin/test_steps"
start resume 120 env -C "$tests" "$bin/test_trainer_resume" 'test_stops_on_cuda*'
for test in $others; do
    start "cuda-$test" 90 env -C "$tests" "$bin/test_$test"
done
start cuda-sharing 90 env -C "$tests" "$bin/test_sharing" cuda
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

# NET MODE PRECISION BATCH [VARIANT]: a line of the table, and the rows of a tuning. VARIANT: deterministic, or a tuning.
speed() {
    name=speed-$1-$2-$3-$4${5:+-${5##*/}}
    may "$name" 60 "$bin/cuda_speed" "$1" "$2" "$3" "$4" ${5:+1 cuda "$5"}
    # A figure counts even if what follows it was cut off.
    sed -n "/^$1 $2 $3 $4 /{s|\$|${5:+ ${5##*/}}|p;q;}" "$logs/$name.log" 2> /dev/null | tee -a "$out/table.txt"
    [ $# -gt 4 ] || [ $code -ne 0 ] || awk '/^\[/ { row = 1 } row { print } /^$/ { row = 0 }' "$logs/$name.log" >> "$out/tuning.ini"
}
# NET BATCH: the parts of a training step that take more than 0.02 ms
parts() {
    log=$logs/speed-$1-train-bf16-$2.log
    [ ! -e "$log" ] || awk -F '[|]' '/^[|]/ && $5 > 0.02' "$log" | tee -a "$out/table.txt"
}
say "columns: network, mode, precision, batch, ms, images/s, variant; of PyTorch: network, mode, batch, way, ms, images/s"
say "parts: what, part, pass, ms, GFLOP, TFLOP/s, MB, floor in ms, how many times the floor"
for net in alexnet-owt alexnet; do
    speed $net train bf16 512
    parts $net 512
    speed $net infer bf16 1
    speed $net infer bf16 2048
done
# PyTorch in a part of what is left, but in enough of it for what torch.compile makes of training. It writes to the file
# itself: what it starts to compile may live on, and a pipe would wait for that.
peer_seconds=$(($(left) - 100))
[ $peer_seconds -gt 90 ] || peer_seconds=$(($(left) - 10))
[ $peer_seconds -lt 200 ] || peer_seconds=200
if [ "$peer_seconds" -gt 10 ]; then
    timeout -k 5 $((peer_seconds + 10)) python3 "$peer" cuda "$peer_seconds" >> "$out/table.txt" 2> "$out/peer.log"
fi
for net in alexnet-owt alexnet; do
    speed $net train bf16 2048
    parts $net 2048
done
for net in alexnet-owt alexnet; do
    speed $net train bf16 128
    speed $net infer bf16 128
    speed $net train bf16 512 deterministic
done
# conv1 in each of its forms, with algorithms chosen by time: which the tail of a row names, and "auto" leaves the rest open.
for form in single pairs; do
    [ $form = single ] && tails="bias relu" || tails="bias-pairs relu-pairs"
    for tail in $tails; do
        printf '[conv1]\nisa = *\nprecision = bf16\noperator = conv 11x11/4 *\ntail = %s\nforward = auto\n\n' $tail
    done > "$work/$form.ini"
    speed alexnet-owt train bf16 512 "$work/$form.ini"
    speed alexnet train bf16 512 "$work/$form.ini"
done
for precision in tf32 fp32; do
    speed alexnet-owt train $precision 512
    speed alexnet train $precision 512
done
# With the algorithms found above, which shows that such a file is accepted.
tuned=
[ ! -s "$out/tuning.ini" ] || tuned="--tuning $work/tuning.ini"
cp "$out/tuning.ini" "$work" 2> /dev/null # a path without blanks
bench() { # NAME LIMIT NET STEPS [COMMAND...]: which runs the rest
    name=$1 limit=$2 net=$3 steps=$4
    shift 4
    # shellcheck disable=SC2086 # two words or none
    run "$name" "$limit" "$@" "$bin/alexnet" bench --device cuda --net "$net" --precision bf16 --batch 512 --steps "$steps" $tuned
}
bench bench 40 alexnet-owt 10
case $code in 0|124) ;; *) good=no ;; esac
grep -E '^(peak|copy) ' "$logs/bench.log" 2> /dev/null | tee -a "$out/table.txt"
# What each kernel takes, and how often it was launched, by name and grid; that is no test.
profile() { # NET
    bench "profile-$1" 60 "$1" 1 ncu --csv --print-units base --clock-control none --cache-control none \
        --metrics gpu__time_duration.sum
    say "kernels of $1: mean us, launches, grid, name"
    awk -F '","' 'NF > 9 && $NF ~ /^[0-9,.]+"$/ {
        gsub(/[",]/, "", $NF)
        key = $9 " " substr($5, 1, 90)
        count[key]++
        sum[key] += $NF
    }
    END { for (key in sum) printf "%9.1f %5d %s\n", sum[key] / count[key] / 1000, count[key], key }' \
        "$logs/profile-$1.log" 2> /dev/null | sort -rn | head -50 >> "$out/table.txt"
}
if [ -n "$tuned" ] && command -v ncu > /dev/null; then
    profile alexnet-owt
    profile alexnet
fi

awk -f "$summary" "$out/table.txt" > "$work/summary"
say "$(cat "$work/summary")"

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
