/*
 * NumPy's archive of arrays (.npz), with the metadata of a model as strings in it, so that it can
 * be read as a whole model again. numpy.load() opens it; the elements of each array begin at a
 * multiple of 64 bytes.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/crc32.h"
#include "base/status.h"
#include "format/npy_text.h"
#include "format/zip_write.h"
#include "model/export/export.h"
#include "tensor/npy_header.h"

/* A member: its header, then its elements. */
static alexnet_status begin(an_zip_writer *zip, const char *name, const char *header, uint32_t crc,
                            uint64_t bytes)
{
    char *member = an_format("%s.npy", name);
    if (!member)
        return AN_FAIL_MEMORY(strlen(name), "a name");
    alexnet_status rc = an_zip_writer_begin(zip, member, crc, AN_NPY_HEADER + bytes);
    an_free(member);
    return rc == ALEXNET_OK ? an_zip_writer_put(zip, header, AN_NPY_HEADER) : rc;
}

static alexnet_status put_text(void *to, const char *key, const char *value)
{
    an_zip_writer *zip = to;
    char header[AN_NPY_HEADER], descr[24];
    const size_t count = an_npy_text_length(value), bytes = count * 4;
    unsigned char *block = an_malloc(bytes + 1);
    if (!block)
        return AN_FAIL_MEMORY(bytes, key);
    an_npy_text_put(block, value);
    an_npy_text_type(descr, count);
    an_npy_header_write(header, descr, an_shape_of(0));
    const uint32_t crc = an_crc32(an_crc32(0, header, sizeof header), block, bytes);
    alexnet_status rc = begin(zip, key, header, crc, bytes);
    if (rc == ALEXNET_OK)
        rc = an_zip_writer_put(zip, block, bytes);
    an_free(block);
    return rc;
}

static alexnet_status sum(void *crc, const void *bytes, size_t length)
{
    *(uint32_t *)crc = an_crc32(*(uint32_t *)crc, bytes, length);
    return ALEXNET_OK;
}

static alexnet_status put(void *zip, const void *bytes, size_t length)
{
    return an_zip_writer_put(zip, bytes, length);
}

/* The checksum comes before the values in the file, so the values are read twice. */
static alexnet_status put_tensor(an_zip_writer *zip, an_net *net, const an_export_tensor *tensor)
{
    char header[AN_NPY_HEADER];
    const uint64_t count = (uint64_t)an_shape_count(tensor->shape);
    an_npy_header_write(header, tensor->type == AN_F16 ? "<f2" : "<f4", tensor->shape);
    uint32_t crc = an_crc32(0, header, sizeof header);
    AN_CHECK(an_export_values(net, tensor, sum, &crc));
    AN_CHECK(begin(zip, tensor->name, header, crc, count * an_dtype_bytes(tensor->type)));
    return an_export_values(net, tensor, put, zip);
}

static alexnet_status write_file(const char *path, an_net *net, const an_classes *classes,
                                 const char *provenance, const an_export_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    an_zip_writer *zip = NULL;
    an_export_tensor *tensors = NULL;
    int count;
    AN_TRY(an_export_tensors(&tensors, &count, net, options));
    an_export_add_lpips(tensors, &count, net, options);
    AN_TRY(an_zip_writer_new(&zip, path));
    for (int i = 0; i < count; i++)
        AN_TRY(put_tensor(zip, net, &tensors[i]));
    AN_TRY(an_model_metadata_write_to(put_text, zip, net->network, classes));
    if (*provenance)
        AN_TRY(put_text(zip, AN_METADATA_PROVENANCE, provenance));
    an_free(tensors);
    return an_zip_writer_commit(zip);
cleanup:
    an_free(tensors);
    an_zip_writer_abort(zip);
    return rc;
}

const an_export_format an_export_npz = {
    .name = "npz",
    .endings = ".npz",
    .about = "arrays for NumPy, complete: it is read as a model too",
    .without = "",
    .takes_half = true,
    .takes_names = true,
    .write = write_file,
};
