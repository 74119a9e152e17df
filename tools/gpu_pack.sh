#!/bin/sh
# Pack what tools/gpu.sh needs on a machine that has a GPU, CUDA's libraries and Python, but not the
# libraries that this project uses: programs, tests and shared libraries, in one file.
#
#     gpu_pack.sh BUILD FILE.tar.xz       BUILD: a build folder of CMake with the cuda backend
set -eu
build=$(cd "$1" && pwd)
out=$2
root=$(cd "$(dirname "$0")/.." && pwd)
kernels="test_cuda_maps_gpu test_cuda_elements_gpu test_cuda_steps_gpu"
# shellcheck disable=SC2086 # a list of targets
cmake --build "$build" --target alexnet $kernels test_parity_cuda test_batches_cuda test_steps \
    test_trainer_resume cuda_speed > /dev/null
others="test_feature_goldens test_lpips test_parts test_program test_purpose test_saliency test_sharing \
    test_trainer_guards test_trainer_norms test_trainer_rules" # with a part for cuda, also on a fake device
# shellcheck disable=SC2086
cmake --build "$build" --target $others > /dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/lib" "$work/tests/golden"
cp "$build/cli/alexnet" "$build/tests/test_parity_cuda" "$build/tests/test_batches_cuda" \
   "$build/tests/test_steps" "$build/tests/test_trainer_resume" "$build/bench/cuda_speed" "$work/bin/"
for test in $kernels $others; do
    cp "$build/tests/$test" "$work/bin/"
done
strip "$work"/bin/*
# Shared libraries other than the C library itself, under the names that programs load.
for program in "$work"/bin/*; do
    ldd "$program" | awk '$3 ~ /^\// { print $1, $3 }'
done | sort -u | while read -r name path; do
    case $name in
    libc.so.*|libm.so.*|libdl.so.*|librt.so.*|libpthread.so.*|ld-linux*) ;;
    *) cp -L "$path" "$work/lib/$name" ;;
    esac
done
strip --strip-unneeded "$work"/lib/* 2> /dev/null || true
cp -R "$root/tests/golden/steps" "$work/tests/golden/"
cp -R "$root/tests/golden/features" "$root/tests/golden/lpips" "$root/tests/golden/saliency" "$work/tests/golden/"
cp "$root/tools/gpu.sh" "$root/tools/gpu_summary.awk" "$root/bench/peer_torch.py" "$work/"
# One dictionary for all: the programs are alike, and the file is then less than half as large.
tar -C "$work" -c . | xz -T1 -9 > "$out"
ls -l "$out"
