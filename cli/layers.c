#include "layers.h"

#include <stdlib.h>
#include <string.h>

static void add_all(string_list *names, const alexnet_network *network)
{
    for (int i = 0; i < alexnet_network_layer_count(network); i++) {
        alexnet_layer_info info;
        if (alexnet_network_layer(network, i, &info) == ALEXNET_OK &&
            (strcmp(info.type, "conv") == 0 || strcmp(info.type, "fc") == 0))
            string_list_add(names, cli_copy(info.name));
    }
}

static void split(string_list *names, const char *list)
{
    for (;;) {
        size_t length = strcspn(list, ",");
        string_list_add(names, cli_format("%.*s", (int)length, list));
        if (!list[length])
            return;
        list += length + 1;
    }
}

int layers_open(alexnet_features **out, alexnet_model *model, const char *list,
                const alexnet_features_options *options)
{
    enum { MOST = 64 };
    alexnet_features_options o = *options;
    string_list names = {0};
    if (strcmp(list, "all") == 0)
        add_all(&names, alexnet_model_network(model));
    else
        split(&names, list);
    o.layers = (const char *const *)names.items;
    o.count = (int)names.count;
    int code = CLI_DONE;
    *out = NULL;
    if (names.count > MOST)
        code = cli_error(CLI_USAGE, "%zu layers: at most %d at a time", names.count, (int)MOST);
    else {
        alexnet_status status = alexnet_features_new(out, model, &o);
        code = status ? cli_failed(status) : CLI_DONE;
    }
    string_list_free(&names);
    return code;
}

/* The first tensors and the last are small; of the large ones the library would make copies. */
uint64_t layers_fingerprint(const alexnet_model *model)
{
    enum { FIRST = 4 };
    const int tensors = alexnet_model_tensor_count(model);
    uint64_t hash = 0xCBF29CE484222325; /* FNV-1a, by words */
    for (int i = 0; i < tensors; i++) {
        alexnet_tensor_info info;
        int64_t count = 1;
        if ((i >= FIRST && i != tensors - 1) || alexnet_model_tensor(model, i, &info))
            continue;
        for (int j = 0; j < info.rank; j++)
            count *= info.shape[j];
        for (int64_t j = 0; j < count; j++) {
            uint32_t bits;
            memcpy(&bits, &info.data[j], sizeof bits);
            hash = (hash ^ bits) * 0x100000001B3;
        }
    }
    return hash;
}
