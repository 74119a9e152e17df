/* The devices of all backends, and the search for one by name. */
#include <string.h>

#include "backend/backend.h"
#include "base/status.h"
#include "base/text.h"

enum { ORDINAL_MAX = 9999 };

bool an_device_at(an_device *out, int index, alexnet_isa max_isa)
{
    for (int i = 0; i < an_backend_count; i++) {
        out->api = an_backends[i];
        for (out->ordinal = 0; out->api->describe(&out->info, out->ordinal, max_isa);
             out->ordinal++)
            if (index-- == 0)
                return true;
    }
    return false;
}

/* Split "NAME" or "NAME:ORDINAL". @return the length of NAME; 0 if it is neither */
static size_t take_apart(const char *device, int *ordinal)
{
    size_t length = strcspn(device, ":");
    int64_t number = 0;
    const char *digits = device + length + 1;
    if (device[length] == ':' && (!an_text_to_count(digits, &number) || number > ORDINAL_MAX))
        return 0;
    *ordinal = (int)number;
    return length;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

static alexnet_status find_best(an_device *out, alexnet_isa max_isa)
{
    for (int i = 0; an_device_at(out, i, max_isa); i++)
        if (out->info.available)
            return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "this machine has no device to compute on");
}

/* "cpu and ref": the backends of this build. */
static void list_backends(char *text, size_t room)
{
    text[0] = '\0';
    for (int i = 0; i < an_backend_count; i++) {
        const char *between = i == 0 ? "" : i + 1 < an_backend_count ? ", " : " and ";
        an_text_add(text, room, "%s%s", between, an_backends[i]->name);
    }
}

/* The error for a name that no backend of this build has. */
static alexnet_status unknown_device(const char *name, size_t length)
{
    char there[128];
    bool cuda = is_word(name, length, "cuda"), gpu = is_word(name, length, "gpu");
    list_backends(there, sizeof there);
    for (int i = 0; i < an_backend_count; i++) {
        const char *meant = an_backends[i]->name;
        size_t word = strlen(meant);
        bool begins = an_text_same_part(name, meant, word), numbered = strcmp(meant, "cuda") == 0;
        if (begins && name[word] == ':' && numbered)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "unknown device \"%s\": expected %s or %s:N, N counting from 0", name,
                           meant, meant);
        if ((begins && (name[word] == '\0' || name[word] == ':')) || (gpu && numbered))
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "unknown device \"%s\"; did you mean %s?", name, meant);
    }
    if (cuda || gpu)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "this build has no device \"%s\"; it has %s",
                       name, there);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "unknown device \"%s\"; there are auto, %s",
                   name, there);
}

alexnet_status an_device_find(an_device *out, const char *name, alexnet_isa max_isa)
{
    if (strcmp(name, "auto") == 0)
        return find_best(out, max_isa);
    size_t length = take_apart(name, &out->ordinal);
    for (int i = 0; i < an_backend_count; i++) {
        out->api = an_backends[i];
        if (!is_word(name, length, out->api->name))
            continue;
        if (out->api->describe(&out->info, out->ordinal, max_isa) && out->info.available)
            return ALEXNET_OK;
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "this machine has no device \"%s\"%s%s", name,
                       out->info.absent[0] ? ": " : "", out->info.absent);
    }
    return unknown_device(name, length);
}

bool an_device_refused(const an_device *device, alexnet_status rc)
{
    return device->api->available && (rc == ALEXNET_ERROR_NOT_AVAILABLE ||
                                      rc == ALEXNET_ERROR_DEVICE || rc == ALEXNET_ERROR_NO_MEMORY);
}
