/*
 * How a network's [input] section prepares pictures, as text: one phrase for each property that may
 * differ between networks.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "model/network/network.h"

enum { PHRASES = 5, PHRASE_ROOM = 128 };

static void write_phrase(const an_input *in, int index, char *text)
{
    static const char *const channels[] = {"RGB", "BGR", "grey"};
    const double *m = in->fixed_mean, *s = in->scale;
    const bool grey = in->channels == AN_CHANNELS_GREY;
    switch (index) {
    case 0:
        snprintf(text, PHRASE_ROOM,
                 in->resize ? "%sresized to %dx%d" : "%sshort side resized to %d",
                 in->decode ? "decoded smaller, " : "", in->side, in->side);
        break;
    case 1: snprintf(text, PHRASE_ROOM, "centre crop of %d", in->size); break;
    case 2: snprintf(text, PHRASE_ROOM, "%s", channels[in->channels]); break;
    case 3:
        if (in->mean == AN_INPUT_MEAN_IMAGE)
            snprintf(text, PHRASE_ROOM, "minus the mean image (%s)",
                     in->mean_crop ? "aligned" : "centre");
        else if (in->mean == AN_INPUT_MEAN_CHANNEL)
            snprintf(text, PHRASE_ROOM, grey ? "minus the mean" : "minus the mean of each channel");
        else if (in->mean == AN_INPUT_MEAN_FIXED && grey)
            an_print_in(text, PHRASE_ROOM, "minus %.9g", m[0]);
        else if (in->mean == AN_INPUT_MEAN_FIXED)
            an_print_in(text, PHRASE_ROOM, "minus %.9g, %.9g, %.9g", m[0], m[1], m[2]);
        else
            snprintf(text, PHRASE_ROOM, "no mean");
        break;
    default:
        if (s[0] == s[1] && s[1] == s[2])
            an_print_in(text, PHRASE_ROOM, "times %.9g", s[0]);
        else
            an_print_in(text, PHRASE_ROOM, "times %.9g, %.9g, %.9g", s[0], s[1], s[2]);
    }
}

char *an_input_text(const an_input *input)
{
    char phrases[PHRASES][PHRASE_ROOM];
    for (int i = 0; i < PHRASES; i++)
        write_phrase(input, i, phrases[i]);
    return an_format("%s, %s, %s, %s, %s", phrases[0], phrases[1], phrases[2], phrases[3],
                     phrases[4]);
}

bool an_input_differs(const an_input *expected, const an_input *found, char *text, size_t room)
{
    text[0] = '\0';
    for (int i = 0; i < PHRASES; i++) {
        char ours[PHRASE_ROOM], theirs[PHRASE_ROOM];
        write_phrase(expected, i, ours);
        write_phrase(found, i, theirs);
        if (strcmp(ours, theirs) != 0)
            an_text_add(text, room, "%s%s instead of %s", *text ? "; " : "", theirs, ours);
    }
    return *text != '\0';
}
