#include "format/torch/pth.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"

static const char *const usual[] = {"state_dict", "model_state_dict", "model_state", "model", "net",
                                    "network",    "weights",          "params",      "module"};
enum { USUAL = sizeof usual / sizeof usual[0], DEPTH_MAX = 4 };

static bool has_tensors(const an_value *dict)
{
    return dict->kind == AN_VALUE_DICT && dict->has_tensors;
}

/* The last entry with a name, which is the one that Python would keep. */
static const an_value *entry(const an_value *dict, const char *name)
{
    const an_value *found = NULL;
    for (const an_item *item = dict->is.items.first; item; item = item->next)
        if (an_value_text(item->key) && strcmp(item->key->is.text, name) == 0)
            found = item->value;
    return found;
}

/* The dict under the first of the usual names that has a dict. */
static const an_value *usual_entry(const an_value *dict)
{
    for (int i = 0; i < USUAL; i++) {
        const an_value *value = entry(dict, usual[i]);
        if (value && value->kind == AN_VALUE_DICT)
            return value;
    }
    return NULL;
}

/* The only dict of tensors among the entries; NULL if there is none or more than one. */
static const an_value *only_one(const an_value *dict)
{
    const an_value *found = NULL;
    for (const an_item *item = dict->is.items.first; item; item = item->next)
        if (has_tensors(item->value)) {
            if (found)
                return NULL;
            found = item->value;
        }
    return found;
}

static alexnet_status no_weights(const char *file, const an_value *root)
{
    char names[256] = "";
    size_t length = 0;
    int shown = 0;
    if (root->kind == AN_VALUE_TENSOR)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s holds one tensor without a name, not a dict of them", file);
    if (root->kind != AN_VALUE_DICT)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s holds no dict of tensors", file);
    for (const an_item *item = root->is.items.first; item && shown < 6; item = item->next)
        if (an_value_text(item->key) && length + strlen(item->key->is.text) + 8 < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                       shown++ ? ", " : "", item->key->is.text);
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: none of its entries is surely the weights (state_dict or model, a dict of "
                   "tensors): it has %s%s",
                   file, shown ? names : "none with a name", root->count > shown ? ", ..." : "");
}

alexnet_status an_pth_weights(const char *file, const an_value *root, const an_value **weights)
{
    const an_value *at = root;
    for (int depth = 0; at && at->kind == AN_VALUE_DICT && depth < DEPTH_MAX; depth++) {
        const an_value *inner = usual_entry(at);
        const bool loose = has_tensors(at); /* these may be scores kept beside the weights */
        if (loose && !(inner && has_tensors(inner))) {
            *weights = at;
            return ALEXNET_OK;
        }
        at = inner ? inner : only_one(at);
    }
    return no_weights(file, root);
}
