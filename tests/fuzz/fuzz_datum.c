/*
 * Any bytes as a Datum of Caffe's databases: an error that names it, or data that lies within it
 * and, where it is pixels, has as many as it claims.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "data/source/datum.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_datum datum;
    an_picture picture;
    if (an_datum_parse(&datum, bytes, length, "fuzz") != ALEXNET_OK) {
        if (!strstr(an_error_text(), "fuzz"))
            abort();
        return 0;
    }
    if (datum.data < bytes || datum.length == 0 || datum.data + datum.length > bytes + length)
        abort();
    if (datum.encoded)
        return 0;
    if (an_datum_pixels(&picture, &datum, "fuzz") == ALEXNET_OK &&
        (picture.width != datum.width || picture.height != datum.height))
        abort();
    an_picture_free(&picture);
    return 0;
}
