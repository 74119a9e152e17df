#include "report_builtins.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "report_info.h"
#include "table.h"
#include "text.h"

const alexnet_builtin *builtin_find(builtin_fn list, const char *name)
{
    const alexnet_builtin *builtin;
    for (int i = 0; (builtin = list(i)); i++)
        if (strcmp(builtin->name, name) == 0)
            return builtin;
    return NULL;
}

/* The sums of a built-in network. Loading it can fail only for lack of memory; then all sums are
 * 0. */
static info_totals sums_of(const char *name)
{
    alexnet_network *network;
    info_totals sum = {0};
    if (alexnet_network_load(&network, NULL, name) == ALEXNET_OK)
        sum = info_sum(network);
    alexnet_network_free(network);
    return sum;
}

static void print_json(void)
{
    const alexnet_builtin *b;
    for (int i = 0; (b = alexnet_network_builtin(i)); i++) {
        info_totals sum = sums_of(b->name);
        json_print(json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", b->name, "kind", "network",
                             "description", b->description, "parameters",
                             (json_int_t)sum.parameters, "mult_adds", (json_int_t)sum.mult_adds));
    }
    for (int i = 0; (b = alexnet_recipe_builtin(i)); i++)
        json_print(json_pack("{s:s, s:s, s:s}", "name", b->name, "kind", "recipe", "description",
                             b->description));
}

static void print_text(void)
{
    const alexnet_builtin *b;
    char text[TEXT_SIZE];
    table networks = table_new("lrw"), recipes = table_new("lw");
    table_add(&networks, "network");
    table_add(&networks, "parameters");
    table_add(&networks, "what it is");
    for (int i = 0; (b = alexnet_network_builtin(i)); i++) {
        table_add(&networks, "%s", b->name);
        table_add(&networks, "%s", text_count(text, sums_of(b->name).parameters));
        table_add(&networks, "%s", b->description);
    }
    table_add(&recipes, "recipe");
    table_add(&recipes, "how it trains");
    for (int i = 0; (b = alexnet_recipe_builtin(i)); i++) {
        table_add(&recipes, "%s", b->name);
        table_add(&recipes, "%s", b->description);
    }
    table_print(&networks, stdout);
    putchar('\n');
    table_print(&recipes, stdout);
    printf("\nNo trained weights come with alexnet, for ImageNet or anything else:\n"
           "'alexnet train' makes a model from your own pictures. 'alexnet info NAME' shows\n"
           "a network or a recipe in full, 'alexnet info NAME --text' prints its file.\n");
}

void report_builtins(bool json)
{
    if (json)
        print_json();
    else
        print_text();
}
