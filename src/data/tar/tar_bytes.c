#include "base/status.h"
#include "data/tar/tar_impl.h"

alexnet_status an_tar_peek(an_tar *tar, uint64_t offset, size_t length, const unsigned char **bytes)
{
    const bool inside = offset >= tar->window_at && offset - tar->window_at <= tar->window_length &&
                        length <= tar->window_length - (size_t)(offset - tar->window_at);
    if (!inside) {
        uint64_t room = tar->end > offset ? tar->end - offset : 0;
        size_t wanted = room < AN_TAR_WINDOW ? (size_t)room : AN_TAR_WINDOW;
        tar->window_length = 0;
        if (length > wanted)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: it ends at byte %llu", tar->name,
                           (unsigned long long)tar->end);
        AN_CHECK(an_reader_read(tar->reader, offset, tar->window, wanted));
        tar->window_at = offset;
        tar->window_length = wanted;
    }
    *bytes = tar->window + (offset - tar->window_at);
    return ALEXNET_OK;
}

alexnet_status an_tar_fail_damaged(const an_tar *tar, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is damaged at byte %llu: %s", tar->name,
                   (unsigned long long)tar->at, what);
}

alexnet_status an_tar_step(an_tar *tar, uint64_t length, uint64_t *offset)
{
    *offset = tar->at + AN_TAR_BLOCK;
    const uint64_t left = tar->end - *offset;
    if (length > left)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is cut short: the member at byte %llu has %llu bytes, and the archive "
                       "ends %llu after its header",
                       tar->name, (unsigned long long)tar->at, (unsigned long long)length,
                       (unsigned long long)left);
    const uint64_t padding = (AN_TAR_BLOCK - length % AN_TAR_BLOCK) % AN_TAR_BLOCK;
    tar->at = *offset + (padding > left - length ? left : length + padding);
    return ALEXNET_OK;
}

alexnet_status an_tar_fail_sparse(const an_tar *tar)
{
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has a sparse file before byte %llu, whose bytes are not all there; make the "
                   "archive again without --sparse",
                   tar->name, (unsigned long long)tar->at);
}
