# tools/gpu.sh with programs that only say how they end: what makes it fail, and what it measures all the same.
. "${0%/*}/lib.sh"

# program NAME: one that ends with the number in the file NAME.code, if there is one, and lists its calls.
program() {
    mkdir -p "${1%/*}"
    cat >"$1" <<END
#!/bin/sh
echo "${1##*/} \$*" >>"$PWD/calls"
echo "\${0##*/} \$1 said this"
[ ! -e "$PWD/\${0##*/}.says" ] || NET=\$1 MODE=\$2 BATCH=\$4 . "$PWD/\${0##*/}.says"
for word in "${1##*/}" "${1##*/}-\$1" "${1##*/}-\$2"; do
    [ ! -e "$PWD/\$word.code" ] || exit "\$(cat "$PWD/\$word.code")"
done
END
    chmod +x "$1"
}
cat >cuda_speed.says <<'END'
echo "proposal-2 is left out for something"
echo "$NET $MODE $3 $BATCH 5.0000 100000"
cat <<PARTS
peak 800.00 TFLOP/s, copies 4.00 TB/s
| $NET $MODE $BATCH | conv1 | forward | 0.5000 | 100.00 | 200.0 | 100.00 | 0.1250 | 4.00 |
| $NET $MODE $BATCH | conv2 | forward | 0.5000 | 350.00 | 700.0 | 100.00 | 0.4375 | 1.14 |
| $NET $MODE $BATCH | relu7 | forward | 0.0100 | 0.00 | 0.0 | 1.00 | 0.0003 | 40.00 |
[row of $NET $MODE $3 $BATCH]
forward = proposal-2

PARTS
END
cat >python3.says <<'END'
[ "$MODE" != cuda ] || cat <<LINES
alexnet-owt train 512 graph 12.000 42667
alexnet-owt train 512 compile+graph 10.000 51200
alexnet train 512 compile+graph no time left
LINES
END
cat >ncu.says <<'END'
cat <<LINES
==PROF== Connected to process 1
"ID","Process ID","Process Name","Host Name","Kernel Name","Context","Stream","Block Size","Grid Size","Device","CC","Section Name","Metric Name","Metric Unit","Metric Value"
"0","1","alexnet","host","void pool<8, 3>(run, int)","1","7","(256, 1, 1)","(100, 1, 1)","0","9.0","Command line profiler metrics","gpu__time_duration.sum","ns","1,000"
"1","1","alexnet","host","void pool<8, 3>(run, int)","1","7","(256, 1, 1)","(100, 1, 1)","0","9.0","Command line profiler metrics","gpu__time_duration.sum","ns","3,000"
LINES
END
for name in cli/alexnet tests/test_cuda_maps_gpu tests/test_cuda_elements_gpu tests/test_cuda_steps_gpu \
    tests/test_parity_cuda tests/test_batches_cuda tests/test_steps tests/test_trainer_resume bench/cuda_speed; do
    program "build/$name"
done
for name in feature_goldens lpips parts program purpose saliency sharing trainer_guards trainer_norms trainer_rules; do
    program "build/tests/test_$name"
done
for name in compute-sanitizer ncu python3 nvidia-smi; do
    program "path/$name"
done
PATH=$PWD/path:$PATH

# check CODE WORD [SECONDS]: run the script, and see its exit code and its verdict.
check() {
    rm -rf calls out.gpu
    sh "$source/tools/gpu.sh" out.gpu build "${3:-120}" >shown 2>&1
    is "$?" "$1" "exit code of gpu.sh"
    is "$(grep '^all passed' out.gpu/table.txt)" "all passed: $2" "verdict of gpu.sh"
    less "$(find out.gpu -type f | wc -l)" 9 "files of gpu.sh"
}

check 0 yes
for call in "alexnet selftest --device cuda --json" "test_cuda_maps_gpu" "test_batches_cuda" "test_trainer_resume test_stops_on_cuda" \
    "test_saliency" "test_sharing cuda" \
    "alexnet demo --device cuda" "alexnet train --resume" "alexnet eval .*--views 10" "cuda_speed alexnet train bf16 512" \
    "alexnet bench --device cuda" "python3 .*peer_torch.py cuda" "compute-sanitizer --tool racecheck" \
    "compute-sanitizer --tool memcheck .*test_parity_cuda test_other_networks"; do
    grep -q "^$call" calls || fail "gpu.sh does not call $call"
done

is "$(grep -c '^| alexnet.* train .* conv[12] ' out.gpu/table.txt)" 8 "parts" # two networks, two batches
grep -q '^|.* relu7 ' out.gpu/table.txt && fail "what takes no time is listed as a part"
has out.gpu/table.txt "| alexnet-owt | train | 512 | 5.000 | 100000 | 12.00 | 10.00 |  | 2.00 times as fast |" \
    "| alexnet | train | 512 | 5.000 | 100000 |  |  |  |  |" "alexnet train tf32 512 5.0000 100000" \
    "alexnet train bf16 512 5.0000 100000 pairs.ini" "      2.0     2 (100, 1, 1) void pool<8, 3>(run, int)"
grep -q "^cuda_speed alexnet train bf16 512 1 cuda deterministic" calls || fail "no deterministic run"
has out.gpu/table.txt "alexnet train bf16 512 5.0000 100000" "alexnet train bf16 512 5.0000 100000 deterministic" \
    "target: alexnet-owt train 512, times PyTorch, compile+graph: 2.00, wanted 2: met" \
    "target: alexnet train 512, times PyTorch: ?, wanted 3: not measured" \
    "target: alexnet infer 1, ms: 5.0000, wanted 0.25: missed" \
    "target: parts above 1.5 times their floor: 4, wanted 0: missed"
lacks out.gpu/table.txt "left out"
is "$(grep -c '^.row of alexnet train bf16 512.$' out.gpu/tuning.ini)" 1 "rows of a tuning, without those of the deterministic run"
grep -q "^alexnet bench .*--tuning" calls || fail "bench does not use the tuning"
for part in steps elements maps; do
    is "$(grep -c "^compute-sanitizer --tool racecheck .*test_cuda_${part}_gpu" calls)" 1 "races looked for in $part"
done

# A log follows its name, although other parts end while it is written.
printf '#!/bin/sh\nsleep 0.2\nexec %s "$@"\n' "$(command -v cat)" >path/cat
chmod +x path/cat
check 0 yes
rm path/cat
is "$(awk '/^== / && name { n++ } { name = /^== / } END { print n + 0 }' out.gpu/checks.txt)" 0 "names without a log"

# What an earlier call has left in the folder counts no more.
sh "$source/tools/gpu.sh" out.gpu build 120 >shown 2>&1
is "$(grep -c '^all passed' out.gpu/table.txt)" 1 "verdicts after a second call"
is "$(grep -c '^.row of alexnet train bf16 512.$' out.gpu/tuning.ini)" 1 "rows of a tuning after a second call"
has out.gpu/table.txt "parts above 1.5 times their floor: 4,"

# Nor is anything measured of programs that are not there.
sh "$source/tools/gpu.sh" out.gpu nowhere 120 >shown 2>&1
is "$?" 1 "exit code of gpu.sh without programs"
has shown "nowhere: neither a build folder nor"
lacks shown "exit 127"

# Each of these makes it fail, and speed is measured all the same.
for name in alexnet-selftest test_cuda_maps_gpu test_parity_cuda test_batches_cuda test_steps test_trainer_resume \
    alexnet-demo alexnet-train alexnet-eval; do
    echo 1 >"$name.code"
    check 1 no
    grep -q "^cuda_speed alexnet infer bf16 1$" calls || fail "no speed with $name"
    rm "$name.code"
done
for name in compute-sanitizer cuda_speed alexnet-bench; do # a crash at a large batch, or under the sanitizer
    echo 134 >"$name.code"
    check 1 no
    rm "$name.code"
done
echo 9 >compute-sanitizer.code
check 1 no
rm compute-sanitizer.code

# A test that skips the GPU has not passed.
echo "echo 'skipped: this machine has no device \"cuda\": its memory is full'" >test_saliency.says
check 1 no
has out.gpu/table.txt "cuda-saliency: did not find the GPU"
rm test_saliency.says

# Where compute-sanitizer does not work, that is no failure.
echo 255 >compute-sanitizer.code
echo 'echo "Device not supported. Please refer to the table of supported devices."' >compute-sanitizer.says
check 0 yes
rm compute-sanitizer.code compute-sanitizer.says

# What PyTorch leaves running, such as a compiler, is not waited for.
cp python3.says python3.lines
echo "[ \"\$MODE\" != cuda ] || { (sleep 60; : >$PWD/woke) & echo \$! >$PWD/sleeper; }" >>python3.says
check 0 yes
[ ! -e woke ] || fail "gpu.sh waits for what PyTorch has left running"
kill "$(cat sleeper)"
mv python3.lines python3.says

# A slow demo, sanitizer or measurement is no failure; a test without its turn is one.
for name in alexnet-demo compute-sanitizer cuda_speed alexnet-bench python3 ncu; do
    echo 124 >"$name.code"
    check 0 yes
    rm "$name.code"
done
check 1 no 0
has shown "parity: no time left" "parts above 1.5 times their floor: ?, wanted 0: not measured"

# Without a GPU nothing else is tried.
echo 4 >alexnet-selftest.code
sh "$source/tools/gpu.sh" out.gpu build 120 >shown 2>&1
is "$?" 1 "exit code of gpu.sh without a GPU"
has shown "no GPU to test: "
rm alexnet-selftest.code

# What has ended before the script is killed is in the table and the logs.
cat >alexnet.says <<END
[ "\$NET" != demo ] || kill -9 "\$(cat "$PWD/pid")"
END
rm -rf out.gpu
mkdir killed
TMPDIR=$PWD/killed sh -c 'echo $$ >pid && exec sh "$1" out.gpu build 120' - "$source/tools/gpu.sh" >shown 2>&1
has out.gpu/table.txt "resume: exit 0"
has out.gpu/checks.txt "== resume" "test_trainer_resume test_stops_on_cuda* said this"
