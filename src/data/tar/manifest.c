#include "data/tar/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

bool an_manifest_is_version(const json_t *manifest)
{
    return json_integer_value(json_object_get(manifest, "version")) == AN_MANIFEST_VERSION;
}

alexnet_status an_manifest_fail_version(const char *name)
{
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has another version of the format; version %d is read", name,
                   AN_MANIFEST_VERSION);
}

enum { TEXT = 64 };

static void append(char *list, size_t room, const char *text)
{
    const size_t length = strlen(list);
    snprintf(list + length, room - length, "%s%s", length ? " " : "", text);
}

/* Write an option as a manifest has it: "`side` 256"; "" if it had no effect. */
typedef void (*option_text)(char out[TEXT], const json_t *stored, const json_t *order);

static void flag_text(char out[TEXT], const char *option, bool on)
{
    snprintf(out, TEXT, "%s%s", on ? "" : "no ", option);
}

static void text_of_raw(char out[TEXT], const json_t *stored, const json_t *order)
{
    (void)order;
    const char *as = json_string_value(json_object_get(stored, "as"));
    flag_text(out, "`raw`", as && strcmp(as, "npy") == 0);
}

static void number_text(char out[TEXT], const char *option, const json_t *value)
{
    if (json_is_integer(value))
        snprintf(out, TEXT, "%s %lld", option, (long long)json_integer_value(value));
}

static void word_text(char out[TEXT], const char *option, const json_t *value)
{
    if (json_is_string(value))
        snprintf(out, TEXT, "%s %.24s", option, json_string_value(value));
}

static void text_of_quality(char out[TEXT], const json_t *stored, const json_t *order)
{
    (void)order;
    number_text(out, "`quality`", json_object_get(stored, "quality"));
}

static void text_of_side(char out[TEXT], const json_t *stored, const json_t *order)
{
    (void)order;
    number_text(out, "`side`", json_object_get(stored, "side"));
}

static void text_of_fit(char out[TEXT], const json_t *stored, const json_t *order)
{
    (void)order;
    word_text(out, "`fit`", json_object_get(stored, "fit"));
}

static void text_of_order(char out[TEXT], const json_t *stored, const json_t *order)
{
    (void)stored;
    flag_text(out, "`in_order`", !json_is_true(json_object_get(order, "shuffled")));
}

static void text_of_seed(char out[TEXT], const json_t *stored, const json_t *order)
{
    (void)stored;
    word_text(out, "`seed`", json_object_get(order, "seed"));
}

static void text_of_shard_size(char out[TEXT], const json_t *stored, const json_t *order)
{
    static const struct {
        json_int_t bytes;
        const char *name;
    } units[] = {{1000000000, "GB"}, {1000000, "MB"}, {1000, "kB"}};
    (void)stored;
    const json_int_t pictures = json_integer_value(json_object_get(order, "shard_pictures"));
    const json_int_t bytes = json_integer_value(json_object_get(order, "shard_bytes"));
    if (pictures > 0)
        snprintf(out, TEXT, "`shard_pictures` %lld", (long long)pictures);
    if (bytes > 0) {
        char size[TEXT];
        size_t u = 0;
        while (u + 1 < sizeof units / sizeof *units && bytes % units[u].bytes)
            u++;
        an_print_in(size, sizeof size, "`shard_bytes` %.15g%s",
                    (double)bytes / (double)units[u].bytes, units[u].name);
        append(out, TEXT, size);
    }
}

static const option_text texts[] = {text_of_raw,   text_of_quality, text_of_side,      text_of_fit,
                                    text_of_order, text_of_seed,    text_of_shard_size};

void an_manifest_options_text(char *out, size_t room, const json_t *manifest)
{
    const json_t *stored = json_object_get(manifest, "stored"),
                 *order = json_object_get(manifest, "order");
    *out = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[TEXT] = "";
        texts[i](text, stored, order);
        if (*text == '`') /* not "no `raw`" */
            append(out, room, text);
    }
}

void an_manifest_differences(char *then, char *now, size_t room, const json_t *const objects[4])
{
    *then = *now = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char a[TEXT] = "", b[TEXT] = "";
        texts[i](a, objects[0], objects[1]);
        texts[i](b, objects[2], objects[3]);
        if (*a && *b && strcmp(a, b) != 0) {
            append(then, room, a);
            append(now, room, b);
        }
    }
}
