#include "library_text.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"

/* Parts of the C API that the library's texts name. tools/check_texts.sh requires a row for each.
 */
static const struct {
    const char *name, *here;
} rows[] = {
    {"ALEXNET_TRIAL_OVERFIT", "train --overfit-one-batch"},
    {"ALEXNET_TRIAL_RATES", "train --find-rate"},
    {"accept_changes", "--accept-changes"},
    {"alexnet_network_layer()", "alexnet info"},
    {"alexnet_pack_new()", "alexnet data pack"},
    {"alexnet_preview_new()", "train --preview"},
    {"alexnet_run_validation()", "alexnet eval"},
    {"device", "--device"},
    {"fit", "--fit"},
    {"in_order", "--order source"},
    {"init_from", "--init-from"},
    {"keep", "--search"},
    {"mean", "--mean"},
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

/* What a text that begins with a name between backquotes calls it here; NULL if it does not. */
static const char *name_here(const char *text, size_t *length)
{
    for (size_t i = 0; *text == '`' && i < COUNT_OF(rows); i++) {
        *length = strlen(rows[i].name);
        if (strncmp(text + 1, rows[i].name, *length) == 0 && text[1 + *length] == '`')
            return rows[i].here;
    }
    return NULL;
}

const char *library_text(const char *text)
{
    static _Thread_local char shown[16384]; /* error texts have at most half of this */
    size_t used = 0, length;
    while (*text && used + 1 < sizeof shown) {
        const char *here = name_here(text, &length);
        if (here) {
            used += (size_t)snprintf(shown + used, sizeof shown - used, "%s", here);
            text += length + 2;
        } else {
            shown[used++] = *text++;
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
