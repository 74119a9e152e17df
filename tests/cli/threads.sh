# Threads and the environment: schedulers may allow fewer threads than were asked for, which give the
# same weights; a split starts no threads.
. "$(dirname "$0")/lib.sh"

pictures data 4

for precision in fp32 auto; do
    train data/pictures --epochs 1 --precision $precision --threads 2 --out two-$precision -q
    OMP_THREAD_LIMIT=1
    export OMP_THREAD_LIMIT
    train data/pictures --epochs 1 --precision $precision --threads 2 --out limited-$precision
    has err "1 of 2 threads are used, as OMP_THREAD_LIMIT says"
    unset OMP_THREAD_LIMIT
    train data/pictures --epochs 1 --precision $precision --threads 1 --split 2 --out split-$precision
    for run in limited split; do
        cmp two-$precision/best.safetensors $run-$precision/best.safetensors ||
            fail "$run-$precision has other weights"
    done
done

# More groups than pictures, and one thread.
train data/pictures --epochs 1 --precision fp32 --threads 1 --split 4096 --out many -q

# More threads than CPUs can use: the split is what was asked for, also where the run goes on.
train data/pictures --epochs 1 --precision fp32 --threads 4096 --out crowd
has err "of 4096 threads are used, 8 for each CPU"
cmp many/best.safetensors crowd/best.safetensors || fail "crowd has other weights"
for run in many crowd; do
    expect 0 train --resume $run --epochs 2 --threads 2
done
cmp many/last.safetensors crowd/last.safetensors || fail "crowd goes on to other weights"

# Where oneDNN may not use the processor's instructions, ref computes convolutions: once is enough to
# say so, however many layers, directions and sessions there are.
ONEDNN_MAX_CPU_ISA=SSE41
export ONEDNN_MAX_CPU_ISA
train data/pictures --epochs 1 --threads 1 --device cpu --out old
[ "$(grep -c "is computed by ref" err)" -le 1 ] || fail "a warning is repeated"
