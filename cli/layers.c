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
    const bool all = strcmp(list, "all") == 0;
    if (all)
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
        while (all && status == ALEXNET_ERROR_UNSUPPORTED && --o.count > 0) /* without weights */
            status = alexnet_features_new(out, model, &o);
        code = cli_code(status);
    }
    string_list_free(&names);
    return code;
}
