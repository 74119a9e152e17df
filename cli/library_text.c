#include "library_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <alexnet/alexnet.h>

#include "alloc.h"

/* Parts of the C API that the library's texts name. tools/check_texts.sh requires a row for each.
 */
static const struct {
    const char *name, *here;
} rows[] = {
    {"ALEXNET_TRIAL_OVERFIT", "train --overfit-one-batch"},
    {"ALEXNET_TRIAL_RATES", "train --find-rate"},
    {"accept_changes", "--accept-changes"},
    {"alexnet_format_get()", "alexnet convert --list"},
    {"alexnet_network_layer()", "alexnet info"},
    {"alexnet_pack_new()", "alexnet data pack"},
    {"alexnet_preview_new()", "train --preview"},
    {"alexnet_recipe_key_get()", "alexnet info default"},
    {"alexnet_run_validation()", "alexnet eval"},
    {"alexnet_trainer_new()", "alexnet train"},
    {"device", "--device"},
    {"fit", "--fit"},
    {"format", "--to"},
    {"in_order", "--order source"},
    {"init_from", "--init-from"},
    {"keep", "--search"},
    {"mean", "--mean"},
    {"names_file", "--class-names"},
    {"net", "--net"},
    {"out_dir", "--out"},
    {"quality", "--quality"},
    {"raw", "--raw"},
    {"seed", "--seed"},
    {"shard_bytes", "--shard-size"},
    {"shard_pictures", "--shard-size"},
    {"side", "--side"},
    {"train", "DATA"},
    {"val", "--val"},
};

/* Whether what follows a name of the API ends a word of the text. */
static bool ends_word(const char *rest)
{
    const char *next = rest + strspn(rest, ",;.)");
    return *next == '\0' || *next == ' ';
}

/* What a name between backquotes at `at` is called here; NULL if there is none. A name is a word of
 * its own within the text; paths and names of classes or layers may have backquotes too. */
static const char *name_here(const char *text, const char *at, size_t *length)
{
    if (*at != '`' || at == text || !strchr(" (", at[-1]))
        return NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        *length = strlen(rows[i].name);
        if (strncmp(at + 1, rows[i].name, *length) == 0 && at[1 + *length] == '`' &&
            ends_word(at + *length + 2))
            return rows[i].here;
    }
    return NULL;
}

const char *library_text(const char *text)
{
    static _Thread_local char shown[16384]; /* error texts have at most half of this */
    size_t used = 0, length;
    const char *at = text;
    while (*at && used + 1 < sizeof shown) {
        const char *here = name_here(text, at, &length);
        if (here) {
            used += (size_t)snprintf(shown + used, sizeof shown - used, "%s", here);
            at += length + 2;
        } else {
            shown[used++] = *at++;
        }
    }
    used = used < sizeof shown ? used : sizeof shown - 1;
    shown[used] = '\0';
    return shown;
}

const char *library_error(void)
{
    return library_text(alexnet_error_text());
}
