# The demo as it is, for three seeds: nine of ten unseen pictures are recognised. It takes minutes,
# so it belongs to `make test-long`.
. "${0%/*}/lib.sh"
if [ -z "${ALEXNET_DATA:-}" ]; then
    echo "skipped: part of make test-long, which sets ALEXNET_DATA"
    exit 77
fi
for seed in 1 2 3; do
    expect 0 demo --seed $seed --out seed-$seed --json --quiet
    echo "seed $seed: error $(json 1 top1_error), $(json 1 seconds) seconds"
    is "$(json 1 images)" 500 "unseen pictures"
    less "$(json 1 top1_error)" 0.1000001 "error of seed $seed"
done
