/*
 * Any bytes as a file of a picture index, the header of a safetensors file as text up to the first
 * zero byte: an error that names the file, or rows and names that lie within it.
 */
#include "base/status.h"
#include "fuzz/folder.h"
#include "fuzz/header.h"
#include "infer/index_shard.h"

enum { DIMS = 3 };

static void check(const an_index_shard *shard)
{
    const char *begin = (const char *)shard->mapping.bytes, *end = begin + shard->mapping.length;
    for (int64_t i = 0; i < shard->count; i++) {
        const float *row = an_index_shard_row(shard, i);
        volatile float last = row ? row[DIMS - 1] : 0;
        volatile int64_t stamp = shard->stamps[i];
        (void)last, (void)stamp;
        require(!row || ((const char *)row >= begin && (const char *)(row + DIMS) <= end));
        if (an_index_shard_check(shard, i) != ALEXNET_OK)
            require(strstr(an_error_text(), shard->path) == an_error_text());
        require(shard->key[i] >= begin && shard->key[i] + strlen(shard->key[i]) < end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_index_shard shard;
    size_t whole;
    folder_make();
    uint8_t *file = with_header_length(bytes, length, &whole);
    folder_write("fc-000001.safetensors", file, whole);
    free(file);
    if (an_index_shard_open(&shard, folder_path("fc-000001.safetensors"), "fc", DIMS) == ALEXNET_OK)
        check(&shard);
    else
        require(!shard.path && strstr(an_error_text(), "fc-000001"));
    an_index_shard_close(&shard);
    return 0;
}
