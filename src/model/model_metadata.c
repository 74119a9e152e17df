#include "model/model_metadata.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"

static alexnet_status need(an_tensor_file *file, const char *key, const char **value)
{
    *value = an_tensor_file_metadata(file, key);
    if (*value)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is not a model of this program: its metadata has no %s",
                   an_tensor_file_name(file), key);
}

bool an_model_metadata_is_ours(const an_tensor_file *file)
{
    return an_tensor_file_metadata(file, AN_METADATA_FORMAT) ||
           an_tensor_file_metadata(file, AN_METADATA_NETWORK);
}

alexnet_status an_model_metadata_classes(an_classes *classes, an_tensor_file *file)
{
    const char *ids, *names;
    AN_CHECK(need(file, AN_METADATA_CLASSES, &ids));
    AN_CHECK(need(file, AN_METADATA_NAMES, &names));
    return an_classes_from_json(classes, ids, names, an_tensor_file_name(file));
}

alexnet_status an_model_metadata_check_version(const an_tensor_file *file)
{
    const char *version = an_tensor_file_metadata(file, AN_METADATA_FORMAT);
    if (!version || strcmp(version, AN_MODEL_FILE_VERSION) == 0)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has format version %s; this program reads " AN_MODEL_FILE_VERSION
                   ": use a newer one",
                   an_tensor_file_name(file), version);
}

alexnet_status an_model_metadata_read(alexnet_network **network, an_classes *classes,
                                      an_tensor_file *file)
{
    const char *version, *text;
    *network = NULL;
    AN_CHECK(an_model_metadata_check_version(file));
    AN_CHECK(need(file, AN_METADATA_FORMAT, &version));
    AN_CHECK(need(file, AN_METADATA_NETWORK, &text));
    AN_CHECK(an_model_metadata_classes(classes, file));
    char *source = an_format("%s, alexnet.network", an_tensor_file_name(file));
    if (!source)
        return AN_FAIL_MEMORY(256, "a name");
    alexnet_status rc = an_network_parse(network, text, source, "network", classes->count);
    an_free(source);
    return rc;
}

alexnet_status an_model_metadata_write_to(an_metadata_put put, void *to,
                                          const alexnet_network *network, const an_classes *classes)
{
    assert(classes->count >= 1 && classes->count <= AN_CLASSES_MAX); /* no network has more */
    for (int i = 0; i < classes->count; i++)
        if (!an_is_utf8(classes->ids[i]) || !an_is_utf8(classes->names[i]))
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "the class %s has a name that is not UTF-8; rename its folder",
                           classes->ids[i]);
    char *ids = an_strings_to_json(classes->ids, classes->count);
    char *names = an_strings_to_json(classes->names, classes->count);
    alexnet_status rc = ALEXNET_OK;
    if (!ids || !names) {
        rc = AN_FAIL_MEMORY((size_t)classes->count * 64, "class names");
        goto cleanup;
    }
    AN_TRY(put(to, AN_METADATA_FORMAT, AN_MODEL_FILE_VERSION));
    AN_TRY(put(to, AN_METADATA_NETWORK, network->text));
    AN_TRY(put(to, AN_METADATA_CLASSES, ids));
    AN_TRY(put(to, AN_METADATA_NAMES, names));
cleanup:
    an_free(ids);
    an_free(names);
    return rc;
}

static alexnet_status put_metadata(void *writer, const char *key, const char *value)
{
    return an_tensor_writer_metadata(writer, key, value);
}

alexnet_status an_model_metadata_write(an_tensor_writer *writer, const alexnet_network *network,
                                       const an_classes *classes)
{
    return an_model_metadata_write_to(put_metadata, writer, network, classes);
}
