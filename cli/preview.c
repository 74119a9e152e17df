#include "preview.h"

#include <stdio.h>
#include <stdlib.h>

#include "draw.h"
#include "json.h"
#include "library_text.h"
#include "outputs.h"
#include "recipe.h"
#include "terminal.h"
#include "text.h"

enum { ROWS = 8, COLUMNS = 8, MARGIN = 24, VIEW = 150, GAP = 10, HEAD = 44, LABEL = 32 };

/* "rose", or with its share "rose 63%". */
static void put_label(cairo_t *page, const char *name, double share, double x, double y)
{
    char *text = share < 1 ? cli_format("%s %.0f%%", name, 100 * share) : cli_copy(name);
    draw_text_within(page, x, y, VIEW, text);
    free(text);
}

/* A picture in one draw; its labels, or why it cannot be read, below. */
static void put_view(cairo_t *page, const alexnet_dataset *data, const alexnet_preview_view *view,
                     int side, double x, double y)
{
    draw_rgb(page, (draw_box){x, y, VIEW, VIEW}, view->rgb, side, side);
    y += VIEW + 14;
    if (view->error) {
        draw_path_within(page, x, y, VIEW, library_text(view->error));
        return;
    }
    put_label(page, alexnet_dataset_class_name(data, view->label), 1 - view->second_share, x, y);
    if (view->second >= 0)
        put_label(page, alexnet_dataset_class_name(data, view->second), view->second_share, x,
                  y + 14);
}

static int draw_sheet(const alexnet_preview *preview, const alexnet_dataset *data, const char *path)
{
    const int rows = alexnet_preview_pictures(preview), side = alexnet_preview_side(preview);
    cairo_t *page = draw_page(2 * MARGIN + COLUMNS * (VIEW + GAP) - GAP,
                              MARGIN + HEAD + rows * (VIEW + LABEL + GAP) + MARGIN);
    draw_bold(page, 15);
    draw_text(page, MARGIN, MARGIN + 8, 0, "What the network will see: a column per draw");
    draw_font(page, 11);
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < COLUMNS; k++) {
            alexnet_preview_view view;
            if (!alexnet_preview_get(preview, i, k, &view))
                put_view(page, data, &view, side, MARGIN + k * (VIEW + GAP),
                         MARGIN + HEAD - 16 + i * (VIEW + LABEL + GAP));
        }
    return draw_page_save(page, path);
}

static void report(const alexnet_preview *preview, const char *path, bool json)
{
    const int pictures = alexnet_preview_pictures(preview);
    if (!json) {
        terminal_line(stdout, "preview %s: %d %s, %d draws of each", path, pictures,
                      text_plural(pictures, "picture", "pictures"), COLUMNS);
        return;
    }
    json_t *document = json_object();
    json_object_set_new(document, "preview", json_text(path));
    json_object_set_new(document, "pictures", json_integer(pictures));
    json_object_set_new(document, "draws", json_integer(COLUMNS));
    json_print(document);
}

static int show(alexnet_ctx *ctx, const training_request *request, const alexnet_recipe *recipe,
                const alexnet_dataset *data, const char *path, bool json)
{
    alexnet_preview *preview = NULL;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    options.net = request->net;
    options.recipe = recipe;
    options.init_from = request->init_from;
    recipe_describe(recipe);
    alexnet_status status = alexnet_preview_new(&preview, ctx, data, &options, ROWS, COLUMNS);
    int code = status ? cli_code(status) : draw_sheet(preview, data, path);
    if (code == CLI_DONE)
        report(preview, path, json);
    alexnet_preview_free(preview);
    return code;
}

int preview_write(alexnet_ctx *ctx, const training_request *request, const char *path, bool json)
{
    alexnet_recipe *recipe;
    train_data data;
    char *val;
    int code = output_check(path);
    if (code != CLI_DONE)
        return code;
    code = training_open(ctx, request, &recipe, &data, &val);
    if (code == CLI_DONE)
        code = show(ctx, request, recipe, data.train, path, json);
    train_data_free(&data);
    alexnet_recipe_free(recipe);
    free(val);
    return code;
}
