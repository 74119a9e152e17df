# Schedulers may allow fewer threads than were asked for: these give the same weights, and a split
# starts no threads.
. "$(dirname "$0")/lib.sh"

pictures data 4


for precision in fp32 auto; do
    train data/pictures --epochs 1 --precision $precision --threads 2 --out two-$precision -q
    OMP_THREAD_LIMIT=1
    export OMP_THREAD_LIMIT
    train data/pictures --epochs 1 --precision $precision --threads 2 --out limited-$precision
    has err "OMP_THREAD_LIMIT allows 1 of 2 threads"
    unset OMP_THREAD_LIMIT
    train data/pictures --epochs 1 --precision $precision --threads 1 --split 2 --out split-$precision
    for run in limited split; do
        cmp two-$precision/best.safetensors $run-$precision/best.safetensors ||
            fail "$run-$precision has other weights"
    done
done

# More groups than pictures, and one thread.
train data/pictures --epochs 1 --precision fp32 --threads 1 --split 4096 --out many -q
