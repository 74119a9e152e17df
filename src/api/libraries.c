/*
 * The libraries in use and their versions. libjpeg-turbo cannot report its version: the build does.
 */
#include <jansson.h>
#include <png.h>
#include <string.h>

#include "backend/backend.h"
#include "data/picture/codec.h"
#include "data/source/store.h"

/* "oneDNN 2.6.3" of the first device that names a library, split in two. */
static const char *device_library(const char **version)
{
    static _Thread_local an_device device;
    for (int i = 0; an_device_at(&device, i, ALEXNET_ISA_ANY); i++) {
        char *space = strchr(device.info.library, ' ');
        if (!space)
            continue;
        *space = '\0';
        *version = space + 1;
        return device.info.library;
    }
    *version = "";
    return "no device library";
}

/* The library of a picture format that the build includes. */
static bool codec_library(int index, const char **name, const char **version)
{
    int count = 0;
    while (an_codecs[count])
        count++;
    if (index < 0 || index >= count)
        return false;
    *name = an_codecs[index]->library;
    *version = an_codecs[index]->version;
    return true;
}

/* The library of a kind of database; these come after the picture formats. */
static bool store_library(int index, const char **name, const char **version)
{
    for (int i = 0; an_codecs[i]; i++)
        index--;
    for (int i = 0; an_stores[i]; i++)
        if (i == index) {
            *name = an_stores[i]->library;
            *version = an_stores[i]->version;
            return true;
        }
    return false;
}

bool alexnet_library_get(int index, const char **name, const char **version)
{
    if (!name || !version)
        return false;
    switch (index) {
    case 0: *name = device_library(version); return true;
    case 1:
        *name = "libjpeg-turbo";
        *version = AN_JPEG_VERSION;
        return true;
    case 2:
        *name = "libpng";
        *version = png_get_libpng_ver(NULL);
        return true;
    case 3:
        *name = "jansson";
        *version = jansson_version_str();
        return true;
    case 4:
        *name = "inih";
        *version = AN_INIH_VERSION;
        return true;
    default:
        return index >= 5 &&
               (codec_library(index - 5, name, version) || store_library(index - 5, name, version));
    }
}
