/*
 * safetensors with everything that our own model files have, under any names and with any type of
 * weights.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "model/export/export.h"

static alexnet_status put_data(void *writer, const void *bytes, size_t length)
{
    return an_tensor_writer_data(writer, bytes, length);
}

/* Fill a writer and commit it. It is freed, also on failure. */
static alexnet_status fill(an_tensor_writer *writer, an_net *net, const an_classes *classes,
                           const char *provenance, const an_export_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    an_export_tensor *tensors = NULL;
    int count;
    AN_TRY(an_export_tensors(&tensors, &count, net, options));
    an_export_add_lpips(tensors, &count, net, options);
    AN_TRY(an_model_metadata_write(writer, net->network, classes));
    if (*provenance)
        AN_TRY(an_tensor_writer_metadata(writer, AN_METADATA_PROVENANCE, provenance));
    for (int i = 0; i < count; i++)
        AN_TRY(
            an_tensor_writer_declare(writer, tensors[i].name, tensors[i].type, tensors[i].shape));
    for (int i = 0; i < count; i++)
        AN_TRY(an_export_values(net, &tensors[i], put_data, writer));
    an_free(tensors);
    return an_tensor_writer_commit(writer);
cleanup:
    an_free(tensors);
    an_tensor_writer_abort(writer);
    return rc;
}

alexnet_status an_export_safetensors_to(an_export_put put, void *to, const char *name, an_net *net,
                                        const an_classes *classes, const char *provenance,
                                        const an_export_options *options)
{
    an_tensor_writer *writer;
    AN_CHECK(an_tensor_writer_new_to(&writer, name, put, to));
    return fill(writer, net, classes, provenance, options);
}

static alexnet_status write_file(const char *path, an_net *net, const an_classes *classes,
                                 const char *provenance, const an_export_options *options)
{
    an_tensor_writer *writer;
    AN_CHECK(an_tensor_writer_new(&writer, path));
    an_tensor_writer_sum(writer);
    return fill(writer, net, classes, provenance, options);
}

const an_export_format an_export_safetensors = {
    .name = "safetensors",
    .endings = ".safetensors",
    .about = "model files of this program, and weights for others",
    .without = "",
    .takes_half = true,
    .takes_bf16 = true,
    .takes_names = true,
    .write = write_file,
};
