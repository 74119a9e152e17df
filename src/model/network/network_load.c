/*
 * Loading networks by name or path.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/files.h"
#include "base/status.h"
#include "format/tensor_file.h"
#include "model/network/network.h"

static alexnet_status load_builtin(alexnet_network **out, const alexnet_builtin *builtin,
                                   int classes)
{
    char source[96];
    snprintf(source, sizeof source, "built-in network %s", builtin->name);
    return an_network_parse(out, builtin->text, source, builtin->name, classes);
}

static alexnet_status load_file(alexnet_network **out, const char *path, int classes)
{
    char *text;
    AN_CHECK(an_tensor_file_refuse(path, "a network file"));
    AN_CHECK(an_file_read_text(path, "a network file", &text));
    const char *file = an_path_last(path);
    char name[AN_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "."), file);
    alexnet_status rc = an_network_parse(out, text, path, name, classes);
    an_free(text);
    return rc;
}

alexnet_status an_network_load(alexnet_network **out, const char *name_or_path, int classes)
{
    const alexnet_builtin *builtin = an_builtin_find(an_builtin_networks, name_or_path);
    bool there;
    *out = NULL;
    if (builtin)
        return load_builtin(out, builtin, classes);
    AN_CHECK(an_file_exists(name_or_path, &there));
    return there ? load_file(out, name_or_path, classes)
                 : an_builtin_fail(an_builtin_networks, "network", name_or_path);
}
