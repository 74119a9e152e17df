/*
 * Loading networks by name or path.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "format/tensor_file.h"
#include "model/network/network.h"

static const char *builtin_at(void *user, int i)
{
    (void)user;
    return an_builtin_networks[i].name;
}

const alexnet_builtin *an_network_builtin(const char *name)
{
    const alexnet_builtin *builtin = an_builtin_networks;
    while (builtin->name && strcmp(builtin->name, name) != 0)
        builtin++;
    return builtin->name ? builtin : NULL;
}

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
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    char name[AN_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "."), file);
    alexnet_status rc = an_network_parse(out, text, path, name, classes);
    an_free(text);
    return rc;
}

alexnet_status an_network_load(alexnet_network **out, const char *name_or_path, int classes)
{
    const alexnet_builtin *builtin = an_network_builtin(name_or_path);
    int count = 0;
    bool there;
    *out = NULL;
    if (builtin)
        return load_builtin(out, builtin, classes);
    AN_CHECK(an_file_exists(name_or_path, &there));
    if (there)
        return load_file(out, name_or_path, classes);
    while (an_builtin_networks[count].name)
        count++;
    const char *near = an_text_nearest(name_or_path, count, builtin_at, NULL);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is neither a built-in network nor a network file%s%s%s", name_or_path,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
