#include "model/network/network_edit.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"

/* A line of the text. `all` is its start; `begin` is past a byte order mark and white space, which
 * an_ini_read() skips too; `length` is from `all`, with the newline. */
typedef struct line {
    const char *all, *begin;
    size_t length;
} line;

static bool next_line(const char **text, line *out)
{
    if (!**text)
        return false;
    out->all = *text;
    out->length = strcspn(*text, "\n");
    out->length += (*text)[out->length] == '\n';
    out->begin = *text + (strncmp(*text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    out->begin += strspn(out->begin, " \t\r\v\f");
    *text += out->length;
    return true;
}

static bool is_section(const line *l, const char *name)
{
    return l->begin[0] == '[' && strncmp(l->begin + 1, name, strlen(name)) == 0 &&
           l->begin[1 + strlen(name)] == ']';
}

static bool is_key(const line *l, const char *key)
{
    const size_t length = strcspn(l->begin, "=: \t\r\v\f\n");
    return length == strlen(key) && an_text_same_part(l->begin, key, length);
}

/* Copy the text with a key of [input] set; the copy is the caller's. */
static alexnet_status set_key(char **copy, const char *text, const char *key, const char *value)
{
    const size_t room = strlen(text) + strlen(key) + strlen(value) + 8;
    char *out = an_malloc(room);
    size_t length = 0;
    bool inside = false, found = false;
    line l;
    if (!out)
        return AN_FAIL_MEMORY(room, "a network's text");
    while (next_line(&text, &l)) {
        const bool begins = !found && is_section(&l, "input");
        found |= begins;
        inside = begins || (inside && l.begin[0] != '[');
        if (inside && is_key(&l, key))
            continue;
        memcpy(out + length, l.all, l.length);
        length += l.length;
        if (begins && l.all[l.length - 1] != '\n')
            out[length++] = '\n';
        if (begins)
            length += (size_t)snprintf(out + length, room - length, "%s = %s\n", key, value);
    }
    out[length] = '\0';
    *copy = out;
    if (found)
        return ALEXNET_OK;
    an_free(out);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s cannot be set: the text has no line [input]", key);
}

alexnet_status an_network_set_input(alexnet_network **network, const char *key, const char *value)
{
    alexnet_network *changed;
    char *text;
    AN_CHECK(set_key(&text, (*network)->text, key, value));
    alexnet_status rc =
        an_network_parse(&changed, text, (*network)->name, (*network)->name, (*network)->classes);
    an_free(text);
    if (rc != ALEXNET_OK)
        return rc;
    an_network_release(*network);
    *network = changed;
    return ALEXNET_OK;
}

static alexnet_status set_number(alexnet_network **network, const char *key, double number)
{
    char value[32];
    an_print_in(value, sizeof value, "%.9g", number);
    return an_network_set_input(network, key, value);
}

/* The number for the grey channel, computed from those of three channels. */
static double grey_of(const an_input *input, const double of_channels[3])
{
    double sum = 0;
    for (int c = 0; c < 3; c++)
        for (int colour = 0; colour < 3; colour++)
            sum += an_channel_share((an_channels)input->channels, c, colour) *
                   an_channel_share(AN_CHANNELS_GREY, 0, colour) * of_channels[c];
    return sum;
}

alexnet_status an_network_make_grey(alexnet_network **network)
{
    const an_input input = (*network)->input;
    if (input.channels == AN_CHANNELS_GREY)
        return ALEXNET_OK;
    if (input.scale_numbers == 3)
        AN_CHECK(set_number(network, "scale", grey_of(&input, input.scale)));
    if (input.mean == AN_INPUT_MEAN_FIXED)
        AN_CHECK(an_network_set_input(network, "mean", "none"));
    AN_CHECK(an_network_set_input(network, "channels", "grey"));
    if (input.mean == AN_INPUT_MEAN_FIXED)
        AN_CHECK(set_number(network, "mean", grey_of(&input, input.fixed_mean)));
    return ALEXNET_OK;
}
